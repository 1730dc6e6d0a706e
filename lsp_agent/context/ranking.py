"""Which files a text is about: signals of words, names and history, blended.

The weights were found on histories that the benchmark does not report (``benchmarks/retrieval``):
coordinate ascent in coarse steps over the mean of four repositories. What is not here was tried
there and gained nothing: BM25 of passages, of docstrings and comments alone, of fields joined
before saturation (BM25F), uses of identifiers, personalised PageRank over imports.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lsp_agent.context.query import Piece, pieces

if TYPE_CHECKING:
    from lsp_agent.context.corpus import Corpus, Scores
    from lsp_agent.context.memory import Memory


@dataclass(frozen=True, slots=True)
class Weights:
    """What each signal counts, at its best file.

    ``whole`` is a text beside its topics, ``together`` what is usually changed with the best files.
    """

    body: float = 1.0
    names: float = 0.25
    path: float = 0.35
    module: float = 0.25
    memory: float = 0.2
    whole: float = 0.25
    recent: float = 0.1
    together: float = 0.6


_DEFAULT = Weights()
_SEEDS, _AHEAD = 8, 1e-6


@dataclass(frozen=True, slots=True)
class RankedFile:
    """A file, its score, and what each signal adds to it."""

    path: str
    score: float
    reasons: Mapping[str, float]


def rank_files(
    query: str,
    corpus: Corpus,
    *,
    memory: Memory | None = None,
    limit: int = 10,
    weights: Weights = _DEFAULT,
) -> list[RankedFile]:
    """Return the files that a text is about, the best first; equals by path.

    Each topic of the text is asked for alone, and a file is as good as for the topic that it fits
    best: a file need not be about all that a message speaks of. Cost: some milliseconds a topic.
    """
    whole, *topics = [_signals(piece, corpus, memory, weights) for piece in pieces(query)]
    blends = [_total(signals) for signals in topics or [whole]]
    best = np.argmax(blends, axis=0)
    parts = {name: np.choose(best, [one[name] for one in topics or [whole]]) for name in whole}
    scale = max(float(np.max(blends, initial=0.0)), 1e-12)
    parts = {name: part / scale for name, part in parts.items()}
    if topics:
        parts["whole"] = weights.whole * _share(_total(whole))
    if memory is not None:
        parts["recent"] = weights.recent * _share(_by_path(memory.recent, corpus))
        parts["together"] = _together(_total(parts), corpus, memory, weights.together)
    total = _total(parts)
    order = np.argsort(-total, kind="stable")[:limit]
    return [
        RankedFile(
            corpus.paths[at],
            float(total[at]),
            {name: float(part[at]) for name, part in parts.items() if part[at] > 0},
        )
        for at in order
        if total[at] > 0
    ]


def _signals(
    piece: Piece, corpus: Corpus, memory: Memory | None, weights: Weights
) -> dict[str, Scores]:
    signals = {
        "body": weights.body * _share(corpus.body.scores(piece.words)),
        "names": weights.names * _share(corpus.names.scores(piece.words)),
        "path": weights.path * _share(corpus.path.scores(piece.words)),
        "module": weights.module * _share(corpus.modules(piece.identifiers)),
    }
    if memory is not None:
        signals["memory"] = weights.memory * _share(_by_path(memory.alike(piece), corpus))
    return signals


def _together(scores: Scores, corpus: Corpus, memory: Memory, weight: float) -> Scores:
    """Score what is changed with the best files; the very best of them stays the first."""
    if not scores.any():
        return scores
    shares = _share(scores)
    best = np.argsort(-shares, kind="stable")[:_SEEDS]
    seeds = {corpus.paths[at]: float(shares[at]) for at in best if shares[at] > 0}
    added = weight * _share(_by_path(memory.together(seeds), corpus))
    missing = float(np.max(scores + added) - scores[best[0]])
    added[best[0]] = max(added[best[0]], missing + _AHEAD if missing > 0 else 0.0)
    return added


def _total(signals: Mapping[str, Scores]) -> Scores:
    total: Scores = np.sum(list(signals.values()), axis=0)
    return total


def _share(scores: Scores) -> Scores:
    """Return scores as shares of the best one."""
    best = scores.max(initial=0.0)
    return scores / best if best > 0 else scores


def _by_path(values: Mapping[str, float], corpus: Corpus) -> Scores:
    scores = np.zeros(len(corpus.paths))
    for path, value in values.items():
        if path in corpus.place:
            scores[corpus.place[path]] = value
    return scores
