"""Symbols that a syntax error swallows: an open quote or bracket takes what follows it with it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from lsp_agent.syntax.embedded import placed
from lsp_agent.syntax.offsets import point_at
from lsp_agent.syntax.parser import Stretch, shared_parsers
from lsp_agent.syntax.statements import created
from lsp_agent.syntax.symbols import Symbol, SymbolFinder
from lsp_agent.workspace.positions import Position, Range
from lsp_agent.workspace.text import Text

if TYPE_CHECKING:
    from tree_sitter import Node

# The lines where something new may begin: not those that close what is open.
_TOP = re.compile(rb"^[\w@#~$<\"'\[/*-]", re.MULTILINE)
_PHP = re.compile(rb"<\?php\b")
# Languages whose files are one thing from beginning to end.
_WHOLE = frozenset({"json", "html", "markdown"})
_SECONDS = 0.1


def carried(before: Text, known: list[Symbol], after: Text, found: list[Symbol]) -> list[Symbol]:
    """Return ``found`` in a broken text with those ``known`` in a sound one that it still holds.

    They are where the texts are the same, before and behind all that changed, and around it. There
    they count more than what was found. Cost: comparing the texts, and about 10 µs a symbol.
    """
    size, new_size = len(before.content), len(after.content)
    head = _common(before.content, after.content)
    tail = min(_common_end(before.content, after.content), min(size, new_size) - head)
    shift = new_size - size

    def moved(position: Position) -> Position:
        offset = before.offset(position)
        return position if offset <= head else after.position(offset + shift)

    kept = []
    for symbol in known:
        start, end = before.span(symbol.range)
        name = before.offset(symbol.name_range.end)
        if end <= head:
            kept.append(symbol)
        elif start >= size - tail or (name <= head and end >= size - tail):
            kept.append(_moved(symbol, moved))
    return merged(found, kept)


def restarted(
    found: list[Symbol],
    finder: SymbolFinder,
    language: str,
    data: bytes,
    is_sound: Callable[[Node], bool],
) -> list[Symbol]:
    """Return ``found`` in a broken text with the symbols that stand before and behind the errors.

    That is parsed anew: up to the last line at column 0 before which, and from the first behind
    which, all is sound. Cost: by bisection, a parse for each doubling of the lines at column 0, at
    most 0.1 seconds together.
    """
    if language in _WHOLE:
        return found
    if language == "sql":
        return merged(found, created(finder.text, found))
    deadline = time.monotonic() + _SECONDS
    tops = [match.start() for match in _TOP.finditer(data)]
    opening = _PHP.search(data) if language == "php" else None

    def sound(start: int, end: int) -> Node | None:
        left = deadline - time.monotonic()
        if left <= 0 or not data[start:end].strip():
            return None
        stretches = [_stretch(data, start, end)]
        if opening is not None and opening.end() <= start:
            stretches.insert(0, _stretch(data, opening.start(), opening.end()))
        tree = shared_parsers().parse(language, data, ranges=stretches, limit=left)
        return tree.root_node if tree is not None and is_sound(tree.root_node) else None

    before = _last(len(tops), lambda index: sound(0, tops[index]))
    behind = _last(len(tops), lambda index: sound(tops[-1 - index], len(data)))
    if before is not None:
        found = merged(found, finder.find(before))
    if behind is not None:
        inner = finder.find(behind)
        # A namespace for the rest of the file: it must hold what it no longer reaches.
        around = [
            replace(symbol, range=Range(symbol.range.start, inner[-1].range.end))
            for symbol in found
            if inner and symbol.kind == "namespace" and symbol.signature.endswith(";")
        ]
        found = merged(found, placed(around, inner))
    return found


def merged(found: Iterable[Symbol], better: Iterable[Symbol]) -> list[Symbol]:
    """Return both in source order; of two for one name the better one."""
    by_name = {symbol.name_range.start: symbol for symbol in found}
    by_name.update((symbol.name_range.start, symbol) for symbol in better)
    return sorted(
        by_name.values(),
        key=lambda one: (one.range.start, -one.range.end.line, -one.range.end.character),
    )


def _last(count: int, attempt: Callable[[int], Node | None]) -> Node | None:
    """Return what the last attempt that succeeds gives, where those that succeed come first."""
    low, high, best = 0, count, None
    while low < high:
        middle = (low + high) // 2
        node = attempt(middle)
        if node is None:
            high = middle
        else:
            low, best = middle + 1, node
    return best


def _moved(symbol: Symbol, moved: Callable[[Position], Position]) -> Symbol:
    def range_(old: Range) -> Range:
        return Range(moved(old.start), moved(old.end))

    return replace(
        symbol,
        range=range_(symbol.range),
        name_range=range_(symbol.name_range),
        signature_range=range_(symbol.signature_range),
        body_range=range_(symbol.body_range) if symbol.body_range else None,
        docstring_range=range_(symbol.docstring_range) if symbol.docstring_range else None,
    )


def _common(one: str, other: str) -> int:
    """Return how many characters two texts have in common at their beginning."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one.startswith(other[low:middle], low):
            low = middle
        else:
            high = middle - 1
    return low


def _common_end(one: str, other: str) -> int:
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        piece = other[len(other) - middle : len(other) - low]
        if one.startswith(piece, len(one) - middle):
            low = middle
        else:
            high = middle - 1
    return low


def _stretch(data: bytes, start: int, end: int) -> Stretch:
    return Stretch(start, end, point_at(data, start), point_at(data, end))
