"""Writing files so that a crash leaves either the old or the new one, never half of one."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True, slots=True)
class Looks:
    """What a file keeps when its content is replaced: permission bits and owner."""

    mode: int
    uid: int
    gid: int

    @classmethod
    def of(cls, status: os.stat_result) -> Looks:
        """Take them from a file's status."""
        return cls(stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid)


def stage(temp: Path, data: bytes, looks: Looks | None = None) -> None:
    """Write a new file beside its target, down to the disk.

    Without ``looks`` it gets the mode that the process gives to new files. Raises
    ``FileExistsError`` rather than follow a planted name.
    """
    descriptor = os.open(temp, _CREATE, 0o666 if looks is None else 0o600)
    try:
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.write(data)
        if looks is not None:
            _dress(temp, descriptor, looks)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make renames and deletions in a folder last, where the system can sync folders."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:
            raise
    finally:
        os.close(descriptor)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock that other processes and threads wait for, and that dies with its process."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("ab") as file:
        _lock(file.fileno())
        try:
            yield
        finally:
            _unlock(file.fileno())


def _dress(temp: Path, descriptor: int, looks: Looks) -> None:
    if sys.platform == "win32":
        temp.chmod(looks.mode)
        return
    # Only root may give a file away; anybody else's replaced file becomes their own.
    with suppress(PermissionError):
        os.fchown(descriptor, looks.uid, looks.gid)
    os.fchmod(descriptor, looks.mode)


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        # It gives up after ten tries, a second apart; applying takes less.
        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
