"""Where a file is cut into passages: definitions as a reader takes them, not as a parser does.

A class goes with its fields, its methods stand alone; a function goes with what is defined inside
it, unless it is long; constants that follow one another are one passage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lsp_agent.context.symbol_weight import parents
from lsp_agent.index.types import SymbolRow
from lsp_agent.workspace.text import Text

BLOCK_LINES = 24
_MAX_LINES, _LONG = 400, 80
_FIELD_LINES = 6
VALUES = frozenset({"field", "property", "constant", "variable", "enum_member", "event", "key"})
"""Kinds of what holds a value."""
_FUNCTIONS = frozenset({"function", "method", "constructor", "macro"})
PROSE = frozenset({"markdown", "toml", "yaml", "json"})
"""Languages whose definitions are headings and keys: these say nothing without what is below."""


@dataclass(frozen=True, slots=True)
class Span:
    """Lines ``start`` to ``end`` (0-based, both included) and the definitions that begin there.

    The first of ``rows`` is what the lines are of; there is none in a file without definitions.
    """

    rows: tuple[SymbolRow, ...]
    start: int
    end: int

    @property
    def main(self) -> SymbolRow | None:
        """The definition that the lines are of, where they are of one that can be told shortly."""
        first = self.rows[0] if self.rows else None
        plain = first is None or first.language in PROSE or first.kind in VALUES
        return None if plain else first


def is_value(row: SymbolRow) -> bool:
    """Whether a definition is a mere field, constant or key."""
    return row.kind in VALUES and row.end_line - row.start_line < _FIELD_LINES


def spans_of(rows: Sequence[SymbolRow], text: Text) -> list[Span]:
    """Cut a file; ``rows`` are its definitions. Blank lines at a span's end are left out.

    A span has at most 400 lines; without definitions blocks of 24 lines are cut.
    """
    last = text.line_count - 1
    rows = [row for row in rows if row.start_line <= last and row.name != "__all__"]
    if not rows:
        blocks = range(0, last + 1, BLOCK_LINES)
        cut = [Span((), at, min(at + BLOCK_LINES - 1, last)) for at in blocks]
    else:
        cut = _joined(_definitions(rows))
    return [one for span in cut if (one := _trimmed(span, text, last)) is not None]


def _definitions(rows: Sequence[SymbolRow]) -> list[Span]:
    outer = parents(rows)
    inside: set[int] = set()
    ends: dict[int, int] = {}
    for at, row in enumerate(rows):
        above = outer[at]
        if above is not None and (above in inside or _belongs(row, rows[above], above in ends)):
            inside.add(at)
        elif above is not None:
            ends.setdefault(above, row.start_line - 1)
    held: dict[int, list[SymbolRow]] = {at: [row] for at, row in enumerate(rows)}
    for at in sorted(inside):
        above = outer[at]
        while above in inside:
            above = outer[above]
        if above is not None:
            held[above].append(rows[at])
    return [
        Span(tuple(held[at]), row.start_line, max(ends.get(at, row.end_line), row.start_line))
        for at, row in enumerate(rows)
        if at not in inside
    ]


def _belongs(row: SymbolRow, outer: SymbolRow, ended: bool) -> bool:
    """Whether a definition is shown with the one that it stands in; ``ended``: others are not."""
    if outer.language in PROSE and outer.language != "markdown":
        return True
    if outer.kind in _FUNCTIONS and outer.end_line - outer.start_line < _LONG:
        return True
    return is_value(row) and not ended


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Make one of values that follow one another with at most a line between them."""
    found: list[Span] = []
    for one in spans:
        before = found[-1] if found else None
        if (
            before is not None
            and is_value(one.rows[0])
            and is_value(before.rows[0])
            and one.rows[0].parent == before.rows[0].parent
            and one.start - before.end <= 2
            and one.end - before.start < BLOCK_LINES
        ):
            found[-1] = Span((*before.rows, *one.rows), before.start, max(one.end, before.end))
        else:
            found.append(one)
    return found


def _trimmed(span: Span, text: Text, last: int) -> Span | None:
    end = min(span.end, last, span.start + _MAX_LINES - 1)
    while end >= span.start and not text.line(end).strip():
        end -= 1
    return Span(span.rows, span.start, end) if end >= span.start else None
