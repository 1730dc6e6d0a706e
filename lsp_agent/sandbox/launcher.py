"""Starting the launcher (:mod:`lsp_agent.sandbox.launch`) with an order, and reading its report."""

from __future__ import annotations

import contextlib
import dataclasses
import marshal
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsp_agent.cancel import CancelToken
from lsp_agent.sandbox.groups import ControlGroups
from lsp_agent.sandbox.supervise import Ended, supervise
from lsp_agent.sandbox.types import Command, Outcome, SandboxError

FOLDER = Path(__file__).parent
_BOOT = "import sys; sys.path.append(sys.argv[1]); from launch.main import main; main()"


def python(folder: str, fd: int) -> list[str]:
    """Return the command line of the launcher, its package below ``folder``, its order in ``fd``.

    ``-I -S -E``: no site, no user folder, no variable of Python's.
    """
    return [sys.executable, "-I", "-S", "-E", "-c", _BOOT, folder, str(fd)]


def base_order(command: Command, env: Mapping[str, str]) -> dict[str, Any]:
    """Return an order that holds a command by nothing but its limits.

    The keys are those that ``launch/main.py`` reads.
    """
    limits = dataclasses.asdict(command.limits)
    return {
        "argv": list(command.argv),
        "env": dict(env),
        "cwd": os.path.join(command.folder, command.cwd),
        "folder": str(command.folder),
        "limits": limits,
        "nproc": command.limits.processes + 2,
        "network": command.network,
        "root": None,
        "wrap": None,
        "inner": False,
        "inner_order": -1,
        "landlock": None,
        "seccomp": b"",
        "drop": False,
        "folders": [],
        "links": [],
        "version": 0,
        "parent": os.getpid(),
    }


def check(command: Command) -> None:
    """Raise :class:`SandboxError` for a command that makes no sense."""
    if not command.argv or not command.argv[0]:
        raise SandboxError("a command needs the name of a program")
    if any("\0" in one for one in command.argv):
        raise SandboxError("a command holds a NUL character; no program can be given one")
    if os.path.isabs(command.cwd) or ".." in Path(command.cwd).parts:
        raise SandboxError(f"{command.cwd!r} is no folder below {command.place}")
    if not os.path.isdir(command.folder):
        raise SandboxError(f"{command.folder} is no folder; a command needs one to write in")


@dataclass(frozen=True, slots=True)
class Inner:
    """A second launcher inside a wrapping program: its order, and the command line around it."""

    order: dict[str, Any]
    wrap: list[str]


def launch(
    command: Command, order: dict[str, Any], cancel: CancelToken, inner: Inner | None = None
) -> Outcome:
    """Carry out an order and wait for its end.

    Raises :class:`SandboxError` where the program can't be started, with the reason.
    """
    control, controlling = os.pipe()
    report, reporting = os.pipe()
    fds = [control, reporting]
    order |= {"control": control, "report": reporting}
    if inner is not None:
        held = _sealed(inner.order | {"control": -1, "report": reporting})
        fds.append(held)
        order |= {"inner_order": held, "wrap": [*inner.wrap, str(held)]}
    fds.append(_sealed(order))
    argv = python(str(FOLDER), fds[-1])
    groups = ControlGroups.make(command.limits)
    closed = False

    def stop(_process: subprocess.Popen[bytes]) -> None:
        nonlocal closed
        closed = True
        os.close(controlling)

    try:
        ended = supervise(
            groups.entering(argv) if groups else argv,
            env={},
            limits=command.limits,
            cancel=cancel,
            stdin=command.stdin,
            fds=fds,
            report=report,
            end=stop,
        )
        starved = groups is not None and groups.starved
    finally:
        if groups is not None:
            groups.close()
        os.close(report)
        if not closed:
            os.close(controlling)
    outcome = _outcome(ended, command)
    if starved and not outcome.ended:
        return dataclasses.replace(outcome, status=None, ended="memory")
    return outcome


def _sealed(order: dict[str, Any]) -> int:
    """Return a descriptor of memory that holds an order."""
    fd = os.memfd_create("order")
    data = marshal.dumps(order)
    while data:
        data = data[os.write(fd, data) :]
    return fd


def _outcome(ended: Ended, command: Command) -> Outcome:
    """Put together what was seen from here and what the launcher says."""
    said: dict[str, str] = {}
    for line in ended.report:
        kind, _, rest = line.partition(" ")
        said.setdefault(kind, rest)
    outcome = ended.outcome
    if outcome.ended:
        return outcome
    if "missing" in said:
        raise SandboxError(
            f"{command.argv[0]} can't be started in the sandbox: {said['missing']}; programs are "
            "looked for on PATH, and in the home folder only where PATH names their folder"
        )
    if "error" in said:
        raise SandboxError(f"the sandbox can't be set up: {said['error']}; see: lsp-agent doctor")
    if "ended" in said:
        return dataclasses.replace(outcome, status=None, ended=said["ended"])
    with contextlib.suppress(KeyError, ValueError):
        return dataclasses.replace(outcome, status=int(said["status"]))
    raise SandboxError(
        f"the sandbox ended without a word (status {outcome.status}): {outcome.output[-300:]}"
    )
