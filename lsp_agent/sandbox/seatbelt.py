"""macOS: a seatbelt profile for ``sandbox-exec``, which Apple calls deprecated and ships.

It holds writing, the network and the home folder. The copy is seen where it really lies, not at the
workspace's place; links in it lead to what is borrowed. Number and memory of processes are limited
for each process only, and a process that leaves its group (``setsid``) outlives the end, so
``processes``, ``memory`` and ``kill`` are not among its abilities.

Untried on the machines that the tests run on: only the profile is tested.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from lsp_agent.cancel import CancelToken
from lsp_agent.sandbox.environment import clean_environment
from lsp_agent.sandbox.launcher import check
from lsp_agent.sandbox.plain import end_group
from lsp_agent.sandbox.supervise import supervise
from lsp_agent.sandbox.types import Ability, Command, Outcome, SandboxError
from lsp_agent.sandbox.view import borrowed_folders, view_of

_PROGRAM = "/usr/bin/sandbox-exec"
_SYSTEM = (
    "/System", "/Library/Developer", "/Library/Frameworks", "/Applications/Xcode.app",
    "/private/var/db/timezone", "/private/var/select", "/private/etc", "/dev", "/opt", "/usr",
    "/bin", "/sbin",
)  # fmt: skip
_DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")


def profile(read: Iterable[str], write: Iterable[str], *, network: bool) -> str:
    """Return a profile that allows reading and writing below these paths and little else."""
    lines = [
        "(version 1)",
        "(deny default)",
        "(allow process-fork)",
        "(allow process-exec)",
        "(allow signal (target same-sandbox))",
        "(allow process-info* (target same-sandbox))",
        "(allow sysctl-read)",
        "(allow file-read-metadata)",
        '(allow file-read-data (literal "/"))',
        "(allow ipc-posix-sem)",
        '(allow mach-lookup (global-name "com.apple.system.opendirectoryd.libinfo"))',
    ]
    lines += [f"(allow file-read* (subpath {_quoted(one)}))" for one in (*read, *write)]
    lines += [f"(allow file-write* (subpath {_quoted(one)}))" for one in write]
    lines += [f"(allow file-write-data (literal {_quoted(one)}))" for one in _DEVICES]
    if network:
        lines += ["(allow network-outbound)", "(allow network-bind)", "(allow system-socket)"]
        lines += ["(deny network-outbound (remote unix-socket))", "(allow mach-lookup)"]
    return "\n".join(lines) + "\n"


def _quoted(path: str) -> str:
    if "\n" in path or "\0" in path:
        raise SandboxError(f"{path!r} can't be named in a profile; rename it")
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'


class SeatbeltSandbox:
    """``sandbox-exec`` around a command."""

    name = "seatbelt"

    def __init__(self, env: Mapping[str, str] = os.environ) -> None:
        """Raise :class:`SandboxError` elsewhere than on macOS."""
        if not os.access(_PROGRAM, os.X_OK):
            raise SandboxError("seatbelt is there on macOS only")
        self._env = env

    @property
    def abilities(self) -> frozenset[Ability]:
        """What it holds on this machine."""
        return frozenset({"files", "network", "home"})

    def run(self, command: Command, cancel: CancelToken) -> Outcome:
        """Run a program to its end."""
        check(command)
        with tempfile.TemporaryDirectory(
            prefix="lsp-agent-sandbox-", ignore_cleanup_errors=True
        ) as made:
            scratch = os.path.realpath(made)
            folder = os.path.realpath(command.folder)
            place = os.path.realpath(command.place)
            borrowed = borrowed_folders(command)
            read = [*_SYSTEM, *view_of(self._env).read, place, *(one for _, one in borrowed)]
            text = profile(read, [folder, scratch], network=command.network)
            _borrow(folder, borrowed)
            env = clean_environment(
                self._env, command.env, home=scratch, tmp=scratch, place=Path(place),
                folder=command.folder, borrowed=command.borrowed,
            )  # fmt: skip
            limits = command.limits
            shell = (
                f"ulimit -t {limits.cpu_seconds}; ulimit -f {limits.file_size // 512}; "
                'ulimit -c 0; exec "$@"'
            )
            return supervise(
                [_PROGRAM, "-p", text, "/bin/sh", "-c", shell, "sh", *command.argv],
                env=env,
                limits=limits,
                cancel=cancel,
                stdin=command.stdin,
                cwd=os.path.join(folder, command.cwd),
                end=end_group,
            ).outcome


def _borrow(folder: str, borrowed: Iterable[tuple[str, str]]) -> None:
    """Let links lead to what is borrowed, where no link of the copy leads out of it before."""
    for path, source in borrowed:
        link = os.path.join(folder, path)
        parent = os.path.dirname(link)
        if os.path.realpath(parent) == parent and os.path.isdir(parent):
            with contextlib.suppress(OSError):
                os.symlink(source, link)
