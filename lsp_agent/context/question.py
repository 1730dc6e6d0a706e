"""A question to the workspace, and what it names outright: symbols and files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from lsp_agent.context.builder import Note
from lsp_agent.context.spans import VALUES
from lsp_agent.index.types import SymbolRow
from lsp_agent.index.view import IndexView
from lsp_agent.workspace.names import is_test

MAX_QUERY = 20_000
_MAX_NAMES, _MAX_DEFINERS = 200, 8
_NAME = re.compile(r"[^\W\d]\w*(?:(?:\.|::)[^\W\d]\w*)*")
_PATH = re.compile(r"[\w.~-]+(?:/[\w.~-]+)*\.\w{1,8}|[\w.~-]+(?:/[\w.~-]+)+")
_LEAST_LETTERS = 3
_LESS, _MOST_ATTRIBUTES = 0.5, 3
_QUOTED = re.compile(r"`([^`\n]+)`|\"([^\"\n]+)\"|(?<!\w)'([^'\n]+)'(?!\w)|[‘“]([^’”\n]+)[’”]")
_ERROR = re.compile(
    r"\b\w*(?:[Ee]rror|Exception|Warning|panicked|FATAL)\b[^:\n]{0,40}:[ \t]+(\S[^\n]+)"
)
_FILLED = re.compile(r"['\"`<>{}\[\]]|\S*[\d/]\S*")
_LEAST_MESSAGE, _MAX_MESSAGES = 10, 6


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and what is at hand while it is asked.

    ``paths`` are files in focus, ``recent`` ones lately edited (the latest last), ``notes`` the
    diagnostics reported in the first of ``paths``, ``used`` names that the code at hand there uses.
    Of a long ``text`` the first 20,000 characters count. Files in ``shown`` are before the model's
    eyes already.
    """

    text: str = ""
    paths: tuple[str, ...] = ()
    recent: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    shown: frozenset[str] = frozenset()
    used: frozenset[str] = frozenset()

    @property
    def words(self) -> str:
        """The text and the diagnostics' messages."""
        return "\n".join([self.text[:MAX_QUERY], *(note.message for note in self.notes[:20])])


@dataclass(frozen=True, slots=True)
class Named:
    """What a question names: definitions with how surely each is meant (0 to 1), and files."""

    symbols: tuple[tuple[SymbolRow, float], ...]
    files: tuple[str, ...]


def named_in(question: Question, view: IndexView) -> Named:
    """Find the definitions and files that a question names, exactly as they are written.

    A plain lower-case word names nothing unless it is quoted as code: most names are words too. In
    ``package.module.name`` the path may say what the definition's own name does not. Tests, and
    constants beside a class or function, are meant less. Cost: a lookup for each of at most 200
    names.
    """
    text = question.words
    files = tuple(_files(text, view))
    found: dict[SymbolRow, float] = {}
    for name in _names(_without_paths(text, files)):
        for row, sure in _meant(name.replace("::", "."), view):
            found[row] = max(found.get(row, 0.0), sure)
    return Named(tuple(found.items()), files)


def messages_in(text: str) -> list[str]:
    """Return what a text quotes, and error messages in it, as far as they may stand in a program.

    Beside each message stand the parts of it between numbers, paths and quoted values, as those are
    filled in: the longest first.
    """
    quoted = [next(filter(None, groups), "") for groups in _QUOTED.findall(text)]
    found = []
    for one in dict.fromkeys(one.strip() for one in [*quoted, *_ERROR.findall(text)]):
        if len(one) >= _LEAST_MESSAGE and " " in one:
            parts = {part.strip(" .,:;()") for part in _FILLED.split(one)} - {one}
            kept = [part for part in parts if len(part) >= _LEAST_MESSAGE and " " in part]
            found += [one, *sorted(kept, key=lambda part: (-len(part), part))[:2]]
    return found[:_MAX_MESSAGES]


def _meant(name: str, view: IndexView) -> Iterator[tuple[SymbolRow, float]]:
    """Yield the definitions that a name means, with how surely."""
    rows, sure = view.definitions(name), 1.0
    head, _, last = name.rpartition(".")
    if not rows and head:
        every = view.definitions(last)
        rows = [row for row in every if _within(head.split("."), row)]
        if not rows and len(every) <= _MOST_ATTRIBUTES:
            # An attribute of an object whose class nobody named.
            rows, sure = every, _LESS
    ranks = {row: (is_test(row.path), row.kind in VALUES) for row in rows}
    best = [row for row in rows if ranks[row] == min(ranks.values())]
    if len(best) <= _MAX_DEFINERS:
        for row in rows[: 2 * _MAX_DEFINERS]:
            yield row, sure * len(best) ** -0.5 * (1.0 if row in best else _LESS)


def _within(names: Sequence[str], row: SymbolRow) -> bool:
    """Whether names stand, in their order, in a definition's path and what is around it."""
    parts = iter([*PurePosixPath(row.path).with_suffix("").parts, *row.parent.split(".")])
    return all(name in parts for name in names)


def _without_paths(text: str, files: Sequence[str]) -> str:
    """Blank the paths in a text, so that their parts name nothing else."""
    names = {PurePosixPath(path).name for path in files}
    return _PATH.sub(lambda match: " " if "/" in match[0] or match[0] in names else match[0], text)


def _names(text: str) -> list[str]:
    quoted = {name for part in re.findall(r"`([^`\n]+)`", text) for name in _NAME.findall(part)}
    called = set(re.findall(r"([^\W\d][\w.]*)\(", text))
    written = [
        name
        for name in _NAME.findall(text)
        if len(name) >= _LEAST_LETTERS
        and (name in quoted or name in called or _looks_like_code(name))
    ]
    return list(dict.fromkeys(written))[:_MAX_NAMES]


def _looks_like_code(name: str) -> bool:
    return (
        "_" in name.strip("_")
        or "." in name
        or "::" in name
        or (not name.islower() and not name.isupper() and name[1:] != name[1:].lower())
        or (name[:1].isupper() and name[1:].islower())
    )


def _files(text: str, view: IndexView) -> Iterable[str]:
    written = {match.removeprefix("./") for match in _PATH.findall(text)}
    if not written:
        return []
    names = {PurePosixPath(path).name for path in written}
    return [
        path
        for path in view.paths()
        if PurePosixPath(path).name in names
        and any(f"/{path}".endswith(f"/{one}") for one in written)
    ]
