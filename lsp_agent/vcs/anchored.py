"""A folder whose files are reached name by name, so that no link in a path leads out of it.

Where the system opens files relative to an open folder, also a link that is put there meanwhile is
not followed. Elsewhere (Windows) each folder above a file is looked at first.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType

_BY_DESCRIPTOR = {os.open, os.mkdir, os.stat, os.unlink} <= os.supports_dir_fd
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | _NO_LINK
# O_NONBLOCK keeps a named pipe from blocking the open.
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | _NO_LINK
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | _NO_LINK
_SMALL = 128 * 1024
_CHUNK = 1 << 20
_CLONE = 0x40049409
"""The request ``FICLONE`` of Linux: share the blocks of another file until one of them changes."""


class Anchored:
    """Files below one folder. Paths are relative, with ``/``; every method raises ``OSError``.

    A path through a link, or with a part that is no name, is an ``OSError`` too. Not thread-safe:
    the folders above the last file stay open, which makes paths in order cheap.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._top = os.open(path, _FOLDER) if _BY_DESCRIPTOR else None
        self._chain: list[tuple[str, int]] = []

    def __enter__(self) -> Anchored:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._leave(0)
        if self._top is not None:
            os.close(self._top)
            self._top = None

    def status(self, path: str) -> os.stat_result:
        """Return what is known of a file, or of a link itself."""
        folder, name = self._at(path)
        return os.stat(name, dir_fd=folder, follow_symlinks=False)

    def open(self, path: str) -> int:
        """Open a file to be read; the caller closes it."""
        folder, name = self._at(path)
        if _BY_DESCRIPTOR:
            return os.open(name, _READ, dir_fd=folder)
        _refuse_link(name)
        return os.open(name, _READ)

    def read(self, path: str, limit: int) -> bytes:
        """Return a regular file's bytes; one with more than ``limit`` is an ``OSError``."""
        descriptor = self.open(path)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise OSError(f"{path} is not a regular file")
            parts = [os.read(descriptor, status.st_size + 1)]
            size = len(parts[0])
            # Files that grow, and some systems' own, hold more than their size says.
            while size != status.st_size and size <= limit and parts[-1]:
                parts.append(os.read(descriptor, _CHUNK))
                size += len(parts[-1])
        finally:
            os.close(descriptor)
        if size > limit:
            raise OSError(f"{path} has more than {limit:,} bytes")
        return b"".join(parts)

    def create(self, path: str, mode: int = 0o644) -> int:
        """Make a file anew, with its folders, in the place of one or of a link; return it open."""
        folder, name = self._at(path, make=True)
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)
        return os.open(name, _CREATE, mode, dir_fd=folder)

    def write(self, path: str, data: bytes, mode: int = 0o644) -> None:
        """Write a file anew, as :meth:`create` makes it."""
        descriptor = self.create(path, mode)
        try:
            _write_all(descriptor, data)
        finally:
            os.close(descriptor)

    def link_target(self, path: str) -> str:
        """Return what a symbolic link says."""
        folder, name = self._at(path)
        return os.readlink(name, dir_fd=folder)

    def make_link(self, path: str, target: str, *, to_folder: bool = False) -> None:
        """Make a symbolic link, with the folders above it, in the place of a file."""
        folder, name = self._at(path, make=True)
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)
        os.symlink(target, name, to_folder, dir_fd=folder)

    def remove(self, path: str) -> None:
        """Remove a file or a link; nothing happens where there is none."""
        with suppress(FileNotFoundError, NotADirectoryError):
            folder, name = self._at(path)
            os.unlink(name, dir_fd=folder)

    def _at(self, path: str, *, make: bool = False) -> tuple[int | None, str]:
        *folders, name = path.split("/")
        if {"", ".", ".."} & {*folders, name}:
            raise OSError(f"{path!r} is no path below a folder")
        if self._top is None:
            return None, self._checked(folders, name, make=make)
        kept = 0
        for (known, _), folder in zip(self._chain, folders, strict=False):
            if known != folder:
                break
            kept += 1
        self._leave(kept)
        for folder in folders[kept:]:
            above = self._chain[-1][1] if self._chain else self._top
            if make:
                with suppress(FileExistsError):
                    os.mkdir(folder, 0o755, dir_fd=above)
            self._chain.append((folder, os.open(folder, _FOLDER, dir_fd=above)))
        return (self._chain[-1][1] if self._chain else self._top), name

    def _checked(self, folders: list[str], name: str, *, make: bool) -> str:
        at = str(self.path)
        for folder in folders:
            at = f"{at}{os.sep}{folder}"
            if make:
                with suppress(FileExistsError):
                    os.mkdir(at)  # noqa: PTH102
            _refuse_link(at)
        if os.sep in name or ":" in name:
            raise OSError(f"{name!r} is no name of a file here")
        return f"{at}{os.sep}{name}"

    def _leave(self, kept: int) -> None:
        while len(self._chain) > kept:
            os.close(self._chain.pop()[1])


def copy_content(source: int, target: int) -> None:
    """Fill a new open file with the bytes of another; blocks are shared where the disk can."""
    if os.fstat(source).st_size > _SMALL:
        if _cloned(source, target):
            return
        with suppress(OSError):
            while _copied_inside(source, target):
                pass
    while data := os.read(source, _CHUNK):
        _write_all(target, data)


def remove_tree(path: Path) -> None:
    """Remove a folder and all in it, however deep, unreadable or linked; links are not followed.

    Raises ``OSError`` where something can't be removed. Cost: grows with the number of entries; a
    name in memory for each folder above, however deep. Nobody else may write there.
    """
    if not _BY_DESCRIPTOR:
        shutil.rmtree(path, onerror=_make_removable)
        return
    try:
        above = os.open(path.parent, _FOLDER & ~_NO_LINK)
    except FileNotFoundError:
        return
    try:
        top = _enter(path.name, above)
        try:
            _empty(top)
        finally:
            os.close(top)
        os.rmdir(path.name, dir_fd=above)
    except FileNotFoundError:
        return
    finally:
        os.close(above)


def _empty(top: int) -> None:
    """Remove what is in a folder: down by name, up by ``..``, one folder open at a time."""
    at = os.dup(top)
    left = [_unlink_files(at)]
    try:
        while left[-1] or len(left) > 1:
            if left[-1]:
                below = _enter(left[-1][-1], at)
                left.append(_unlink_files(below))
            else:
                below = os.open("..", _FOLDER, dir_fd=at)
                left.pop()
                os.rmdir(left[-1].pop(), dir_fd=below)
            os.close(at)
            at = below
    finally:
        os.close(at)


def _unlink_files(folder: int) -> list[str]:
    """Remove what is no folder; return the names of the folders."""
    with os.scandir(folder) as entries:
        names = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    for name, is_folder in names:
        if not is_folder:
            os.unlink(name, dir_fd=folder)
    return [name for name, is_folder in names if is_folder]


def _enter(name: str, above: int) -> int:
    """Open a folder, made writable for its owner if it is not."""
    status = os.stat(name, dir_fd=above, follow_symlinks=False)
    if status.st_mode & 0o700 != 0o700:
        _open_up(name, above)
    return os.open(name, _FOLDER, dir_fd=above)


def _open_up(name: str, above: int) -> None:
    if sys.platform == "linux":
        # Linux changes no mode of a name without following it; what O_PATH opened is no link.
        handle = os.open(name, os.O_PATH | _FOLDER, dir_fd=above)
        try:
            os.chmod(f"/proc/self/fd/{handle}", 0o700)  # noqa: PTH101
        finally:
            os.close(handle)
    else:
        os.chmod(name, 0o700, dir_fd=above, follow_symlinks=False)


def _make_removable(remove: object, path: str, _error: object) -> None:
    # Windows removes no read-only file.
    os.chmod(path, stat.S_IWRITE)  # noqa: PTH101
    if callable(remove):
        remove(path)


def _refuse_link(path: str) -> None:
    status = os.lstat(path)
    # A junction of Windows is no link, but leads elsewhere all the same.
    junction = sys.platform == "win32" and status.st_reparse_tag
    if stat.S_ISLNK(status.st_mode) or junction:
        raise OSError(f"{path} is a link")


def _cloned(source: int, target: int) -> bool:
    if sys.platform != "linux":
        return False
    import fcntl

    try:
        fcntl.ioctl(target, _CLONE, source)
    except OSError:
        return False
    return True


def _copied_inside(source: int, target: int) -> int:
    """Let the system copy a piece from where both files stand; 0 at the end or where it can't."""
    if sys.platform != "linux":
        return 0
    return os.copy_file_range(source, target, _CHUNK * 64)


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
