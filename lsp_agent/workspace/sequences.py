"""Where two sequences of lines or words differ.

``difflib`` takes seconds on a few thousand lines, and its shortcut for popular lines misaligns
them. Here the units that occur once on both sides anchor the comparison (patience diff); between
anchors the shortest edit is searched (Myers), with a bound on the work.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

# Beyond this many differences between two anchors the stretch is taken as replaced: the search
# costs its square (about 30 ms here), and nobody reads such a diff line by line.
_MOST_DIFFERENCES = 400

_UNMATCHED = -1


class Hunk(NamedTuple):
    """``old[start:end]`` becomes ``new[new_start:new_end]``; one of the two may be empty."""

    start: int
    end: int
    new_start: int
    new_end: int


def hunks(old: Sequence[str], new: Sequence[str]) -> list[Hunk]:
    """Return the differences in order; no two of them touch.

    Cost: O(n log n) for typical texts of n units.
    """
    numbers: dict[str, int] = {}
    a = [numbers.setdefault(unit, len(numbers)) for unit in old]
    b = [numbers.setdefault(unit, len(numbers)) for unit in new]
    partners = _partners(a, b)
    found: list[Hunk] = []
    i = j = 0
    for at, partner in enumerate(partners):
        if partner != _UNMATCHED:
            if i < at or j < partner:
                found.append(Hunk(i, at, j, partner))
            i, j = at + 1, partner + 1
    if i < len(a) or j < len(b):
        found.append(Hunk(i, len(a), j, len(b)))
    return found


def _partners(a: list[int], b: list[int]) -> list[int]:
    """Return for each unit of ``a`` the index of its equal in ``b``, in rising order."""
    partners = [_UNMATCHED] * len(a)
    regions = [(0, len(a), 0, len(b))]
    while regions:
        i1, i2, j1, j2 = regions.pop()
        while i1 < i2 and j1 < j2 and a[i1] == b[j1]:
            partners[i1] = j1
            i1, j1 = i1 + 1, j1 + 1
        while i1 < i2 and j1 < j2 and a[i2 - 1] == b[j2 - 1]:
            i2, j2 = i2 - 1, j2 - 1
            partners[i2] = j2
        if i1 == i2 or j1 == j2:
            continue
        anchors = _anchors(a[i1:i2], b[j1:j2])
        if not anchors:
            for i, j in _shortest(a[i1:i2], b[j1:j2]):
                partners[i1 + i] = j1 + j
            continue
        i, j = i1, j1
        for ahead, new_ahead in anchors:
            regions.append((i, i1 + ahead, j, j1 + new_ahead))
            partners[i1 + ahead] = j1 + new_ahead
            i, j = i1 + ahead + 1, j1 + new_ahead + 1
        regions.append((i, i2, j, j2))
    return partners


def _anchors(a: list[int], b: list[int]) -> list[tuple[int, int]]:
    """Return the longest rising chain of units that occur once in ``a`` and once in ``b``."""
    count_a, count_b = Counter(a), Counter(b)
    place_b = {unit: j for j, unit in enumerate(b) if count_b[unit] == 1}
    pairs = [(i, place_b[u]) for i, u in enumerate(a) if count_a[u] == 1 and u in place_b]
    # Patience sorting: the top of each pile, and for each pair the one before it in its chain.
    tops: list[int] = []
    top_pairs: list[int] = []
    before: list[int] = []
    for index, (_, j) in enumerate(pairs):
        pile = bisect_left(tops, j)
        before.append(top_pairs[pile - 1] if pile else _UNMATCHED)
        tops[pile : pile + 1] = [j]
        top_pairs[pile : pile + 1] = [index]
    chain: list[tuple[int, int]] = []
    at = top_pairs[-1] if top_pairs else _UNMATCHED
    while at != _UNMATCHED:
        chain.append(pairs[at])
        at = before[at]
    return chain[::-1]


def _shortest(a: list[int], b: list[int]) -> list[tuple[int, int]]:
    """Return a longest common subsequence as index pairs; nothing when it is too far to find."""
    # Units that the other side lacks match nothing, and would only widen the search.
    in_a, in_b = set(a), set(b)
    kept_a = [i for i, unit in enumerate(a) if unit in in_b]
    kept_b = [j for j, unit in enumerate(b) if unit in in_a]
    pairs = _myers([a[i] for i in kept_a], [b[j] for j in kept_b])
    return [(kept_a[i], kept_b[j]) for i, j in pairs]


def _myers(a: list[int], b: list[int]) -> list[tuple[int, int]]:
    """Search greedily by number of differences; diagonal ``k`` is where ``x - y == k``."""
    furthest = {1: 0}
    trace: list[dict[int, int]] = []
    goal = len(a) - len(b)
    for differences in range(min(len(a) + len(b), _MOST_DIFFERENCES) + 1):
        trace.append(dict(furthest))
        for k in range(-differences, differences + 1, 2):
            x = _step(furthest, k, differences)
            while x < len(a) and x - k < len(b) and a[x] == b[x - k]:
                x += 1
            furthest[k] = x
        if furthest.get(goal, -1) >= len(a):
            return _backtrack(trace, len(a), len(b))
    return []


def _step(furthest: dict[int, int], k: int, differences: int) -> int:
    """Return where diagonal ``k`` is entered: from above (insertion) or from the left."""
    if _from_above(furthest, k, differences):
        return furthest[k + 1]
    return furthest[k - 1] + 1


def _from_above(furthest: dict[int, int], k: int, differences: int) -> bool:
    return k == -differences or (k != differences and furthest[k - 1] < furthest[k + 1])


def _backtrack(trace: list[dict[int, int]], x: int, y: int) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    for differences in range(len(trace) - 1, -1, -1):
        furthest, k = trace[differences], x - y
        above = _from_above(furthest, k, differences)
        came_x = 0 if differences == 0 else furthest[k + 1 if above else k - 1]
        came_y = 0 if differences == 0 else came_x - (k + 1 if above else k - 1)
        while x > came_x and y > came_y:
            x, y = x - 1, y - 1
            pairs.append((x, y))
        x, y = came_x, came_y
    return pairs[::-1]
