"""Text that looks like what stands before the cursor, elsewhere in the workspace.

A repository repeats itself: what followed the same words somewhere else is the best hint for a
small model. The match is the longest suffix of the prefix that occurs in a source, as in lookup
decoding; cost: about ten searches of each source by :meth:`str.find`, one for a source that has
nothing better than what was found, which is roughly 1 ms a megabyte each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MIN_MATCH = 6
MAX_MATCH = 160
_LINES_BEFORE, _LINES_AFTER, _MAX_SNIPPET = 1, 4, 320


def longest_match(prefix: str, source: str, least: int = MIN_MATCH) -> tuple[int, int]:
    """Return the length of the longest suffix of ``prefix`` in ``source``, and where it ends.

    ``(0, -1)`` where no suffix of at least ``least`` characters occurs. The last occurrence counts.
    """
    longest = min(len(prefix), MAX_MATCH)
    if longest < least or (found := source.rfind(prefix[-least:])) < 0:
        return 0, -1
    # A suffix that occurs has all its own suffixes: halving finds the border.
    low, high = least, longest
    while low < high:
        middle = (low + high + 1) // 2
        at = source.rfind(prefix[-middle:])
        if at >= 0:
            low, found = middle, at
        else:
            high = middle - 1
    return low, found + low


@dataclass(frozen=True, slots=True)
class Match:
    """A suffix of the prefix in a source: which one, where it ends there, how long it is."""

    source: int
    end: int
    length: int


def best_match(prefix: str, sources: Sequence[str]) -> Match | None:
    """Return the longest match of all sources, in the first of equals; ``None`` without one."""
    best: Match | None = None
    for index, source in enumerate(sources):
        least = best.length + 1 if best else MIN_MATCH
        length, end = longest_match(prefix, source, least)
        if length >= least:
            best = Match(index, end, length)
    return best


def snippet_at(source: str, place: int) -> str:
    """Return a few whole lines around an offset, most of them behind it."""
    start = place
    for _ in range(_LINES_BEFORE + 1):
        start = source.rfind("\n", 0, max(start, 0))
        if start < 0:
            break
    end = place
    for _ in range(_LINES_AFTER):
        end = source.find("\n", end + 1)
        if end < 0:
            end = len(source)
            break
    return source[start + 1 : end][:_MAX_SNIPPET]


def similar_snippet(prefix: str, sources: Sequence[str]) -> str:
    """Return the lines around the best match; ``""`` without one."""
    match = best_match(prefix, sources)
    return snippet_at(sources[match.source], match.end) if match else ""


def rest_of_line(source: str, place: int) -> str:
    """Return what stands behind an offset on its line."""
    return source[place:].partition("\n")[0].rstrip()
