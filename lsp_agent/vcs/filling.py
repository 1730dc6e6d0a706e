"""Filling a copy of a workspace: out of git's objects what is as in HEAD, else from the disk."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from lsp_agent.cancel import CancelToken
from lsp_agent.errors import LspAgentError
from lsp_agent.vcs.anchored import Anchored, copy_content
from lsp_agent.vcs.objects import ObjectStore, TreeFile, find_objects
from lsp_agent.vcs.place import VcsError
from lsp_agent.workspace.ignore import IgnoreRules
from lsp_agent.workspace.roots import Root, is_git_folder

MAX_FILE = 64 * 1024 * 1024
"""Larger files are not copied; bytes."""

MAX_FILES = 200_000
MAX_TOTAL = 4 * 1024**3
"""A workspace with more files, or more bytes in them, is not copied."""

_TRIES = 3
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


class ShadowError(LspAgentError):
    """The workspace can't be copied; the message says why, and what would do."""

    code = "shadow"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that is not in the copy, and why."""

    path: str
    reason: str


class Filling:
    """One copy in the making."""

    def __init__(self, root: Root, disk: Anchored, copy: Anchored, cancel: CancelToken) -> None:
        self._root = root
        self._disk = disk
        self._copy = copy
        self._cancel = cancel
        self._paths: set[str] = set()
        self._bytes = 0
        self.left_out: list[LeftOut] = []

    def folders(self) -> set[str]:
        """Return the folders that hold a copied file, and those above them."""
        found = {""}
        for path in self._paths:
            folder = path.rpartition("/")[0]
            while folder not in found:
                found.add(folder)
                folder = folder.rpartition("/")[0]
        return found

    def from_objects(self, git: Path) -> bool:
        """Copy what a repository has of the folder; whether it has anything."""
        objects = find_objects(self._root.path, self._cancel)
        if objects is None:
            return False
        try:
            store = ObjectStore(objects, git, self._cancel)
            # Without a thread the two would wait for each other.
            with ThreadPoolExecutor(1) as pool:
                asked = pool.submit(store.unignored)
                tracked = [one for one in store.files() if _is_wanted(one.path)]
                unignored = asked.result()
        except (VcsError, OSError):
            return False
        if not tracked:
            return False
        same, others = self._sorted_out(tracked)
        with ThreadPoolExecutor(1) as pool:
            written = pool.submit(store.check_out, same, self._copy.path)
            try:
                differing = self._differing(same, objects.hash)
            finally:
                # A cancelled comparison cancels git too; nothing is left running.
                failure = written.exception()
        if isinstance(failure, VcsError):
            # A partial clone lacks objects: everything is on the disk all the same.
            differing = [one.path for one in same]
        elif failure is not None:
            raise failure
        known = {one.path for one in tracked}
        new = [path for path in unignored if path not in known and _is_wanted(path)]
        self._take(path for path in new if self._may_have(path) is not None)
        self._take([*differing, *others])
        return True

    def from_disk(self) -> None:
        """Copy all files that no ignore rule leaves out."""
        for path in self._walk():
            if self._may_have(path) is not None:
                self._take([path])

    def _sorted_out(self, tracked: Sequence[TreeFile]) -> tuple[list[TreeFile], list[str]]:
        """Return the files that may be as in the commit, and those that certainly are not."""
        same: list[TreeFile] = []
        others: list[str] = []
        for file in tracked:
            status = self._may_have(file.path)
            if status is None:
                continue
            if stat.S_ISLNK(status.st_mode):
                kind = "link"
            else:
                kind = "program" if status.st_mode & stat.S_IXUSR else "file"
            # A size that differs also keeps a small object from filling the disk.
            if kind == file.kind and status.st_size == file.size:
                same.append(file)
            else:
                others.append(file.path)
        return same, others

    def _may_have(self, path: str) -> os.stat_result | None:
        """Return a file's status on the disk; ``None`` for one that is not there or too much."""
        try:
            status = self._disk.status(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            self._leave_out(path, error.strerror or str(error))
            return None
        if stat.S_ISDIR(status.st_mode):
            return None
        if not stat.S_ISREG(status.st_mode) and not stat.S_ISLNK(status.st_mode):
            self._leave_out(path, "is neither a file nor a link")
            return None
        if status.st_size > MAX_FILE:
            self._leave_out(path, f"has {status.st_size:,} bytes")
            return None
        self._count(path, status.st_size)
        return status

    def _count(self, path: str, size: int) -> None:
        self._paths.add(path)
        self._bytes += size
        number = len(self._paths)
        if number > MAX_FILES or self._bytes > MAX_TOTAL:
            raise ShadowError(
                f"the workspace is too large to be copied (more than {MAX_FILES:,} files or "
                f"{MAX_TOTAL // 1024**3} GB); let .gitignore leave out what programs make"
            )
        if number % 1000 == 1:
            self._cancel.check()
            if shutil.disk_usage(self._copy.path).free < 2 * self._bytes:
                raise ShadowError(f"the disk of {self._copy.path} is too full for a copy")

    def _differing(self, files: Sequence[TreeFile], hash_: str) -> list[str]:
        """Return the files whose bytes are not those of the commit."""
        found = []
        for number, file in enumerate(files):
            if number % 200 == 0:
                self._cancel.check()
            try:
                if file.kind == "link":
                    data = os.fsencode(self._disk.link_target(file.path))
                else:
                    data = self._disk.read(file.path, MAX_FILE)
            except OSError:
                found.append(file.path)
                continue
            digest = hashlib.new(hash_, b"blob %d\0" % len(data), usedforsecurity=False)
            digest.update(data)
            if digest.hexdigest() != file.id:
                found.append(file.path)
        return found

    def _take(self, paths: Iterable[str]) -> None:
        """Copy files from the disk; one that can't be read is left out, and said."""
        for path in paths:
            self._cancel.check()
            try:
                copy_again(self._disk, self._copy, path)
            except OSError as error:
                if error.errno in _FULL:
                    raise
                self._copy.remove(path)
                self._leave_out(path, error.strerror or str(error))

    def _leave_out(self, path: str, reason: str) -> None:
        self._paths.discard(path)
        self.left_out.append(LeftOut(path, reason))

    def _walk(self) -> Iterator[str]:
        rules = IgnoreRules(self._root.path)
        waiting = [""]
        while waiting:
            folder = waiting.pop()
            self._cancel.check()
            try:
                with os.scandir(self._root.path / folder) as scan:
                    entries = sorted(scan, key=lambda entry: entry.name)
            except OSError as error:
                self._leave_out(folder, error.strerror or str(error))
                continue
            for entry in entries:
                is_folder = entry.is_dir(follow_symlinks=False)
                path = f"{folder}/{entry.name}" if folder else entry.name
                if is_git_folder(entry.name) or rules.ignored_entry(
                    folder, entry.name, is_dir=is_folder
                ):
                    continue
                if is_folder:
                    waiting.append(path)
                else:
                    yield path


def _is_wanted(path: str) -> bool:
    return not any(is_git_folder(part) for part in path.split("/"))


def copy_again(disk: Anchored, copy: Anchored, path: str) -> None:
    """Make a file of the copy what it is on the disk, or remove it where there is none.

    A file that is written meanwhile is read again, a few times. Raises ``OSError``.
    """
    for _ in range(_TRIES):
        try:
            status = disk.status(path)
        except (FileNotFoundError, NotADirectoryError):
            copy.remove(path)
            return
        if stat.S_ISLNK(status.st_mode):
            copy.make_link(path, disk.link_target(path))
            return
        if not stat.S_ISREG(status.st_mode):
            copy.remove(path)
            return
        source = disk.open(path)
        try:
            target = copy.create(path, 0o755 if status.st_mode & stat.S_IXUSR else 0o644)
            try:
                copy_content(source, target)
            finally:
                os.close(target)
            after = os.fstat(source)
        finally:
            os.close(source)
        if (after.st_mtime_ns, after.st_size) == (status.st_mtime_ns, status.st_size):
            return
