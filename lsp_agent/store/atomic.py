"""Writing files so that a crash leaves either the old or the new one, never half of one.

Paths are real ones, without links. Where the system can work in an open folder, nothing is done by
a path: a folder that somebody swaps for a link meanwhile leads nothing elsewhere.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from lsp_agent.workspace.files import opened_at

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | _NO_LINK
# O_NONBLOCK keeps a named pipe from blocking the open.
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | _NO_LINK
_BY_DESCRIPTOR = sys.platform != "win32" and os.open in os.supports_dir_fd


class MovedFolderError(OSError):
    """A folder that is a link, or lies behind one, since its path was resolved."""

    def __init__(self, folder: Path) -> None:
        super().__init__(errno.ELOOP, "a folder above it became a link", str(folder))


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


@contextmanager
def held(folder: Path) -> Iterator[int | None]:
    """Hold a folder open; names in it are then told by :func:`_name` and the descriptor given.

    Raises :class:`MovedFolderError`, and ``OSError`` for one that is not there.
    """
    if not _BY_DESCRIPTOR:
        if os.path.realpath(folder) != str(folder):
            raise MovedFolderError(folder)
        yield None
        return
    try:
        descriptor = os.open(folder, _FOLDER)
    except NotADirectoryError:
        raise (MovedFolderError(folder) if folder.is_symlink() else NotADirectoryError) from None
    try:
        if not opened_at(descriptor, folder):
            raise MovedFolderError(folder)
        yield descriptor
    finally:
        os.close(descriptor)


def stage(temp: Path, data: bytes, looks: Looks | None = None) -> None:
    """Write a new file beside its target, down to the disk.

    Without ``looks`` it gets the mode that the process gives to new files. Raises
    ``FileExistsError`` rather than follow a planted name.
    """
    with held(temp.parent) as folder:
        mode = 0o666 if looks is None else 0o600
        descriptor = os.open(_name(temp, folder), _CREATE | _NO_LINK, mode, dir_fd=folder)
    try:
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.write(data)
        if looks is not None:
            _dress(temp, descriptor, looks)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace(temp: Path, target: Path) -> None:
    """Give a staged file its name, in the place of the file that has it."""
    with held(target.parent) as folder:
        names = _name(temp, folder), _name(target, folder)
        os.replace(*names, src_dir_fd=folder, dst_dir_fd=folder)


def remove(path: Path) -> None:
    """Delete a file; raises ``FileNotFoundError`` when there is none."""
    with held(path.parent) as folder:
        os.unlink(_name(path, folder), dir_fd=folder)


def make_folder(path: Path) -> None:
    """Make a folder, unless something of its name is there."""
    with held(path.parent) as folder, suppress(FileExistsError):
        os.mkdir(_name(path, folder), dir_fd=folder)


def remove_folder(path: Path) -> None:
    """Delete an empty folder."""
    with held(path.parent) as folder:
        os.rmdir(_name(path, folder), dir_fd=folder)


def bytes_of(path: Path) -> bytes | None:
    """Return a file's bytes, ``None`` when there is none; a link there is not the file meant."""
    try:
        with held(path.parent) as folder:
            name = _name(path, folder)
            if stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
                return b"\0link\0" + os.fsencode(os.readlink(name, dir_fd=folder))
            with os.fdopen(os.open(name, _READ, dir_fd=folder), "rb") as file:
                regular = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
                return file.read() if regular else b"\0no file\0"
    except MovedFolderError:
        raise
    except (FileNotFoundError, NotADirectoryError):
        return None


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


def _name(path: Path, folder: int | None) -> str:
    return str(path) if folder is None else path.name


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
