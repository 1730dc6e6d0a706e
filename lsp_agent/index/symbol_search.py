"""Finding definitions by a part of their name, the likeliest first.

The order is that of editors' symbol pickers: the name itself, its beginning, the beginning of one
of its words, a part of it, its letters in order; then what a file is about before what is in it.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from lsp_agent.index.naming import match_expression, name_words, trigrams
from lsp_agent.index.types import SymbolRow
from lsp_agent.workspace.names import is_test

_MAX_NAMES, _MAX_FUZZY, _MAX_ROWS, _BATCH = 400, 4000, 1000, 40
_SEPARATOR = re.compile(r"::|[.#/\\]")
_WEIGHTS = {
    "class": 0, "interface": 0, "struct": 0, "enum": 0, "trait": 0, "module": 0, "namespace": 0,
    "type": 1, "function": 1, "method": 2, "constructor": 2, "macro": 2, "constant": 3,
}  # fmt: skip
_OTHER_WEIGHT = 4
COLUMNS = (
    "f.path, f.language, s.kind, n.name, s.parent, s.signature, s.documentation, s.line, "
    "s.character, s.start_line, s.end_line"
)
TABLES = "symbols s join files f on f.id = s.file join names n on n.id = s.name"


@dataclass(frozen=True, slots=True)
class SymbolQuery:
    """What is searched for: a name in part, what lies around it, kinds and languages (or all).

    Case does not matter, but decides between equals.
    """

    name: str
    around: tuple[str, ...] = ()
    kinds: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()

    @classmethod
    def read(
        cls, text: str, kinds: Iterable[str] = (), languages: Iterable[str] = ()
    ) -> SymbolQuery:
        """Read what a person typed.

        Of several parts (``Class.method``, ``module::item``) the last one is the name, the others
        are wanted in what is around it.
        """
        *around, name = [part for part in _SEPARATOR.split(text.strip()) if part] or [""]
        return cls(name, tuple(around), frozenset(kinds), frozenset(languages))

    def allows(self, row: SymbolRow) -> bool:
        """Whether all but the name fits."""
        place = f"{row.path}/{row.parent}".lower()
        return (
            (not self.kinds or row.kind in self.kinds)
            and (not self.languages or row.language in self.languages)
            and all(part.lower() in place for part in self.around)
        )


def find_symbols(connection: sqlite3.Connection, query: SymbolQuery, limit: int) -> list[SymbolRow]:
    """Return at most ``limit`` definitions."""
    name = query.name
    if not name:
        return []
    found: list[SymbolRow] = []
    # Better names first, and no more of them than it takes: a row costs more than a name.
    for _, group in groupby(_names(connection, name), key=lambda one: one[0]):
        ids = [id_ for _, _, id_ in group]
        for start in range(0, len(ids), _BATCH):
            found += [
                row
                for row in _rows(connection, ids[start : start + _BATCH], query.around)
                if query.allows(row)
            ]
            if len(found) >= 4 * limit:
                break
        if len(found) >= limit:
            break
    found.sort(key=lambda row: rank(row, query))
    return found[:limit]


def grade(name: str, query: str) -> int | None:
    """Return how well a name fits, 0 is best; ``None`` where it does not."""
    low, wanted = name.lower(), query.lower()
    if name == query:
        return 0
    if low == wanted:
        return 1
    if low.startswith(wanted):
        return 2
    if wanted in low:
        initials = "".join(word[0] for word in name_words(name))
        begins = any(_word_starts(name, at) for at in _places(low, wanted))
        return 3 if begins or initials.startswith(wanted) else 4
    if _in_order(low, wanted):
        return 5
    return None


def _names(connection: sqlite3.Connection, query: str) -> list[tuple[int, int, int]]:
    """Return grade, length and id of defined names that may fit, those that fit best first."""
    found: dict[int, str] = {}
    sql = (
        "select id, name from names where defined is not null and name collate nocase >= ? "
        "and name collate nocase < ? order by {} limit ?"
    )
    prefixed = (query, query + "\U0010ffff")
    found.update(connection.execute(sql.format("length(name)"), (*prefixed, _MAX_NAMES)))
    if len(query) >= 3 and len(found) < _MAX_NAMES:
        rows = connection.execute(
            "select n.id, n.name from symbol_names t join names n on n.id = t.rowid "
            "where symbol_names match ? limit ?",
            (match_expression(trigrams(query), " AND "), _MAX_NAMES),
        )
        found.update(rows)
    if not found and query[0].isalpha():
        low = query.lower()
        rows = connection.execute(sql.format("id"), (query[0], query[0] + "\U0010ffff", _MAX_FUZZY))
        found.update(row for row in rows if _in_order(row[1].lower(), low))
    return sorted(
        (fit, len(name), id_)
        for id_, name in found.items()
        if (fit := grade(name, query)) is not None
    )


def _rows(
    connection: sqlite3.Connection, names: list[int], around: tuple[str, ...]
) -> list[SymbolRow]:
    marks = ",".join("?" * len(names))
    # SQLite folds the case of ASCII only.
    parts = [part.lower() for part in around if part.isascii()]
    wanted = "".join(" and instr(lower(f.path || '/' || s.parent), ?)" for _ in parts)
    sql = f"select {COLUMNS} from {TABLES} where s.name in ({marks}){wanted} limit {_MAX_ROWS}"
    return [SymbolRow(*row) for row in connection.execute(sql, (*names, *parts))]


def rank(row: SymbolRow, query: SymbolQuery) -> tuple[object, ...]:
    """Return a key that sorts those first that are likelier meant."""
    fit = grade(row.name, query.name)
    weight = _WEIGHTS.get(row.kind, _OTHER_WEIGHT)
    return (
        fit,
        _distance(row, query.around),
        is_test(row.path),
        weight,
        len(row.name),
        row.path.count("/"),
        row.path,
        row.line,
    )


def _distance(row: SymbolRow, around: tuple[str, ...]) -> int:
    """Return how far what lies around a symbol is from what was asked for, 0 is what was said."""
    if not around:
        return 0
    wanted = [part.lower() for part in around]
    holders = row.parent.lower().split(".")
    if holders[-len(wanted) :] == wanted:
        return 0
    words = {*holders, *re.split(r"[/.]", row.path.lower())}
    return 1 if words.issuperset(wanted) else 2


def _places(text: str, part: str) -> list[int]:
    return [match.start() for match in re.finditer(re.escape(part), text)]


def _word_starts(name: str, at: int) -> bool:
    if at == 0 or not name[at - 1].isalnum():
        return True
    return name[at].isupper() and not name[at - 1].isupper()


def _in_order(text: str, letters: str) -> bool:
    rest = iter(text)
    return all(letter in rest for letter in letters)
