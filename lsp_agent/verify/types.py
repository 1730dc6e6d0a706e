"""What a check says of an edit, and where commands of a run are carried out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from lsp_agent.cancel import CancelToken
from lsp_agent.sandbox.types import Ability, Outcome
from lsp_agent.workspace.overlay import Overlay

Check = Literal[
    "scope",
    "syntax",
    "characters",
    "secrets",
    "format",
    "lint",
    "diagnostics",
    "tests",
    "mutants",
    "finished",
    "benchmark",
]
"""``finished`` fails where a run was cut off with its work half done."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one check says: ``ok`` is ``None`` where it could not be made, ``detail`` says why.

    ``detail`` is for the model and for people: what is wrong, a line each, or what was done. ``by``
    names who made the check (``ruff``, ``12 tests``).
    """

    check: Check
    ok: bool | None
    detail: str
    seconds: float = 0.0
    by: str = ""


class Workshop(Protocol):
    """Carries out a run's commands, in a sandbox, on a copy of its workspace.

    The copy is made at first need, follows the overlay, stays for the run, and is removed by
    :meth:`close`. What a command writes stays in the copy.
    """

    @property
    def abilities(self) -> frozenset[Ability]:
        """What the sandbox holds that commands run in; nothing without one."""
        ...

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
        """Run a program; ``seconds`` shortens the wall time that the settings allow.

        Raises ``SandboxError`` where no sandbox is there and the settings want one.
        """
        ...

    def read(self, path: str) -> str | None:
        """Return the text of a file of the copy as commands left it; ``None`` without one."""
        ...

    def written(self) -> list[str]:
        """Return the files of the copy that commands changed, made or removed."""
        ...

    def close(self) -> None:
        """Remove the copy."""
        ...
