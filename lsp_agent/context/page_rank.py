"""PageRank, personalised: how much of a walk along the edges of a graph is spent at each file.

Brin and Page, *The anatomy of a large-scale hypertextual web search engine* (1998); with a jump
that favours some files, Haveliwala, *Topic-sensitive PageRank* (2002).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsp_agent.index.file_graph import FileGraph

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_DAMPING = 0.85
_STEPS, _TOLERANCE = 60, 1e-7


def page_rank(graph: FileGraph, jump: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rank of each file (they sum to 1), given how likely a jump ends at each.

    ``jump`` has one entry a file, none negative; zeros alone mean that all are alike. Files that
    lean on nothing pass their rank on as jumps do. Cost: under a millisecond a step for 100,000
    edges, about 20 steps.
    """
    import numpy as np

    count = len(graph.paths)
    if not count:
        return np.zeros(0)
    total = float(jump.sum())
    jump = jump / total if total > 0 else np.full(count, 1 / count)
    if not len(graph.sources):
        return jump
    leaving = np.bincount(graph.sources, graph.weights, count)
    shares = graph.weights / leaving[graph.sources]
    stuck = leaving == 0
    rank = jump
    for _ in range(_STEPS):
        walked = np.bincount(graph.targets, shares * rank[graph.sources], count)
        jumped = (1 - _DAMPING) + _DAMPING * float(rank[stuck].sum())
        before, rank = rank, _DAMPING * walked + jumped * jump
        if float(np.abs(rank - before).sum()) < _TOLERANCE:
            break
    return rank
