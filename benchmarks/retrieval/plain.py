"""The other side: BM25 over whole files, as it stands in the books and as SQLite's FTS5 has it."""

from __future__ import annotations

import math
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from lsp_agent.context.query import STOP_WORDS

K1, B = 1.2, 0.75
_TOKEN = re.compile(r"[^\W_]+")


def tokens(text: str) -> Counter[str]:
    """Return the lower-cased runs of letters and digits with their counts."""
    return Counter(_TOKEN.findall(text.lower()))


def query_tokens(text: str) -> list[str]:
    """Return a message's distinct tokens without function words and single characters."""
    return sorted(word for word in tokens(text) if len(word) > 1 and word not in STOP_WORDS)


def plain_bm25(query: Sequence[str], files: Mapping[str, Counter[str]]) -> list[str]:
    """Return the paths by score, the best first: k1 = 1.2, b = 0.75, equals by path.

    The idf is FTS5's: ``log((N - n + 0.5) / (n + 0.5))``, and 1e-6 where that is below zero.
    """
    lengths = {path: counts.total() for path, counts in files.items()}
    average = sum(lengths.values()) / max(len(lengths), 1)
    scores: defaultdict[str, float] = defaultdict(float)
    for word in query:
        holders = [(path, n) for path, counts in files.items() if (n := counts.get(word, 0))]
        rest = len(files) - len(holders)
        idf = max(math.log((rest + 0.5) / (len(holders) + 0.5)), 1e-6)
        for path, count in holders:
            norm = K1 * (1 - B + B * lengths[path] / average)
            scores[path] += idf * count * (K1 + 1) / (count + norm)
    return sorted(scores, key=lambda path: (-scores[path], path))


class FullText:
    """FTS5 over whole files with its own tokenizer, ``unicode61``, and its own ``bm25()``.

    The tree that is searched goes from one commit to the next, so only what differs is written.
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect(":memory:")
        self._database.execute(
            "create virtual table files using fts5(blob unindexed, content, tokenize='unicode61')"
        )
        self._rows: dict[str, tuple[int, str]] = {}

    def show(self, tree: Mapping[str, str], texts: Mapping[str, str]) -> None:
        """Hold the files of a tree, blobs by path, from now on."""
        for path in [path for path, row in self._rows.items() if tree.get(path) != row[1]]:
            self._database.execute("delete from files where rowid = ?", (self._rows.pop(path)[0],))
        for path, blob in tree.items():
            if path not in self._rows:
                row = self._database.execute("insert into files values (?, ?)", (path, texts[blob]))
                self._rows[path] = int(row.lastrowid or 0), blob

    def search(self, query: Sequence[str], limit: int) -> list[str]:
        """Return the paths that ``bm25()`` puts first."""
        words = " OR ".join(f'"{word}"' for word in query)
        rows = self._database.execute(
            "select blob from files where files match ? order by bm25(files), blob limit ?",
            (words, limit),
        )
        return [row[0] for row in rows]
