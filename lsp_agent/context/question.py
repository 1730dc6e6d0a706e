"""A question to the workspace, and what it names outright: symbols and files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from lsp_agent.context.builder import Note
from lsp_agent.index.types import SymbolRow
from lsp_agent.index.view import IndexView

MAX_QUERY = 20_000
_MAX_NAMES, _MAX_DEFINERS = 200, 8
_NAME = re.compile(r"[^\W\d]\w*(?:(?:\.|::)[^\W\d]\w*)*")
_PATH = re.compile(r"[\w.~-]+(?:/[\w.~-]+)*\.\w{1,8}|[\w.~-]+(?:/[\w.~-]+)+")
_LEAST_LETTERS = 3


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and what is at hand while it is asked.

    ``paths`` are files in focus, ``recent`` ones lately edited (the latest last), ``notes`` the
    diagnostics reported in the first of ``paths``. Of a long ``text`` the first 20,000 characters
    count. Files in ``shown`` are before the model's eyes already.
    """

    text: str = ""
    paths: tuple[str, ...] = ()
    recent: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    shown: frozenset[str] = frozenset()

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

    A plain lower-case word names nothing unless it is quoted as code: most names are words too.
    Cost: a lookup for each of at most 200 names.
    """
    text = question.words
    found: dict[SymbolRow, float] = {}
    for name in _names(text):
        rows = view.definitions(name.replace("::", "."))
        if 0 < len(rows) <= _MAX_DEFINERS:
            for row in rows:
                found[row] = max(found.get(row, 0.0), len(rows) ** -0.5)
    return Named(tuple(found.items()), tuple(_files(text, view)))


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
