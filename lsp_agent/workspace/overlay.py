"""A run's view of the workspace: the disk, under the open buffers, under the run's own edits.

Nothing here writes to the disk. The net effect of a run leaves as :class:`FileChange` records.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from lsp_agent.workspace.errors import OutOfScopeError, OutsideRootError, UnreadableFileError
from lsp_agent.workspace.files import read_text
from lsp_agent.workspace.ignore import IgnoreRules
from lsp_agent.workspace.roots import Root, clean_path, is_git_folder


@dataclass(frozen=True, slots=True)
class Buffer:
    """An open document: ``uri`` in the client's own spelling, ``version`` as the client counts."""

    path: str
    uri: str
    text: str
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a folder."""

    name: str
    is_dir: bool


@dataclass(frozen=True, slots=True)
class FileChange:
    """The net change of one file.

    ``before`` is the text that the run first saw (``None``: there was no file), ``after`` the one
    it leaves (``None``: deleted); ``version`` that of the open document it read. A rename also has
    its new place, and ``after`` may differ from ``before``.
    """

    kind: Literal["create", "modify", "delete", "rename"]
    path: str
    uri: str
    before: str | None
    after: str | None
    version: int | None = None
    new_path: str | None = None
    new_uri: str | None = None


@dataclass(frozen=True, slots=True)
class OverlayState:
    """What :meth:`Overlay.restore` goes back to."""

    texts: dict[str, str | None]
    origins: dict[str, str]


class Overlay:
    """The files of one root (or, without a root, of the given buffers alone).

    ``scope`` lists the paths that may change; ``None`` allows all. Paths are relative to the root;
    each method raises :class:`OutsideRootError` for one that leaves it. Thread-safe.
    """

    def __init__(
        self,
        root: Root | None,
        buffers: Iterable[Buffer] = (),
        *,
        scope: frozenset[str] | None = None,
        exclude: Sequence[str] = (),
    ) -> None:
        self.root = root
        self._buffers = {buffer.path: buffer for buffer in buffers}
        self._scope = scope
        self._ignore = IgnoreRules(root.path, exclude) if root else None
        self._lock = threading.RLock()
        self._bases: dict[str, str | None] = {}
        # What the run made of a path (None: deleted), and which original a moved file came from.
        self._texts: dict[str, str | None] = {}
        self._origins: dict[str, str] = {}

    def read(self, path: str) -> str:
        """Return a file's text as the run sees it; raises :class:`UnreadableFileError`."""
        path = clean_path(path)
        with self._lock:
            if path in self._texts:
                text = self._texts[path]
                if text is None:
                    raise UnreadableFileError(f"{path} was deleted in this run")
                return text
            return self._base(path)

    def exists(self, path: str) -> bool:
        """Whether a file (not a folder) is there for the run."""
        path = clean_path(path)
        with self._lock:
            if path in self._texts:
                return self._texts[path] is not None
            return self._exists_below(path)

    def write(self, path: str, text: str) -> None:
        """Create or replace a file; the text is taken as it is, line ends included."""
        path = self._writable(path)
        with self._lock:
            self._remember(path)
            self._texts[path] = text

    def delete(self, path: str) -> None:
        """Delete a file; raises :class:`UnreadableFileError` when there is none."""
        path = self._writable(path)
        with self._lock:
            self.read(path)
            self._remember(path)
            self._texts[path] = None
            self._origins.pop(path, None)

    def move(self, path: str, new_path: str) -> None:
        """Rename a file; an existing target is refused with :class:`OutOfScopeError`."""
        path, new_path = self._writable(path), self._writable(new_path)
        with self._lock:
            text = self.read(path)
            if self.exists(new_path):
                raise OutOfScopeError(f"{new_path} exists already; choose another name")
            self._remember(path)
            self._remember(new_path)
            origin = self._origins.pop(path, path)
            self._texts[path] = None
            self._texts[new_path] = text
            if origin != new_path and self._bases.get(origin) is not None:
                self._origins[new_path] = origin

    def uri(self, path: str) -> str:
        """Return the client's URI of an open document, else the file's."""
        path = clean_path(path)
        if path in self._buffers:
            return self._buffers[path].uri
        if self.root is None:
            return f"untitled:{path}"
        return self.root.path.joinpath(path).as_uri()

    def listdir(self, path: str = "") -> list[Entry]:
        """List a folder, ignored entries left out, sorted by name."""
        path = clean_path(path)
        entries = {entry.name: entry for entry in self._scan(path)}
        prefix = f"{path}/" if path else ""
        with self._lock:
            for changed, text in [*((b, "") for b in self._buffers), *self._texts.items()]:
                if not changed.startswith(prefix):
                    continue
                name, _, rest = changed[len(prefix) :].partition("/")
                if text is not None:
                    entries[name] = Entry(name, is_dir=bool(rest))
                elif not rest:
                    entries.pop(name, None)
        if not entries and path and not self._is_folder(path):
            raise UnreadableFileError(f"there is no folder {path}")
        return sorted(entries.values(), key=lambda entry: entry.name)

    def walk(self, under: str = "") -> Iterator[str]:
        """Yield the files at and below a folder, ignored ones left out, in a stable order."""
        folders = [clean_path(under)]
        while folders:
            folder = folders.pop()
            prefix = f"{folder}/" if folder else ""
            below: list[str] = []
            for entry in self.listdir(folder):
                if entry.is_dir:
                    below.append(prefix + entry.name)
                else:
                    yield prefix + entry.name
            folders += reversed(below)

    def changes(self) -> tuple[FileChange, ...]:
        """Return the net effect, sorted by path; what comes to nothing is left out."""
        with self._lock:
            # A name that was moved away and then used anew is a modified file, not a rename.
            renames = {
                new: old for new, old in self._origins.items() if self._texts.get(old) is None
            }
            found = [
                change
                for path, text in sorted(self._texts.items())
                if (change := self._change(path, text, renames)) is not None
            ]
        return tuple(found)

    def snapshot(self) -> OverlayState:
        """Remember the run's edits so far."""
        with self._lock:
            return OverlayState(dict(self._texts), dict(self._origins))

    def restore(self, state: OverlayState) -> None:
        """Go back to a snapshot."""
        with self._lock:
            self._texts = dict(state.texts)
            self._origins = dict(state.origins)

    def _change(self, path: str, text: str | None, renames: dict[str, str]) -> FileChange | None:
        origin = renames.get(path)
        if origin is not None and text is not None:
            return FileChange(
                "rename", origin, self.uri(origin), self._bases[origin], text,
                self._version(origin), path, self.uri(path),
            )  # fmt: skip
        base = self._bases[path]
        if text == base or (text is None and path in renames.values()):
            return None
        kind: Literal["create", "modify", "delete"] = (
            "create" if base is None else "delete" if text is None else "modify"
        )
        return FileChange(kind, path, self.uri(path), base, text, self._version(path))

    def _version(self, path: str) -> int | None:
        buffer = self._buffers.get(path)
        return buffer.version if buffer else None

    def _remember(self, path: str) -> None:
        if path not in self._bases:
            self._bases[path] = self._base(path) if self._exists_below(path) else None

    def _base(self, path: str) -> str:
        if path in self._bases:
            known = self._bases[path]
            if known is not None:
                return known
        if path in self._buffers:
            return self._buffers[path].text
        if self.root is None:
            raise UnreadableFileError(f"there is no file {path}; only the open document is here")
        try:
            text = read_text(self.root.resolve(path)).content
        except UnreadableFileError as error:
            name = path.rpartition("/")[2]
            raise UnreadableFileError(f"{path}{str(error).removeprefix(name)}") from error
        # The first text seen is the one that edits are based on, so the file is read once.
        self._bases[path] = text
        return text

    def _exists_below(self, path: str) -> bool:
        if path in self._buffers:
            return True
        return self.root is not None and self.root.resolve(path).is_file()

    def _is_folder(self, path: str) -> bool:
        return self.root is not None and self.root.resolve(path).is_dir()

    def _writable(self, path: str) -> str:
        clean = clean_path(path)
        if not clean:
            raise OutsideRootError("a file's path is needed, not the workspace root")
        if self.root is not None:
            self.root.resolve(clean, for_write=True)
        elif any(is_git_folder(part) for part in clean.split("/")):
            raise OutsideRootError(f"{path!r} belongs to git; it is never written")
        if self._scope is not None and clean not in self._scope:
            allowed = ", ".join(sorted(self._scope))
            raise OutOfScopeError(f"this run may not change {clean}; it may change {allowed}")
        if self._is_folder(clean):
            raise OutOfScopeError(f"{clean} is a folder")
        return clean

    def _scan(self, path: str) -> Iterator[Entry]:
        if self.root is None or self._ignore is None:
            return
        folder = self.root.resolve(path)
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    is_dir = entry.is_dir(follow_symlinks=False)
                    if not is_dir and not self._is_inner_file(entry):
                        continue
                    if not self._ignore.ignored_entry(path, entry.name, is_dir=is_dir):
                        yield Entry(entry.name, is_dir)
        except OSError:
            # A folder that vanished or may not be read holds nothing for the run.
            return

    def _is_inner_file(self, entry: os.DirEntry[str]) -> bool:
        if not entry.is_symlink():
            return entry.is_file(follow_symlinks=False)
        real = os.path.realpath(entry.path)
        return (
            self.root is not None
            and real.startswith(f"{self.root.path}{os.sep}")
            and os.path.isfile(real)  # noqa: PTH113 - a scan of thousands of entries
        )
