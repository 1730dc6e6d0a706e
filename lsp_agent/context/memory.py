"""What the history of a repository says about a question: what was changed for the like of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from lsp_agent.context.corpus import K1, Bm25
from lsp_agent.context.query import Piece, pieces
from lsp_agent.vcs.history import MAX_FILES, Commit, change_rates

if TYPE_CHECKING:
    from lsp_agent.context.corpus import Postings

_NEAREST = 50
_DECAY = 0.99


class Memory:
    """Commits, asked for by words. Cost: about 50 µs a commit to make; some ms a question."""

    def __init__(self, commits: Sequence[Commit]) -> None:
        """Take the commits, the newest first."""
        self._commits = commits
        self.recent: Mapping[str, float] = change_rates(commits)
        self._holders: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        self._origin: list[int] = []
        self._commits_of: defaultdict[str, list[int]] = defaultdict(list)
        lengths: list[int] = []
        for number, commit in enumerate(commits):
            if not commit.paths:
                continue
            if 1 < len(commit.paths) <= MAX_FILES:
                for path in commit.paths:
                    self._commits_of[path].append(number)
            whole, *topics = pieces(commit.message)
            for topic in topics or [whole]:
                for word in topic.words:
                    self._holders[word].append((len(lengths), 1))
                lengths.append(len(topic.words))
                self._origin.append(number)
        self._field = Bm25(self._postings, np.array(lengths, np.float64))

    def alike(self, piece: Piece) -> dict[str, float]:
        """Return, by path, how much was changed in commits whose messages are like a topic.

        The 50 nearest topics of the past count, each with the square of its likeness (its BM25 as
        a share of the best possible), shared out among the files of its commit.
        """
        scores = self._field.scores(piece.words)
        best = sum(
            weight * self._field.idf(len(self._holders.get(word, ())))
            for word, weight in piece.words.items()
        ) * (K1 + 1)  # fmt: skip
        found: defaultdict[str, float] = defaultdict(float)
        for at in np.argsort(-scores, kind="stable")[:_NEAREST]:
            if scores[at] <= 0:
                break
            paths = self._commits[self._origin[at]].paths
            for path in paths:
                found[path] += float(scores[at] / best) ** 2 / len(paths)
        return found

    def together(self, seeds: Mapping[str, float]) -> dict[str, float]:
        """Return, by path, how much was changed in the same commits as some files.

        A commit counts the sum of its seeds' weights, shared out among its files, and 1 % less than
        the commit after it. Seeds are among the answers.
        """
        holding = {at for path in seeds for at in self._commits_of.get(path, ())}
        found: defaultdict[str, float] = defaultdict(float)
        for at in sorted(holding):
            paths = self._commits[at].paths
            weight = sum(seeds.get(path, 0.0) for path in paths) / len(paths) * _DECAY**at
            for path in paths:
                found[path] += weight
        return found

    def _postings(self, word: str) -> Postings:
        rows = np.array(self._holders.get(word, []), np.int64).reshape(-1, 2)
        return rows[:, 0], rows[:, 1].astype(np.float64)
