"""A copy of a workspace that commands may write to: from git objects, the disk and the overlay.

Where a commit has a file as it is on the disk, git writes it from its objects; what differs, and
what git does not know, is copied. Nothing in the copy shares anything with the user's files but
blocks that the file system shares by itself. The copy has no ``.git``.
"""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from lsp_agent.cancel import CancelToken
from lsp_agent.vcs.anchored import Anchored, remove_tree
from lsp_agent.vcs.borrowed import borrowed_folders
from lsp_agent.vcs.filling import MAX_FILE, Filling, LeftOut, ShadowError, copy_again
from lsp_agent.workspace.errors import EditError, OutsideRootError, UnreadableFileError
from lsp_agent.workspace.files import MAX_BYTES, FileText, decode
from lsp_agent.workspace.ignore import ALWAYS_IGNORED
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.roots import Root, is_git_folder

_SCANNED = 500_000


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
                        copy_again(disk, copy, path)
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
            filling = Filling(root, disk, copy, cancel)
            if not filling.from_objects(folder / "git"):
                filling.from_disk()
            borrowed = borrowed_folders(root.path, filling.folders())
        shadow = Shadow(root, tree, borrowed, filling.left_out)
    except OSError as error:
        raise ShadowError(
            f"the workspace can't be copied to {folder}: {error.strerror or error}"
        ) from error
    shadow.update(overlay)
    return shadow


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


def _stamp(status: os.stat_result) -> _Stamp:
    return (
        status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_mode,
    )  # fmt: skip
