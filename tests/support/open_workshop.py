"""A workshop without any sandbox: a plain copy of the folder, for tests whose code is our own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from lsp_agent.cancel import CancelToken
from lsp_agent.sandbox.types import Ability, Outcome
from lsp_agent.workspace.overlay import Overlay


class OpenWorkshop:
    """Implements ``Workshop``; says of itself that it holds ``abilities``, and holds nothing."""

    def __init__(
        self, folder: Path, abilities: frozenset[Ability] = frozenset({"files", "network"})
    ) -> None:
        self._folder = folder
        self.abilities = abilities
        self.commands: list[tuple[str, ...]] = []

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
        self.commands.append(tuple(argv))
        self._copy(overlay)
        began = time.monotonic()
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        process = subprocess.Popen(
            argv,
            cwd=self._folder / cwd,
            env={"PATH": path, **(env or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        forget = cancel.on_cancel(process.kill)
        try:
            output = process.communicate(stdin, seconds)[0].decode()
        except subprocess.TimeoutExpired:
            process.kill()
            return Outcome(None, process.communicate()[0].decode(), "timeout")
        finally:
            forget()
        if cancel.cancelled:
            return Outcome(None, output, "cancelled")
        return Outcome(process.returncode, output, seconds=time.monotonic() - began)

    def read(self, path: str) -> str | None:
        file = self._folder / path
        return file.read_text() if file.is_file() else None

    def written(self) -> list[str]:
        return []

    def close(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def _copy(self, overlay: Overlay) -> None:
        self.close()
        self._folder.mkdir(parents=True)
        for path in overlay.walk():
            file = self._folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(overlay.read(path))
