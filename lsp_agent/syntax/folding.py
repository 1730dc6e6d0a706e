"""Which lines of a file an editor can fold away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from lsp_agent.syntax.parser import captures, query

if TYPE_CHECKING:
    from tree_sitter import Node

    from lsp_agent.syntax.document import SyntaxDocument

_MARK = re.compile(r"\W*(?P<end>end)?region\b")
# A last line of nothing but what closes the stretch stays visible.
_CLOSER = re.compile(r"\s*(?:[\])}]+|end|fi|done|esac|</[^<>]*>)")


class Fold(NamedTuple):
    """Lines from ``start_line``, which stays visible, to ``end_line``, both 0-based.

    ``kind`` is empty, ``comment``, ``imports`` or ``region``.
    """

    start_line: int
    end_line: int
    kind: str


def folds(document: SyntaxDocument) -> list[Fold]:
    """Return the folds of a file in source order, at most one a line: the longest.

    Cost: one query over the tree, then a few µs a fold.
    """
    root = document.root
    if root is None or document.language is None:
        return []
    marked = captures(query(document.language, "folds"), root)
    comments = marked.get("fold.comment", [])
    found = [
        *_bodies(document, marked),
        *_runs(document, marked.get("fold.imports", []), "imports"),
        *_runs(document, comments, "comment"),
        *_regions(document, [*comments, *marked.get("fold.region", [])]),
    ]
    longest: dict[int, Fold] = {}
    for fold in found:
        known = longest.get(fold.start_line)
        if fold.end_line > fold.start_line and (known is None or fold.end_line > known.end_line):
            longest[fold.start_line] = fold
    return [longest[line] for line in sorted(longest)]


def _bodies(document: SyntaxDocument, marked: dict[str, list[Node]]) -> Iterator[Fold]:
    for node in marked.get("fold", ()):
        first, (row, column) = node.start_point[0], node.end_point
        if row > first:
            yield Fold(first, _last_line(document, first, row, column), "")
    for node in marked.get("fold.body", ()):
        before = node.prev_sibling
        first = before.end_point[0] if before is not None else node.start_point[0]
        row, column = node.end_point
        yield Fold(first, _last_line(document, first, row, column), "")


def _last_line(document: SyntaxDocument, first: int, row: int, column: int) -> int:
    """Return the last line to fold away of a stretch that ends at a row and column."""
    line = document.text.line
    if _CLOSER.fullmatch(line(row)[:column]):
        return row - 1
    # Some nodes hold the line ends and empty lines behind them.
    while row > first and not line(row)[:column].strip():
        row, column = row - 1, len(line(row - 1))
    return row


def _runs(document: SyntaxDocument, nodes: list[Node], kind: str) -> Iterator[Fold]:
    """Yield the runs of nodes that follow one another, imports over empty lines too."""
    line = document.text.line
    first = last = -1
    for node in sorted(nodes, key=lambda node: node.start_byte):
        (start, column), (end, behind) = node.start_point, node.end_point
        if kind == "comment" and (line(start)[:column].strip() or _MARK.match(line(start))):
            continue
        if end > start and not behind:
            end -= 1
        between = range(last + 1, start) if last >= 0 else ()
        joined = last >= 0 and not any(kind == "comment" or line(row).strip() for row in between)
        if not joined:
            yield Fold(first, last, kind)
            first = start
        last = max(last, end) if joined else end
    yield Fold(first, last, kind)


def _regions(document: SyntaxDocument, nodes: list[Node]) -> Iterator[Fold]:
    opened: list[int] = []
    for node in sorted(nodes, key=lambda node: node.start_byte):
        row = node.start_point[0]
        mark = _MARK.match(document.text.line(row))
        if mark is None:
            continue
        if not mark["end"]:
            opened.append(row)
        elif opened:
            yield Fold(opened.pop(), row, "region")
