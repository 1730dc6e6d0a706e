"""Which of some short texts are about a question: by words, as files are ranked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from lsp_agent.context.corpus import Bm25
from lsp_agent.context.query import Piece
from lsp_agent.index.words import words


def likeliest(question: str, texts: Sequence[str]) -> list[int]:
    """Return the places of the texts that share words with a question, the best first (BM25).

    Of equals the earlier one comes first. Cost: about 50 µs a text of 100 words.
    """
    holders: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    lengths = np.zeros(len(texts))
    for at, text in enumerate(texts):
        counts = words(text)
        lengths[at] = counts.total()
        for word, count in counts.items():
            holders[word].append((at, count))
    if not texts:
        return []

    def postings(word: str) -> tuple[np.ndarray, np.ndarray]:
        rows = np.array(holders.get(word, []), np.int64).reshape(-1, 2)
        return rows[:, 0], rows[:, 1].astype(np.float64)

    scores = Bm25(postings, lengths).scores(Piece.of(question).words)
    return [int(at) for at in np.argsort(-scores, kind="stable") if scores[at] > 0]
