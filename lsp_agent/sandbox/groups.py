"""Control groups: the kernel's own limit of a whole tree's processes and memory.

The limit of processes that a user has (``RLIMIT_NPROC``) does not bind root, and a look every few
milliseconds comes too late for a fork bomb that nothing slows down. A group can be made by root,
and by whoever the service manager lets; version 1 and 2 of the interface are known (cgroups(7)).
Cost: some file-system calls, about a millisecond for a command.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from lsp_agent.sandbox.types import Limits

_PREFIX = "lsp-agent-"
_OURS = 16
"""Processes of the sandbox itself; who watches the tree says first that there are too many."""
_SIGKILL = 9
_END_SECONDS = 2.0
_ENTER = (
    'n=$1; shift; while [ "$n" -gt 0 ]; do echo 0 > "$1" || exit 126; shift; n=$((n - 1)); done; '
    'exec "$@"'
)
_numbers = itertools.count()


class ControlGroups:
    """The groups of one command: one in version 2, one for each controller in version 1."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = tuple(folders)

    @classmethod
    def make(cls, limits: Limits) -> ControlGroups | None:
        """Make them; ``None`` where this process may not, or the kernel counts no processes."""
        made: list[Path] = []
        counted = False
        for parent, controllers in _parents():
            folder = parent / f"{_PREFIX}{os.getpid()}-{next(_numbers)}"
            try:
                _sweep(parent)
                folder.mkdir()
                made.append(folder)
                if "pids" in controllers:
                    _write(folder / "pids.max", limits.processes + _OURS)
                    counted = True
                if "memory" in controllers:
                    _limit_memory(folder, limits.memory + limits.memory // 4)
            except OSError:
                continue
        groups = cls(made)
        if counted:
            return groups
        groups.close()
        return None

    def entering(self, argv: Sequence[str]) -> list[str]:
        """Return a command line that enters the groups before it becomes the program."""
        doors = [str(folder / "cgroup.procs") for folder in self.folders]
        return ["/bin/sh", "-c", _ENTER, "sh", str(len(doors)), *doors, *argv]

    @property
    def starved(self) -> bool:
        """Whether the kernel ended a process here for want of memory, before anybody looked."""
        for folder in self.folders:
            for name in ("memory.events", "memory.oom_control"):
                with contextlib.suppress(OSError):
                    lines = (folder / name).read_text("utf-8").splitlines()
                    counts = dict(line.split(" ", 1) for line in lines)
                    if int(counts.get("oom_kill", "0")):
                        return True
        return False

    def close(self) -> None:
        """End whatever is left in them, and remove them."""
        for folder in self.folders:
            _end(folder, _END_SECONDS)


def _parents() -> Iterator[tuple[Path, frozenset[str]]]:
    """Yield where groups can be made, with the controllers that they then have."""
    own: dict[str, str] = {}
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text("utf-8").splitlines():
            _, controllers, path = line.split(":", 2)
            own |= dict.fromkeys(controllers.split(","), path)
    wanted = frozenset({"pids", "memory"})
    for point, kind, options in _mounts():
        if kind == "cgroup2" and (found := _delegating(point, own.get("", "/"))):
            yield found
        elif kind == "cgroup" and (held := wanted & options):
            folder = Path(f"{point}/{own.get(next(iter(held)), '')}")
            yield (folder if folder.is_dir() else point), held


def _mounts() -> Iterator[tuple[Path, str, frozenset[str]]]:
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/mountinfo").read_text("utf-8").splitlines():
            before, _, after = line.partition(" - ")
            kind, _, options = after.split(" ", 2)
            if kind in ("cgroup", "cgroup2"):
                yield Path(before.split(" ")[4]), kind, frozenset(options.split(","))


def _delegating(point: Path, own: str) -> tuple[Path, frozenset[str]] | None:
    """Return the nearest group above this process' own that gives its children a count of theirs.

    In version 2 a group with processes in it has no such children, but for the topmost.
    """
    folder = Path(f"{point}/{own}")
    for group in (folder, *folder.parents):
        with contextlib.suppress(OSError):
            given = (group / "cgroup.subtree_control").read_text("utf-8").split()
            if "pids" in given:
                return group, frozenset(given)
        if group == point:
            break
    return None


def _limit_memory(folder: Path, most: int) -> None:
    """Limit memory, a fail-safe of the kernel's: without it there is the look at the tree."""
    names = ("memory.max", "memory.limit_in_bytes", "memory.memsw.limit_in_bytes")
    for name, value in (*((name, most) for name in names), ("memory.swap.max", 0)):
        if (folder / name).exists():
            with contextlib.suppress(OSError):
                _write(folder / name, value)


def _sweep(parent: Path) -> None:
    """Remove the groups of processes that died before they could."""
    for entry in parent.glob(f"{_PREFIX}*"):
        pid = entry.name.removeprefix(_PREFIX).partition("-")[0]
        if not Path(f"/proc/{pid}").exists():
            _end(entry, 0)


def _end(folder: Path, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError):
            folder.rmdir()
        if not folder.exists():
            return
        with contextlib.suppress(OSError):
            _write(folder / "cgroup.kill", 1)
        with contextlib.suppress(OSError, ValueError):
            for pid in map(int, (folder / "cgroup.procs").read_text("utf-8").split()):
                if pid > 0:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, _SIGKILL)
        if time.monotonic() > deadline:
            return
        time.sleep(0.002)


def _write(file: Path, value: int) -> None:
    descriptor = os.open(file, os.O_WRONLY)
    try:
        os.write(descriptor, str(value).encode())
    finally:
        os.close(descriptor)
