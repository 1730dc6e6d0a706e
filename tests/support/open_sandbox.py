"""A sandbox that holds nothing: it runs the program, and says so in its name. For tests only."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass, field

from lsp_agent.cancel import CancelToken
from lsp_agent.sandbox.types import Ability, Command, Outcome, SandboxError


@dataclass
class OpenSandbox:
    """Runs commands in the copy, unprotected; remembers them."""

    abilities: frozenset[Ability] = frozenset()
    name: str = "open, no protection"
    commands: list[Command] = field(default_factory=list)

    def run(self, command: Command, cancel: CancelToken) -> Outcome:
        self.commands.append(command)
        for path in command.borrowed:
            link = command.folder / path
            if not link.is_symlink():
                link.symlink_to(command.place / path, target_is_directory=True)
        started = time.monotonic()
        try:
            process = subprocess.Popen(
                command.argv,
                cwd=command.folder / command.cwd,
                env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **command.env},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
        except OSError as error:
            raise SandboxError(f"{command.argv[0]} can't be started: {error.strerror}") from error
        forget = cancel.on_cancel(process.kill)
        ended = ""
        try:
            output, _ = process.communicate(command.stdin, timeout=command.limits.wall_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            output, _ = process.communicate()
            ended = "timeout"
        finally:
            forget()
        if cancel.cancelled:
            ended = "cancelled"
        text = output.decode("utf-8", "replace")
        kept = command.limits.output
        return Outcome(
            None if ended else process.returncode,
            text[:kept],
            ended,
            len(text) > kept,
            time.monotonic() - started,
        )
