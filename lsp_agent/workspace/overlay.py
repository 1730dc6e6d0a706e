"""A run's view of the workspace: the disk, under the open buffers, under the run's own edits.

Nothing here writes to the disk. The net effect of a run leaves as :class:`FileChange` records.
"""

from __future__ import annotations

import copy
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lsp_agent.workspace.disk import DiskTree, Entry
from lsp_agent.workspace.errors import (
    OutOfScopeError,
    OutsideRootError,
    UnreadableFileError,
    WorkspaceError,
)
from lsp_agent.workspace.files import FileText
from lsp_agent.workspace.roots import Root, clean_path, refuse_git_folder

__all__ = ["Buffer", "Entry", "FileChange", "Overlay", "OverlayState"]

_PINNED_CHARACTERS = 64 * 1024 * 1024
"""How much unchanged text of the disk is kept, so that a search of all files fills no memory."""


@dataclass(frozen=True, slots=True)
class Buffer:
    """An open document: ``uri`` in the client's own spelling, ``version`` as the client counts."""

    path: str
    uri: str
    text: str
    version: int | None = None


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
    each method raises :class:`OutsideRootError` for one that leaves it. A file has one path here,
    however it was spelt: links are followed, and Unicode form and case are the disk's where it
    ignores them. Thread-safe.
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
        self._disk = DiskTree(root, exclude) if root else None
        self._lock = threading.RLock()
        # What was there before the run (None: nothing), and how the files on the disk are encoded.
        self._bases: dict[str, str | None] = {}
        self._formats: dict[str, FileText] = {}
        self._room = _PINNED_CHARACTERS
        # What the run made of a path (None: deleted), and which original a moved file came from.
        self._texts: dict[str, str | None] = {}
        self._origins: dict[str, str] = {}
        self._spellings: dict[str, str] = {}
        self._buffers: dict[str, Buffer] = {}
        for buffer in buffers:
            self._buffers[self._buffer_key(buffer.path)] = buffer
        self._respell()
        self._scope = None if scope is None else frozenset(map(self._buffer_key, scope))
        self._closed: tuple[str, ...] = ()

    def close_to_writing(self, paths: Iterable[Path]) -> None:
        """Let nothing be written at these places from now on, nor below them."""
        if self.root is not None:
            top = self.root.path
            real = [Path(os.path.realpath(path)) for path in paths]
            below = [path for path in real if path != top and path.is_relative_to(top)]
            self._closed = tuple(path.relative_to(top).as_posix().casefold() for path in below)

    @property
    def scope(self) -> frozenset[str] | None:
        """The paths that may change; ``None`` allows all."""
        return self._scope

    def as_found(self) -> Overlay:
        """Return the workspace as the run found it; what that one is made to hold is not ours."""
        with self._lock:
            found = copy.copy(self)
            found._texts, found._origins = {}, {}
            found._respell()
        return found

    def fork(self) -> Overlay:
        """Return the workspace as it is now, to try things in: what changes there is not ours."""
        with self._lock:
            found = copy.copy(self)
            found._texts, found._origins = dict(self._texts), dict(self._origins)
            found._bases, found._scope = dict(self._bases), None
            found._respell()
        return found

    def spelling(self, path: str) -> str:
        """Return the one path that a file has here, however it is spelt."""
        with self._lock:
            return self._buffer_key(path)

    def read(self, path: str) -> str:
        """Return a file's text as the run sees it; raises :class:`UnreadableFileError`."""
        with self._lock:
            return self._read(self._key(path))

    def text(self, path: str) -> str | None:
        """Return a file's text as the run sees it; ``None`` where there is none it can read."""
        try:
            return self.read(path) if self.exists(path) else None
        except WorkspaceError:
            return None

    def stamp(self, path: str) -> tuple[int, int] | None:
        """Return when a file of the disk was changed, in nanoseconds, and its size in bytes.

        ``None`` where the text is not the disk's, or there is none. For paths that :meth:`walk`
        gave: nothing is resolved, so that it costs no more than the system call.
        """
        with self._lock:
            if self.root is None or path in self._texts or path in self._buffers:
                return None
            if self.root.ignores_case and (key := self._key(path)) != path:
                return self.stamp(key)
        try:
            status = os.stat(f"{self.root.path}{os.sep}{path}")  # noqa: PTH116
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size

    def unsaved(self) -> dict[str, str | None]:
        """Return the texts that are not the disk's: open documents and the run's own edits.

        ``None`` stands for a file that the run deleted.
        """
        with self._lock:
            buffers = {path: buffer.text for path, buffer in self._buffers.items()}
            return {**buffers, **self._texts}

    def exists(self, path: str) -> bool:
        """Whether a file (not a folder) is there for the run."""
        with self._lock:
            return self._exists(self._key(path))

    def write(self, path: str, text: str) -> None:
        """Create or replace a file; the text is taken as it is, line ends included.

        Raises :class:`OutOfScopeError` where the run may not write, :class:`UnreadableFileError`
        for a file that is no text, :class:`EditError` for a character that the file can't hold.
        """
        with self._lock:
            key = self._writable(path)
            self._remember(key)
            self._formats.get(self._origins.get(key, key), FileText("")).encode(text)
            self._put(key, text)

    def delete(self, path: str) -> None:
        """Delete a file; raises :class:`UnreadableFileError` when there is none."""
        with self._lock:
            key = self._writable(path, whole=True)
            self._read(key)
            self._remember(key)
            self._put(key, None)
            self._origins.pop(key, None)

    def move(self, path: str, new_path: str) -> None:
        """Rename a file; an existing target is refused with :class:`OutOfScopeError`."""
        with self._lock:
            key, new = self._writable(path, whole=True), self._writable(new_path)
            text = self._read(key)
            spelt = clean_path(new_path)
            if new == key != spelt and self._is_respelling(key, spelt):
                # The same file in another case or Unicode form: a rename of its spelling.
                self._bases.setdefault(spelt, None)
                new = spelt
            elif self._exists(new):
                raise OutOfScopeError(f"{new} exists already; choose another name")
            self._remember(key)
            self._remember(new)
            origin = self._origins.pop(key, key)
            self._put(key, None)
            self._put(new, text)
            # A name that was moved away before has given its past to another file.
            unclaimed = origin not in self._origins.values()
            if origin != new and unclaimed and self._bases.get(origin) is not None:
                self._origins[new] = origin

    def uri(self, path: str) -> str:
        """Return the client's URI of an open document, else the file's."""
        with self._lock:
            key = self._key(path)
            if key in self._buffers:
                return self._buffers[key].uri
        if self.root is None:
            return f"untitled:{key}"
        return self.root.path.joinpath(key).as_uri()

    def leaves_out(self, path: str) -> bool:
        """Whether a file is one that :meth:`walk` does not give, there or not."""
        return self._disk is not None and self._disk.leaves_out(path)

    def listdir(self, path: str = "") -> list[Entry]:
        """List a folder, ignored entries left out, sorted by name.

        Raises :class:`UnreadableFileError` when there is no such folder.
        """
        with self._lock:
            key = self._key(path)
            entries = self._entries(key)
            if not entries and key and not (self._disk and self._disk.is_folder(key)):
                what = "is a file, not a folder" if self._exists(key) else "is no folder"
                raise UnreadableFileError(f"{key} {what}")
            return entries

    def walk(self, under: str = "") -> Iterator[str]:
        """Yield the files at and below a path, ignored ones left out, sorted.

        Raises :class:`UnreadableFileError` when nothing is there.
        """
        with self._lock:
            start = self._key(under)
            if start and self._exists(start):
                waiting = [(start, False)]
            else:
                self.listdir(start)
                waiting = [(start, True)]
        while waiting:
            path, is_dir = waiting.pop()
            if not is_dir:
                yield path
                continue
            prefix = f"{path}/" if path else ""
            with self._lock:
                entries = self._entries(path)
            # A folder sorts as the paths in it do.
            entries.sort(key=lambda entry: entry.name + "/" * entry.is_dir, reverse=True)
            waiting += [(prefix + entry.name, entry.is_dir) for entry in entries]

    def changes(self) -> tuple[FileChange, ...]:
        """Return the net effect, sorted by path; what comes to nothing is left out."""
        with self._lock:
            # A name that was used anew, before or after the move, is a modified file instead.
            renames = {
                new: old
                for new, old in self._origins.items()
                if self._texts.get(old) is None and self._bases.get(new) is None
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
            self._respell()

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

    # Below here paths are keys: the one spelling of a file.

    def _key(self, path: str) -> str:
        if path in self._texts or path in self._buffers:
            return path
        clean = clean_path(path)
        if self.root is None or not clean:
            return clean
        canonical = self.root.canonical(clean)
        known = self._spellings.get(self.root.fold(canonical), canonical)
        # Where both spellings are files of their own, each is meant by itself.
        if known != canonical and not self.root.ignores_case and self._is_on_disk(canonical):
            return canonical
        return known

    def _buffer_key(self, path: str) -> str:
        if self.root is None:
            return path
        try:
            return self._key(path)
        except OutsideRootError:
            # A document behind a link that leaves: its text is the client's to show, and
            # resolving its path refuses every change.
            return path

    def _respell(self) -> None:
        if self.root is not None:
            # A file that is there comes last, and so wins over a deleted one.
            texts = sorted(self._texts, key=lambda path: self._texts[path] is not None)
            self._spellings = {self.root.fold(path): path for path in (*self._buffers, *texts)}

    def _is_respelling(self, key: str, spelt: str) -> bool:
        return self.root is not None and self.root.fold(key) == self.root.fold(spelt)

    def _put(self, key: str, text: str | None) -> None:
        self._texts[key] = text
        if self.root is not None and text is not None:
            self._spellings[self.root.fold(key)] = key

    def _read(self, key: str) -> str:
        if key in self._texts:
            text = self._texts[key]
            if text is None:
                raise UnreadableFileError(f"{key} was deleted in this run")
            return text
        return self._base(key)

    def _exists(self, key: str) -> bool:
        if key in self._texts:
            return self._texts[key] is not None
        return key in self._buffers or self._is_on_disk(key)

    def _is_on_disk(self, key: str) -> bool:
        return self._disk is not None and self._disk.is_file(key)

    def _remember(self, key: str) -> None:
        if key not in self._bases:
            there = key in self._buffers or self._is_on_disk(key)
            self._bases[key] = self._base(key) if there else None

    def _base(self, key: str) -> str:
        """Return what was there before the run: the first text that it saw."""
        known = self._bases.get(key)
        if known is not None:
            return known
        if key in self._buffers:
            return self._buffers[key].text
        if self._disk is None:
            raise UnreadableFileError(f"there is no file {key}; only the open document is here")
        file = self._disk.read(key)
        self._formats[key] = FileText("", file.encoding, file.bom)
        if len(file.content) <= self._room:
            self._room -= len(file.content)
            self._bases[key] = file.content
        return file.content

    def _writable(self, path: str, *, whole: bool = False) -> str:
        """Return the key of a path that may change; ``whole`` is for a file's going away."""
        key = self._key(path)
        if not key:
            raise OutsideRootError("a file's path is needed, not the workspace root")
        self._refuse_scope(key)
        if any(f"{key.casefold()}/".startswith(f"{one}/") for one in self._closed):
            raise OutsideRootError(f"{key} is the agent's own; no run may write it")
        if self.root is None:
            refuse_git_folder(path.replace("\\", "/").split("/"), path)
            if whole or key not in self._buffers:
                raise OutOfScopeError(f"{key} is outside every folder; only its text may change")
            return key
        self.root.resolve(path, for_write=True)
        if whole and self.root.is_link(path):
            raise OutOfScopeError(f"{path} is a link to {key}; name that file itself")
        self._refuse_folder(key)
        return key

    def _refuse_scope(self, key: str) -> None:
        if self._scope is not None and key not in self._scope:
            allowed = ", ".join(sorted(self._scope)) or "nothing"
            raise OutOfScopeError(f"this run may not change {key}; it may change {allowed}")

    def _refuse_folder(self, key: str) -> None:
        made = (path for path, text in self._texts.items() if text is not None)
        below = any(path.startswith(f"{key}/") for path in (*made, *self._buffers))
        if below or (self._disk and self._disk.is_folder(key)):
            raise OutOfScopeError(f"{key} is a folder; name a file")
        parts = key.split("/")
        for depth in range(1, len(parts)):
            folder = "/".join(parts[:depth])
            # A deleted file counts too: no client turns a file into a folder in one edit.
            if self._exists(folder) or self._is_on_disk(folder):
                raise OutOfScopeError(f"{folder} is a file, so {key} can't be in it")

    def _entries(self, key: str) -> list[Entry]:
        entries = {entry.name: entry for entry in self._disk.scan(key)} if self._disk else {}
        prefix = f"{key}/" if key else ""
        shown: dict[str, str | None] = {**dict.fromkeys(self._buffers, ""), **self._texts}
        for path, text in shown.items():
            if not path.startswith(prefix):
                continue
            name, _, rest = path[len(prefix) :].partition("/")
            if text is None:
                if not rest:
                    entries.pop(name, None)
            elif not (self._disk and self._disk.ignored(key, name, is_dir=bool(rest))):
                entries[name] = Entry(name, is_dir=bool(rest))
        return sorted(entries.values(), key=lambda entry: entry.name)
