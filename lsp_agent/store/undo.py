"""Taking back what a run changed: the inverse edit of exactly that, on the texts as they are now.

Nothing is restored from a copy of the workspace. A text that is still the run's becomes what it was
before; one that somebody changed since is merged three ways (the base is the run's text, one side
what it was before, the other what it is now), and where both sides changed the same lines the file
is left alone and reported.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lsp_agent.workspace.errors import RebaseConflictError, WorkspaceError
from lsp_agent.workspace.overlay import FileChange
from lsp_agent.workspace.rebase import rebase
from lsp_agent.workspace.text import split_lines

Read = Callable[[str], str | None]
"""Gives a path's text as it is now, ``None`` where there is no file."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A file that is left as it is: why, and in which lines of its text, from 1, both included."""

    path: str
    reason: str
    lines: tuple[tuple[int, int], ...] = ()

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.path}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Undo:
    """What is to be done to take changes back, and what can't be."""

    changes: tuple[FileChange, ...] = ()
    conflicts: tuple[Conflict, ...] = ()


class _LeftAloneError(Exception):
    def __init__(self, conflict: Conflict) -> None:
        super().__init__(str(conflict))
        self.conflict = conflict


def plan_undo(changes: Sequence[FileChange], read: Read) -> Undo:
    """Return the inverse of a run's changes, for the texts that ``read`` gives.

    A change that is not there (never applied, or taken back by hand) needs nothing. A file that
    the run made goes only if nobody wrote in it since; one that it deleted comes back unless
    something is in its place. Each inverse has the present text as its ``before``, so that whoever
    carries it out can tell whether it is still so. ``read`` may raise ``WorkspaceError`` for a file
    that can't be read: it is left alone.
    """
    found: list[FileChange] = []
    conflicts: list[Conflict] = []
    for change in changes:
        try:
            inverse = _inverse(change, _Reader(read))
        except _LeftAloneError as error:
            conflicts.append(error.conflict)
        else:
            found += [inverse] if inverse is not None else []
    return Undo(tuple(found), tuple(conflicts))


def holds(change: FileChange, path: str, text: str | None) -> bool:
    """Whether a change of a file, or a part of it, is in a text of the file at ``path``."""
    before = change.before if path == change.path else None
    after = None if change.new_path and path == change.path else change.after
    if before is None or after is None or text is None:
        return (text is None) == (after is None)
    try:
        return rebase(after, before, text) != text
    except RebaseConflictError:
        # Other changes are mixed with it: its own lines say whether it is there.
        old, new = Counter(split_lines(before)), Counter(split_lines(after))
        there = Counter(split_lines(text))
        return bool((new - old) & there) or (not new - old and not (old - new) & there)


class _Reader:
    """Reads, and turns what can't be read into a conflict."""

    def __init__(self, read: Read) -> None:
        self._read = read

    def __call__(self, path: str) -> str | None:
        try:
            return self._read(path)
        except WorkspaceError as error:
            raise _LeftAloneError(Conflict(path, str(error))) from error


def _inverse(change: FileChange, read: _Reader) -> FileChange | None:
    if change.new_path is not None:
        return _moved_back(change, change.new_path, read)
    now = read(change.path)
    if now == change.before:
        return None
    if change.before is None:
        if now == change.after:
            return FileChange("delete", change.path, change.uri, now, None)
        raise _left(change.path, "it was changed since the run made it")
    if change.after is None:
        if now is None:
            return FileChange("create", change.path, change.uri, None, change.before)
        raise _left(change.path, "the run deleted it, and there is another file in its place")
    if now is None:
        raise _left(change.path, "it was deleted since the run changed it")
    return _modified(change, change.path, change.uri, now)


def _moved_back(change: FileChange, new_path: str, read: _Reader) -> FileChange | None:
    old, new = read(change.path), read(new_path)
    new_uri = change.new_uri or change.uri
    if new is not None and old == new and change.path.casefold() == new_path.casefold():
        # Where case does not count, both names are the one file.
        old = None
    if new is None:
        if old is None:
            raise _left(new_path, "it was deleted since the run moved it there")
        return _modified(change, change.path, change.uri, old)
    if old is not None:
        raise _left(change.path, f"the run moved it to {new_path}, and there is another one now")
    inverse = _modified(change, new_path, new_uri, new)
    return FileChange(
        "rename", new_path, new_uri, new, inverse.after if inverse else new,
        new_path=change.path, new_uri=change.uri,
    )  # fmt: skip


def _modified(change: FileChange, path: str, uri: str, now: str) -> FileChange | None:
    before, after = change.before or "", change.after or ""
    try:
        text = rebase(after, before, now)
    except RebaseConflictError as error:
        where = ", ".join(
            str(first) if first == last else f"{first}-{last}" for first, last in error.spans
        )
        reason = f"what the run changed was changed again since, in line(s) {where}"
        raise _LeftAloneError(Conflict(path, reason, tuple(error.spans))) from error
    return None if text == now else FileChange("modify", path, uri, now, text)


def _left(path: str, reason: str) -> _LeftAloneError:
    return _LeftAloneError(Conflict(path, reason))
