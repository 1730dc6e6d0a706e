"""What an editor selects when a selection is widened step by step."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lsp_agent.workspace.positions import Position, Range

if TYPE_CHECKING:
    from tree_sitter import Node

    from lsp_agent.syntax.document import SyntaxDocument

_WORD = re.compile(r"\w+")
_QUOTED = re.compile(r"\w{0,3}(\"\"\"|'''|[\"'`])(?P<content>.*)\1", re.DOTALL)
_MOST = 200
"""Deeper nesting than this is cut in the middle: clients and JSON nest the ranges."""


def selection(document: SyntaxDocument, position: Position) -> list[Range]:
    """Return what holds a position, innermost first, each range larger than the one before.

    A word, what stands between quotes, each node of the tree, at last the whole document.
    Cost: one walk from the root down.
    """
    whole = document.text.full_range
    found: list[Range] = []
    for one in [*_word(document, position), *_nodes(document, position), whole]:
        if not found or _within(found[-1], one):
            found.append(one)
    return found if len(found) <= _MOST else [*found[: _MOST - 1], found[-1]]


def _within(inner: Range, outer: Range) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end and inner != outer


def _word(document: SyntaxDocument, position: Position) -> Iterator[Range]:
    for word in _WORD.finditer(document.text.line(position.line)):
        if word.start() <= position.character <= word.end():
            yield Range(Position(position.line, word.start()), Position(position.line, word.end()))
            return


def _nodes(document: SyntaxDocument, position: Position) -> Iterator[Range]:
    """Yield the ranges of the nodes that hold a position, and of the insides of strings."""
    place = document.text.position(document.text.offset(position))
    for node in reversed(_path(document, place)):
        range_ = document.node_range(node)
        if not range_.start <= place <= range_.end:
            continue
        if "string" in node.type:
            yield from _content(document, range_, place)
        yield range_


def _path(document: SyntaxDocument, place: Position) -> list[Node]:
    """Return the nodes from the root to the leaf at a place; of two that touch it, the named."""
    root = document.root
    if root is None:
        return []
    leaf = document.node_at(place)
    at = leaf.start_byte if leaf is not None else root.start_byte
    before = document.node_at(Position(place.line, max(place.character - 1, 0)))
    if leaf is not None and not leaf.is_named and before is not None and before.is_named:
        at = before.start_byte
    # Node.parent begins at the root each time, which in deep nesting is quadratic.
    cursor = root.walk()
    path = [root]
    while cursor.goto_first_child_for_byte(at) is not None and cursor.node is not None:
        path.append(cursor.node)
    return path


def _content(document: SyntaxDocument, range_: Range, place: Position) -> Iterator[Range]:
    """Yield what stands between a string's quotes."""
    start, _ = document.text.span(range_)
    quoted = _QUOTED.fullmatch(document.text.slice(range_))
    if quoted is not None:
        first, last = (document.text.position(start + at) for at in quoted.span("content"))
        if first <= place <= last and first < last:
            yield Range(first, last)
