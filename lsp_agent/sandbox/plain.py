"""No sandbox: limits, a clean environment, and the end of the whole tree; nothing else is held.

What is run may read and write all that its user may, and use the network. It is there for who says
``sandbox.unprotected = true``, in a container that holds by itself, say. On Linux the tree's limits
and end are those of the launcher, but a program that means to escape that can; elsewhere the
process group is ended, and only time and output are limited.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from lsp_agent.cancel import CancelToken
from lsp_agent.sandbox.environment import clean_environment
from lsp_agent.sandbox.launcher import base_order, check, launch
from lsp_agent.sandbox.supervise import supervise
from lsp_agent.sandbox.types import Ability, Command, Outcome
from lsp_agent.sandbox.view import borrowed_folders

_SIGKILL = 9


class NoSandbox:
    """Runs commands with limits only."""

    name = "none"

    def __init__(self, env: Mapping[str, str] = os.environ) -> None:
        self._env = env

    @property
    def abilities(self) -> frozenset[Ability]:
        """What it holds on this machine."""
        linux: frozenset[Ability] = frozenset({"processes", "memory"})
        return linux if sys.platform == "linux" else frozenset()

    def run(self, command: Command, cancel: CancelToken) -> Outcome:
        """Run a program to its end."""
        check(command)
        with tempfile.TemporaryDirectory(
            prefix="lsp-agent-command-", ignore_cleanup_errors=True
        ) as scratch:
            env = clean_environment(
                self._env,
                command.env,
                home=scratch,
                tmp=scratch,
                place=command.place,
                folder=command.folder,
                borrowed=command.borrowed,
            )
            if os.uname().sysname == "Linux":
                order = base_order(command, env) | {"nproc": 0}
                order["links"] = [
                    (f"{command.folder}/{path}", source)
                    for path, source in borrowed_folders(command)
                ]
                return launch(command, order, cancel)
            return supervise(
                command.argv,
                env=env,
                limits=command.limits,
                cancel=cancel,
                stdin=command.stdin,
                cwd=str(Path(command.folder, command.cwd)),
                end=end_group,
            ).outcome


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process that leads a group, and its group."""
    with contextlib.suppress(OSError):
        os.killpg(process.pid, _SIGKILL)
    process.kill()
