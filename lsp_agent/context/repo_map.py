"""The ranked repository map: the files that matter most, each with its most telling signatures.

Files are ranked by PageRank over who leans on whom, with jumps to what is at hand, as in aider's
repository map; definitions by :mod:`lsp_agent.context.symbol_weight`. Equal questions on equal
workspaces give equal bytes, and a changed file leaves the order of the others as it was, but for
ranks at a border: ranks count in steps of a fifth, and files of one step stand by name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsp_agent.context.emphasis import Emphasis
from lsp_agent.context.graph import graph_of
from lsp_agent.context.page_rank import page_rank
from lsp_agent.context.spans import PROSE
from lsp_agent.context.symbol_weight import (
    Standing,
    by_weight,
    clipped_signature,
    parents,
    symbol_weight,
)
from lsp_agent.context.tokens import Count, estimate_tokens, largest
from lsp_agent.index.file_graph import FileGraph
from lsp_agent.index.types import SymbolRow
from lsp_agent.index.view import IndexView
from lsp_agent.workspace.names import is_lock, is_test

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LEAST_FILES, _TOKENS_A_FILE = 96, 16
_MAX_SHOWN = 24
_TEST, _AT_HAND, _STEPS = 0.1, 3.0, 4
_DECAY, _BARE = 0.85, 0.5
GAP = "⋮"


@dataclass(frozen=True, slots=True)
class MapFile:
    """A file of the map: its rank, the definitions shown, why it is there.

    All ranks sum to 1, but that those of tests are a tenth of what they would be. ``tokens`` are
    those of its part of the text alone.
    """

    path: str
    rank: float
    tokens: int
    symbols: tuple[SymbolRow, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RepoMap:
    """A map: its text and size in tokens, its files in order, and how many files there are."""

    text: str
    tokens: int
    files: tuple[MapFile, ...]
    known: int


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A file that may be shown, with its definitions in the order in which they are added."""

    path: str
    rank: float
    key: tuple[object, ...]
    rows: Sequence[SymbolRow]
    outer: Sequence[int | None]
    order: Sequence[int]
    weights: Sequence[float]


@dataclass(frozen=True, slots=True)
class _Step:
    """What is added to the map at once: the first ``shown`` definitions of a file, not fewer."""

    file: int
    shown: int
    value: float


def repo_map(
    view: IndexView,
    budget: int,
    count: Count = estimate_tokens,
    emphasis: Emphasis = Emphasis(),  # noqa: B008 - frozen
    *,
    hidden: frozenset[str] = frozenset(),
    check: Callable[[], None] = lambda: None,
) -> RepoMap:
    """Return a map of at most ``budget`` tokens, without the files in ``hidden``.

    More budget never shows fewer files. ``check`` is called between steps and may raise. Cost for
    2,000 files and 1,024 tokens: about 0.1 s, and as much once more after a change of the index.
    """
    graph = graph_of(view)
    ranks = _ranks(graph, emphasis)
    check()
    candidates = _candidates(view, graph, ranks, budget, emphasis, hidden)
    check()
    steps = _steps(candidates)

    written: dict[tuple[int, int], str] = {}

    def text_of(taken: int) -> str:
        return _render(candidates, _shown(steps[:taken]), written)

    taken = largest(len(steps), lambda number: count(text_of(number)) <= budget)
    shown = _shown(steps[:taken])
    text = text_of(taken) if taken else ""
    files = tuple(
        MapFile(
            candidates[at].path,
            candidates[at].rank,
            count(_file(candidates[at], candidates[at].order[:number])),
            tuple(candidates[at].rows[one] for one in sorted(candidates[at].order[:number])),
            tuple(emphasis.reasons.get(candidates[at].path, ())),
        )
        for at, number in _in_order(candidates, shown)
    )
    return RepoMap(text, count(text) if text else 0, files, len(graph.paths))


def _ranks(graph: FileGraph, emphasis: Emphasis) -> NDArray[np.float64]:
    """Rank all files; they sum to 1.

    Jumps go to all files, less to tests, and mostly to those at hand where there are any; those
    count more themselves, too, not only what they lean on.
    """
    import numpy as np

    jump = np.array([_TEST if is_test(path) else 1.0 for path in graph.paths])
    hand = np.zeros(len(graph.paths))
    for path, weight in sorted(emphasis.files.items()):
        if path in graph.places:
            hand[graph.places[path]] = weight
    total = float(hand.sum())
    if total <= 0:
        return page_rank(graph, jump)
    ranks = page_rank(graph, jump + hand * (_AT_HAND * float(jump.sum()) / total))
    ranks *= 1 + _AT_HAND * hand / float(hand.max())
    ranks /= float(ranks.sum())
    return ranks


def _candidates(
    view: IndexView,
    graph: FileGraph,
    ranks: NDArray[np.float64],
    budget: int,
    emphasis: Emphasis,
    hidden: frozenset[str],
) -> list[_Candidate]:
    """Return the best files, as many as could find room, with their definitions ranked."""
    worth = [
        (rank * (_TEST if _is_late(path, emphasis) else 1.0), path)
        for path, rank in zip(graph.paths, ranks.tolist(), strict=True)
        if path not in hidden
    ]
    # In octaves of the budget, so that a little more of it never means other candidates.
    wanted = max(_LEAST_FILES, 1 << (max(budget, 1) // _TOKENS_A_FILE).bit_length())
    best = sorted(worth, key=lambda one: (-one[0], one[1]))[:wanted]
    outlines = view.outlines(path for _, path in best)
    names = {row.name for rows in outlines.values() for row in rows}
    standing = view.reader.standing(names)
    return [
        _candidate(path, rank, outlines[path], standing, emphasis, len(graph.paths))
        for rank, path in best
    ]


def _candidate(
    path: str,
    rank: float,
    rows: Sequence[SymbolRow],
    standing: Standing,
    emphasis: Emphasis,
    known: int,
) -> _Candidate:
    rows = _telling(rows)
    weights = [symbol_weight(row, standing, emphasis) for row in rows]
    outer = parents(rows)
    order = by_weight(weights, outer)[:_MAX_SHOWN]
    late = _is_late(path, emphasis)
    step = math.floor(_STEPS * math.log2(max(rank * known, 1e-9)))
    return _Candidate(path, rank, (late, -step, path), rows, outer, order, weights)


def _is_late(path: str, emphasis: Emphasis) -> bool:
    """Whether a file stands behind the code: a test, or what programs write to lock versions."""
    return (is_test(path) or is_lock(path)) and not emphasis.wants(path)


def _telling(rows: Sequence[SymbolRow]) -> Sequence[SymbolRow]:
    """Leave out keys, headings, lists of exports, and a signature that was there before."""
    found = {
        (row.parent, row.signature): row
        for row in reversed(rows)
        if row.language not in PROSE and row.name != "__all__"
    }
    return list(reversed(found.values()))


def _steps(candidates: Sequence[_Candidate]) -> list[_Step]:
    """Return all that could be added, what is worth most for its size first.

    A file's first definition pays for the file's name; each further one is worth less, so that one
    file does not take all the room.
    """
    found: list[_Step] = []
    for at, one in enumerate(candidates):
        heaviest = max(one.weights, default=1.0)
        size, value = len(one.path) + 4, one.rank * _BARE
        density = math.inf
        if not one.order:
            found.append(_Step(at, 0, value / size))
        for shown, symbol in enumerate(one.order, 1):
            size += len(_line(one.rows[symbol], 0)) + 2
            value += one.rank * _DECAY ** (shown - 1) * one.weights[symbol] / heaviest
            # What holds a member may weigh less than the member, and still comes before it.
            density = min(density, value / size)
            found.append(_Step(at, shown, density))
            size, value = 0, 0.0
    return sorted(found, key=lambda one: (-one.value, candidates[one.file].path, one.shown))


def _shown(steps: Sequence[_Step]) -> dict[int, int]:
    """Return how many definitions of each file are shown."""
    found: dict[int, int] = {}
    for step in steps:
        found[step.file] = max(found.get(step.file, 0), step.shown)
    return found


def _in_order(candidates: Sequence[_Candidate], shown: Mapping[int, int]) -> list[tuple[int, int]]:
    return sorted(shown.items(), key=lambda one: candidates[one[0]].key)


def _render(
    candidates: Sequence[_Candidate],
    shown: Mapping[int, int],
    written: dict[tuple[int, int], str],
) -> str:
    """Write the map; ``written`` keeps what files look like from one try to the next."""
    parts = []
    for at, number in _in_order(candidates, shown):
        if (at, number) not in written:
            written[at, number] = _file(candidates[at], candidates[at].order[:number])
        parts.append(written[at, number])
    return "\n".join(parts)


def _file(one: _Candidate, chosen: Sequence[int]) -> str:
    """Write a file's name and its chosen definitions, with a sign where some are left out."""
    lines = [f"{one.path}:"] if chosen else [one.path]
    last: dict[int | None, int] = {}
    for at in sorted(chosen):
        depth, above = _depth(at, one.outer), one.outer[at]
        before = last.get(above)
        skipped = range(before + 1, at) if before is not None else ()
        if any(one.outer[other] == above for other in skipped):
            lines.append("    " * depth + GAP)
        last[above] = at
        lines.append(_line(one.rows[at], depth))
    return "\n".join(lines)


def _depth(at: int, outer: Sequence[int | None]) -> int:
    depth = 0
    above = outer[at]
    while above is not None:
        depth, above = depth + 1, outer[above]
    return depth


def _line(row: SymbolRow, depth: int) -> str:
    return "    " * depth + clipped_signature(row)
