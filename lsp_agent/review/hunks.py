"""The changed stretches of a file, none too long to be read at once.

Where they are cut depends on what stands there, not on line numbers, so that a change above leaves
the ones below as they were.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from zlib import crc32

from lsp_agent.review.types import ChangedFile, Hunk, Row
from lsp_agent.workspace.sequences import Hunk as Difference
from lsp_agent.workspace.sequences import hunks

CONTEXT = 3
"""Unchanged lines shown on each side."""

MAX_ROWS = 60
"""Most lines of a hunk; a longer one is cut, where a block begins if possible."""

_LONG = 40


def changed_hunks(file: ChangedFile) -> list[Hunk]:
    """Return what changed in a file, in order; line ends and white space at ends do not count.

    A stretch in which only blank lines changed is none, and none begins or ends with them.
    """
    before, after = _lines(file.before or ""), _lines(file.after)
    old = [line.rstrip() for line in before]
    new = [line.rstrip() for line in after]
    found: list[Hunk] = []
    changes = [
        one
        for one in hunks(old, new)
        if any(old[one.start : one.end]) or any(new[one.new_start : one.new_end])
    ]
    for group in _groups(changes):
        first = max(group[0].new_start - CONTEXT, 0)
        rows = list(_rows(group, first, before, after))
        while not rows[0].text.strip():
            first += rows.pop(0).sign != "-"
        while not rows[-1].text.strip():
            rows.pop()
        found += _cut(file.path, first, rows)
    return found


def halves(hunk: Hunk) -> list[Hunk]:
    """Return a hunk in two parts, those without a change left out; one line stays whole."""
    if len(hunk.rows) < 2:
        return [hunk]
    middle = len(hunk.rows) // 2
    return _parts(hunk.path, hunk.first, [hunk.rows[:middle], hunk.rows[middle:]])


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _groups(found: Sequence[Difference]) -> list[list[Difference]]:
    """Put differences together whose contexts would meet."""
    groups: list[list[Difference]] = []
    for one in found:
        if groups and one.new_start - groups[-1][-1].new_end <= 2 * CONTEXT:
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups


def _rows(
    group: Sequence[Difference], first: int, before: Sequence[str], after: Sequence[str]
) -> Iterator[Row]:
    at = first
    for one in group:
        yield from (Row(" ", line) for line in after[at : one.new_start])
        yield from (Row("-", line) for line in before[one.start : one.end])
        yield from (Row("+", line) for line in after[one.new_start : one.new_end])
        at = one.new_end
    yield from (Row(" ", line) for line in after[at : at + CONTEXT])


def _cut(path: str, first: int, rows: Sequence[Row]) -> list[Hunk]:
    """Cut rows before lines that begin a block: before one in three, and where it gets long."""
    if len(rows) <= MAX_ROWS:
        return [Hunk(path, first, tuple(rows))]
    pieces: list[list[Row]] = [[]]
    for number, row in enumerate(rows):
        size = len(pieces[-1])
        begins = size > 0 and _begins(rows, number)
        if size >= MAX_ROWS or (begins and (size >= _LONG or _marks(row))):
            pieces.append([])
        pieces[-1].append(row)
    return _parts(path, first, pieces)


def _begins(rows: Sequence[Row], number: int) -> bool:
    """Whether a line at the margin follows a blank one."""
    text = rows[number].text
    return bool(text) and not text[0].isspace() and not rows[number - 1].text.strip()


def _marks(row: Row) -> bool:
    """Whether a line is one to cut at, wherever the last cut was (content-defined chunking)."""
    return crc32(row.text.encode("utf-8", "replace")) % 3 == 0


def _parts(path: str, first: int, pieces: Sequence[Sequence[Row]]) -> list[Hunk]:
    found: list[Hunk] = []
    for piece in pieces:
        hunk = Hunk(path, first, tuple(piece))
        if any(row.sign != " " and row.text.strip() for row in piece):
            found.append(hunk)
        first = hunk.end
    return found
