"""Programs that check code without running any of it, and where they are.

They are started outside the sandbox, so that they cost milliseconds: with no secrets in their
environment, from PATH, and from the workspace only where that is trusted.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lsp_agent.cancel import CancelToken
from lsp_agent.language_servers.find import is_part_of, own_program, program_on_path
from lsp_agent.workspace.secrets import without_secrets


@dataclass(frozen=True, slots=True)
class Printed:
    """How a program ended and what it printed."""

    status: int
    output: str
    complaints: str


class Programs:
    """Finds and starts programs; ``trusts`` says whether a folder may bring its own."""

    def __init__(self, env: Mapping[str, str], trusts: Callable[[Path], bool]) -> None:
        self._env = env
        self.trusts = trusts

    def find(self, name: str, root: Path, project: Path) -> tuple[str, str]:
        """Return a program's path, or ``""`` and why there is none. Cost: some ``stat`` calls."""
        own = own_program(name, root, project)
        trusted = own is not None and self.trusts(root)
        found = own if trusted else program_on_path(name, self._env)
        if found is not None and (trusted or not is_part_of(found, root)):
            return found, ""
        if own is not None or found is not None:
            return "", f"{name} lies in the folder, which is not trusted: lsp-agent trust {root}"
        return "", f"{name} is not on PATH"

    def run(
        self, argv: Sequence[str], text: str, cwd: Path, cancel: CancelToken, seconds: float
    ) -> Printed:
        """Run a program to its end with a text on its stdin.

        Raises :class:`~lsp_agent.cancel.Cancelled`, ``TimeoutError``, and ``OSError`` where it
        can't be started.
        """
        cancel.check()
        process = subprocess.Popen(
            argv,
            cwd=cwd,
            env=without_secrets(self._env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        forget = cancel.on_cancel(process.kill)
        try:
            output, complaints = process.communicate(text.encode("utf-8", "replace"), seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise TimeoutError(f"no answer within {seconds:.1f} s") from None
        finally:
            forget()
        cancel.check()
        return Printed(
            process.returncode,
            output.decode("utf-8", "replace"),
            complaints.decode("utf-8", "replace"),
        )
