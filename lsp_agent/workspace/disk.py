"""The files of one root as they are on the disk: the lowest layer of the overlay."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice

from lsp_agent.workspace.errors import OutsideRootError
from lsp_agent.workspace.files import FileText, opened_at, read_text
from lsp_agent.workspace.ignore import IgnoreRules
from lsp_agent.workspace.roots import Root, is_addressable
from lsp_agent.workspace.secrets import is_secret_file

_MAX_FOLDERS = 20_000
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a folder."""

    name: str
    is_dir: bool


class DiskTree:
    """Reads below a root; every path is resolved anew, so that a link made meanwhile is seen.

    Paths are relative to the root; each method raises :class:`OutsideRootError` for one that
    leaves it.
    """

    def __init__(self, root: Root, exclude: Sequence[str] = ()) -> None:
        self.root = root
        self._ignore = IgnoreRules(root.path, exclude)

    def read(self, path: str) -> FileText:
        """Read a text file; raises :class:`UnreadableFileError` with the reason."""
        return read_text(self.root.resolve(path), name=path or ".", follow_link=False)

    # os.path answers False where pathlib raises: for names too long, loops of links, no access.

    def is_file(self, path: str) -> bool:
        """Whether a regular file is there."""
        return os.path.isfile(self.root.resolve(path))  # noqa: PTH113

    def is_folder(self, path: str) -> bool:
        """Whether a folder is there."""
        return os.path.isdir(self.root.resolve(path))  # noqa: PTH112

    def ignored(self, folder: str, name: str, *, is_dir: bool) -> bool:
        """Whether the rules leave out an entry of a folder that they don't leave out itself."""
        path = f"{folder}/{name}" if folder else name
        secret = not is_dir and is_secret_file(path)
        return secret or self._ignore.ignored_entry(folder, name, is_dir=is_dir)

    def leaves_out(self, path: str, *, is_dir: bool = False) -> bool:
        """Whether the rules leave out a file or folder, or a folder above it."""
        secret = not is_dir and is_secret_file(path)
        return secret or self._ignore.ignored(path, is_dir=is_dir)

    def scan(self, path: str) -> Iterator[Entry]:
        """Yield a folder's entries, in no order, without the ignored ones and files of secrets.

        Links to files below the root are files; links to folders are left out, since what they
        lead to is listed where it is. A folder that is not there or may not be read holds nothing.
        """
        folder = str(self.root.resolve(path))
        try:
            with _scanned(folder) as entries:
                for entry in entries:
                    is_dir = entry.is_dir(follow_symlinks=False)
                    if (
                        is_addressable(entry.name)
                        and not self.ignored(path, entry.name, is_dir=is_dir)
                        and (is_dir or self._is_inner_file(folder, entry))
                    ):
                        yield Entry(entry.name, is_dir)
        except OSError:
            return

    def secret_files(self) -> Iterator[str]:
        """Yield the files of secrets, ignored ones too, but for those in ignored folders."""
        folders = [""]
        for folder in islice(folders, _MAX_FOLDERS):
            with (
                suppress(OSError, OutsideRootError),
                _scanned(str(self.root.resolve(folder))) as entries,
            ):
                for entry in entries:
                    path = f"{folder}/{entry.name}" if folder else entry.name
                    if not is_addressable(entry.name):
                        continue
                    if not entry.is_dir(follow_symlinks=False):
                        if is_secret_file(path):
                            yield path
                    elif not self._ignore.ignored_entry(folder, entry.name, is_dir=True):
                        folders.append(path)

    def _is_inner_file(self, folder: str, entry: os.DirEntry[str]) -> bool:
        if not entry.is_symlink():
            return entry.is_file(follow_symlinks=False)
        real = os.path.realpath(f"{folder}{os.sep}{entry.name}")
        if is_secret_file(real.replace(os.sep, "/")):
            return False
        # os.path: a scan of thousands of entries.
        return real.startswith(f"{self.root.path}{os.sep}") and os.path.isfile(real)  # noqa: PTH113


@contextmanager
def _scanned(folder: str) -> Iterator[Iterator[os.DirEntry[str]]]:
    """List a folder whose links were resolved; one that became a link since holds nothing."""
    if os.scandir not in os.supports_fd:
        with os.scandir(folder) as entries:
            yield entries
        return
    descriptor = os.open(folder, _FOLDER)
    try:
        if not opened_at(descriptor, folder):
            raise NotADirectoryError(folder)
        with os.scandir(descriptor) as entries:
            yield entries
    finally:
        os.close(descriptor)
