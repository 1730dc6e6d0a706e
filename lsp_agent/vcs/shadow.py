"""A copy of a workspace that commands may write to: from git objects, the disk and the overlay.

Where a commit has a file as it is on the disk, git writes it from its objects; what differs, and
what git does not know, is copied. Nothing in the copy shares anything with the user's files but
blocks that the file system shares by itself. The copy has no ``.git``.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from lsp_agent.cancel import CancelToken
from lsp_agent.errors import LspAgentError
from lsp_agent.vcs.anchored import Anchored, copy_content, remove_tree
from lsp_agent.vcs.borrowed import borrowed_folders
from lsp_agent.vcs.objects import ObjectsError, ObjectStore, TreeFile, find_objects
from lsp_agent.workspace.errors import EditError, OutsideRootError, UnreadableFileError
from lsp_agent.workspace.files import MAX_BYTES, FileText, decode
from lsp_agent.workspace.ignore import ALWAYS_IGNORED, IgnoreRules
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.roots import Root, is_git_folder

MAX_FILE = 64 * 1024 * 1024
"""Larger files are not copied; bytes."""

MAX_FILES = 200_000
MAX_TOTAL = 4 * 1024**3
"""A workspace with more files, or more bytes in them, is not copied."""

_TRIES = 3
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}
_SCANNED = 500_000


class ShadowError(LspAgentError):
    """The workspace can't be copied; the message says why, and what would do."""

    code = "shadow"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that is not in the copy, and why."""

    path: str
    reason: str


_Stamp = tuple[int, int, int, int, int]


class Shadow:
    """A copy under ``folder``; thread-safe.

    ``borrowed`` are folders of the workspace that are not in it, but that programs need;
    ``left_out`` are files that it lacks.
    """

    def __init__(
        self, root: Root, folder: Path, borrowed: Sequence[str], left_out: Sequence[LeftOut]
    ) -> None:
        self.folder = folder
        self.borrowed = tuple(borrowed)
        self.left_out = tuple(left_out)
        self._root = root
        self._lock = threading.RLock()
        self._laid: dict[str, str | None] = {}
        self._known = dict(self._scan())

    def update(self, overlay: Overlay) -> None:
        """Lay the overlay's unsaved and proposed texts over the files.

        A file whose text in the overlay is still the one laid before stays as commands left it; one
        whose text is the disk's again is copied from there. Raises :class:`ShadowError`.
        """
        with self._lock:
            wanted = {path: text for path, text in overlay.unsaved().items() if self._is_mine(path)}
            changed = {
                path: text
                for path, text in wanted.items()
                if path not in self._laid or self._laid[path] != text
            }
            gone = [path for path in self._laid if path not in wanted]
            if not changed and not gone:
                return
            origins = {one.new_path: one.path for one in overlay.changes() if one.new_path}
            try:
                with Anchored(self._root.path) as disk, Anchored(self.folder) as copy:
                    for path in gone:
                        _copy_again(disk, copy, path)
                        self._note(copy, path)
                    # What is deleted may be in the way of what is new.
                    for path, text in sorted(changed.items(), key=lambda one: one[1] is not None):
                        _lay(disk, copy, path, text, origins.get(path, path))
                        self._note(copy, path)
            except OSError as error:
                raise ShadowError(f"the copy of the workspace can't be written: {error}") from error
            self._laid = wanted

    def written(self) -> list[str]:
        """Return the files that others changed, made or removed here since they were laid, sorted.

        Folders that nobody edits, as ``__pycache__``, are not looked into. Cost: a listing of each
        folder and a ``stat`` of each file.
        """
        with self._lock:
            now = dict(self._scan())
            return sorted(
                path
                for path in now.keys() | self._known.keys()
                if now.get(path) != self._known.get(path)
            )

    def read(self, path: str) -> str | None:
        """Return the text of a file of the copy; ``None`` where there is no such text."""
        try:
            with Anchored(self.folder) as copy:
                return decode(copy.read(path, MAX_BYTES), path).content
        except (OSError, ValueError, UnreadableFileError):
            return None

    def remove(self) -> None:
        """Remove the copy; raises ``OSError`` where something resists."""
        with self._lock:
            remove_tree(self.folder)

    def _is_mine(self, path: str) -> bool:
        parts = path.split("/")
        if any(is_git_folder(part) or part in ("", ".", "..") for part in parts):
            return False
        if any(path.startswith(f"{folder}/") for folder in self.borrowed):
            return False
        try:
            self._root.resolve(path)
        except OutsideRootError:
            # An open document behind a link that leaves is no file of the workspace.
            return False
        return True

    def _note(self, copy: Anchored, path: str) -> None:
        try:
            self._known[path] = _stamp(copy.status(path))
        except OSError:
            self._known.pop(path, None)

    def _scan(self) -> Iterator[tuple[str, _Stamp]]:
        left = _SCANNED
        waiting = [""]
        borrowed = set(self.borrowed)
        while waiting:
            folder = waiting.pop()
            prefix = f"{folder}/" if folder else ""
            try:
                with os.scandir(self.folder / folder) as entries:
                    for entry in entries:
                        path = prefix + entry.name
                        left -= 1
                        if path in borrowed or left < 0:
                            continue
                        if not entry.is_dir(follow_symlinks=False):
                            yield path, _stamp(entry.stat(follow_symlinks=False))
                        elif entry.name not in ALWAYS_IGNORED:
                            waiting.append(path)
            except OSError:
                # A command may have taken the right to read it, or made it too deep to name.
                continue


def make_shadow(root: Root, overlay: Overlay, folder: Path, cancel: CancelToken) -> Shadow:
    """Copy a workspace to an empty folder that only this user may enter.

    Raises :class:`ShadowError`; :class:`~lsp_agent.cancel.Cancelled`. Cost: for 5,000 files about
    what ``git worktree add`` takes. Memory: the largest file that may be copied.
    """
    tree = folder / "tree"
    try:
        tree.mkdir(mode=0o700)
        with Anchored(root.path) as disk, Anchored(tree) as copy:
            maker = _Maker(root, disk, copy, cancel)
            if not maker.from_objects(folder / "git"):
                maker.from_disk()
            borrowed = borrowed_folders(root.path, maker.folders())
        shadow = Shadow(root, tree, borrowed, maker.left_out)
    except OSError as error:
        raise ShadowError(
            f"the workspace can't be copied to {folder}: {error.strerror or error}"
        ) from error
    shadow.update(overlay)
    return shadow


class _Maker:
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
        except (ObjectsError, OSError):
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
        if isinstance(failure, ObjectsError):
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
                _copy_again(self._disk, self._copy, path)
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


def _lay(disk: Anchored, copy: Anchored, path: str, text: str | None, origin: str) -> None:
    """Write a text in the encoding that its file has on the disk."""
    if text is None:
        copy.remove(path)
        return
    try:
        file = decode(disk.read(origin, MAX_BYTES), origin)
    except (OSError, UnreadableFileError):
        file = FileText("")
    try:
        data = file.encode(text)
    except EditError:
        data = text.encode("utf-8", "replace")
    mode = 0o644
    try:
        status = copy.status(path)
        mode = 0o755 if status.st_mode & stat.S_IXUSR else 0o644
        if stat.S_ISREG(status.st_mode) and copy.read(path, MAX_FILE) == data:
            return
    except OSError:
        pass
    copy.write(path, data, mode)


def _copy_again(disk: Anchored, copy: Anchored, path: str) -> None:
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


def _stamp(status: os.stat_result) -> _Stamp:
    return (
        status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_mode,
    )  # fmt: skip
