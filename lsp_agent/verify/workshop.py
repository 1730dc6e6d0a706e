"""Carrying out a run's commands on a copy of its workspace, in a sandbox."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from lsp_agent.cancel import CancelToken
from lsp_agent.config.model import Settings
from lsp_agent.sandbox.choose import limits_of
from lsp_agent.sandbox.types import Ability, Command, Outcome, Sandbox, SandboxError
from lsp_agent.vcs.copies import Copies, CopyFolder
from lsp_agent.vcs.filling import LeftOut, ShadowError
from lsp_agent.vcs.shadow import Shadow, make_shadow
from lsp_agent.verify.environments import python_path
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.roots import Root


class SandboxedWorkshop:
    """A run's copy, made below ``copies`` at the first command; thread-safe.

    Where the sandbox can show the copy in the workspace's place, every path means what it means to
    the user. Elsewhere commands run in the copy's own folder, and Python looks there before it
    follows an editable installation to the original.
    """

    def __init__(
        self,
        root: Root,
        sandbox: Sandbox,
        settings: Settings,
        copies: Path,
    ) -> None:
        self._root = root
        self._sandbox = sandbox
        self._network = settings.safety.network
        self._limits = limits_of(settings.sandbox)
        self._copies = Copies(copies)
        self._lock = threading.Lock()
        self._copy: CopyFolder | None = None
        self._shadow: Shadow | None = None
        self._closed = False

    @property
    def abilities(self) -> frozenset[Ability]:
        """What the sandbox holds that commands run in."""
        return self._sandbox.abilities

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """Files that the copy lacks; none before it is made."""
        return self._shadow.left_out if self._shadow else ()

    def run(
        self,
        argv: Sequence[str],
        overlay: Overlay,
        cancel: CancelToken,
        *,
        cwd: str = "",
        seconds: float | None = None,
        env: Mapping[str, str] | None = None,
        stdin: bytes = b"",
    ) -> Outcome:
        """Run a program on the workspace as the overlay has it; see :class:`Workshop`.

        Raises ``SandboxError`` also where the workspace can't be copied. Cost beside the command's:
        the copy at the first call, then what changed in the overlay.
        """
        shadow = self._prepared(overlay, cancel)
        limits = self._limits
        if seconds is not None:
            limits = replace(limits, wall_seconds=min(seconds, limits.wall_seconds))
        return self._sandbox.run(
            Command(
                argv=tuple(argv),
                folder=shadow.folder,
                place=self._root.path,
                cwd=cwd,
                borrowed=shadow.borrowed,
                env={**self._variables(shadow), **(env or {})},
                network=self._network,
                limits=limits,
                stdin=stdin,
            ),
            cancel,
        )

    def read(self, path: str) -> str | None:
        """Return the text of a file of the copy as commands left it; ``None`` without one."""
        shadow = self._shadow
        return shadow.read(path) if shadow else None

    def written(self) -> list[str]:
        """Return the files of the copy that commands changed, made or removed."""
        shadow = self._shadow
        return shadow.written() if shadow else []

    def close(self) -> None:
        """Remove the copy; no command runs here afterwards."""
        with self._lock:
            self._closed = True
            self._drop()

    def _prepared(self, overlay: Overlay, cancel: CancelToken) -> Shadow:
        with self._lock:
            if self._closed:
                raise SandboxError("the run is over; nothing is run for it any more")
            try:
                if self._shadow is not None and not _updated(self._shadow, overlay):
                    self._drop()
                if self._shadow is None:
                    self._shadow = self._made(overlay, cancel)
            except (ShadowError, OSError) as error:
                raise SandboxError(f"no command can be run: {error}") from error
            return self._shadow

    def _drop(self) -> None:
        self._shadow = None
        copy, self._copy = self._copy, None
        if copy is not None:
            copy.remove()

    def _made(self, overlay: Overlay, cancel: CancelToken) -> Shadow:
        copy = self._copies.make()
        try:
            shadow = make_shadow(self._root, overlay, copy.path, cancel)
        except BaseException:
            copy.remove()
            raise
        self._copy = copy
        return shadow

    def _variables(self, shadow: Shadow) -> dict[str, str]:
        if "place" in self._sandbox.abilities:
            return {}
        folders = python_path(self._root.path, shadow.borrowed)
        return {"PYTHONPATH": os.pathsep.join(str(shadow.folder / one) for one in folders)}


def _updated(shadow: Shadow, overlay: Overlay) -> bool:
    """Lay the overlay over a copy; false where something that a command left is in the way."""
    try:
        shadow.update(overlay)
    except ShadowError:
        return False
    return True
