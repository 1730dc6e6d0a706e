"""Watching a tree of processes: what it uses together, and the end of all of it.

The tree is what descends from this process, which is made the one that orphans fall to: neither
``setsid`` nor a double fork leaves it.
"""

from __future__ import annotations

import os
import select
import time

from . import kernel

INTERVAL_MS = 25
_PAGE = os.sysconf("SC_PAGE_SIZE")
_SIGKILL = 9
_DISK_SECONDS = 0.25
_RATIO = 4
"""A command may fill this many times its largest file; the disk is not to run full."""


def descendants(pid: int) -> list[int]:
    """Return the processes below one, by what the kernel says of each thread's children."""
    found: list[int] = []
    pending = [pid]
    while pending:
        one = pending.pop()
        try:
            for task in os.listdir(f"/proc/{one}/task"):
                with open(f"/proc/{one}/task/{task}/children", "rb") as file:
                    children = [int(child) for child in file.read().split()]
                found += children
                pending += children
        except (OSError, ValueError):
            continue
    return found


def _size(pid: int) -> tuple[int, int]:
    """Return a process' threads and resident bytes."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return 0, 0
    return int(fields[17]), int(fields[21]) * _PAGE


def _share(pid: int) -> int:
    """Return a process' proportional share of its pages, in bytes."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            for line in file:
                if line.startswith(b"Pss:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return _size(pid)[1]


class Watch:
    """Looks at a tree again and again; ``own`` processes of ours are not counted."""

    def __init__(self, limits: dict[str, int], folder: str, own: int) -> None:
        self._limits = limits
        self._folder = folder
        self._own = own
        self._free = self._room()
        self._looked = time.monotonic()

    def exceeded(self) -> str:
        """Return the limit that the tree is over; ``""`` if none."""
        pids = descendants(os.getpid())
        sizes = [_size(pid) for pid in pids]
        if sum(threads for threads, _ in sizes) - self._own > self._limits["processes"]:
            return "processes"
        most = self._limits["memory"]
        # Shared pages count once only by the dearer look.
        if sum(size for _, size in sizes) > most and sum(_share(pid) for pid in pids) > most:
            return "memory"
        now = time.monotonic()
        if now - self._looked > _DISK_SECONDS:
            self._looked = now
            if self._filled():
                return "file_size"
        return ""

    def _filled(self) -> bool:
        """Whether the copy grew too much: others may have filled the disk, so it is measured."""
        most = self._limits["file_size"] * _RATIO
        room = self._room()
        if self._free - room < most:
            return False
        if _used(self._folder, most) > most:
            return True
        self._free = room
        return False

    def _room(self) -> int:
        about = os.statvfs(self._folder)
        return about.f_bavail * about.f_frsize


def _used(folder: str, most: int) -> int:
    """Return the bytes below a folder, or more than ``most`` as soon as there are."""
    total, pending = 0, [folder]
    while pending and total <= most:
        try:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                    total += entry.stat(follow_symlinks=False).st_blocks * 512
        except OSError:
            continue
    return total


def wait(child: int, control: int, watch: Watch) -> tuple[int | None, str]:
    """Wait for a child; return its raw status, or ``None`` and why it is to be ended.

    ``control`` closes when nobody waits for us any more.
    """
    poll = select.poll()
    handle = os.pidfd_open(child)
    poll.register(handle, select.POLLIN)
    poll.register(control, select.POLLIN)
    try:
        while True:
            ready = [fd for fd, _ in poll.poll(INTERVAL_MS)]
            if handle in ready:
                return os.waitpid(child, 0)[1], ""
            if control in ready:
                return None, "asked"
            over = watch.exceeded()
            if over:
                return None, over
    finally:
        os.close(handle)


def end_all(alone: bool) -> None:
    """Kill what descends from this process until nothing is left, and reap it.

    ``alone`` says that this process' signals reach its own descendants only (it was tried): then
    one call kills all of them at once, which even a fork bomb does not outrun.
    """
    while True:
        if alone:
            try:
                os.kill(-1, _SIGKILL)
            except OSError:
                pass
        else:
            _kill_each(descendants(os.getpid()))
        try:
            while os.waitpid(-1, os.WNOHANG if not alone else 0)[0]:
                pass
        except ChildProcessError:
            return


def _kill_each(pids: list[int]) -> None:
    """Kill processes and the groups they lead; groups die whole, so that forks don't outrun it."""
    own = os.getpgid(0)
    for pid in pids:
        try:
            group = os.getpgid(pid)
            os.kill(pid, _SIGKILL)
            if group != own and group in pids:
                os.killpg(group, _SIGKILL)
        except OSError:
            continue


def confined(version: int, parent: int) -> bool:
    """Let this process' signals reach nothing but what it starts; return whether that was seen.

    Seen means: the one that started it, which any process of the user may signal, can't be.
    """
    if version < 6 or os.getppid() != parent:
        return False
    from . import restrict

    try:
        os.kill(parent, 0)
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        restrict.scope()
    except OSError:
        return False
    for other in (parent, 1):
        try:
            os.kill(other, 0)
        except PermissionError:
            continue
        except OSError:
            return False
        return False
    return os.getppid() == parent
