"""Measures one repository: how many of the changed files stand among the first ten."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median

from benchmarks.retrieval.cases import Case, Snapshots, cases
from benchmarks.retrieval.plain import FullText, plain_bm25, query_tokens, tokens
from lsp_agent.context.corpus import Corpus
from lsp_agent.context.memory import Memory
from lsp_agent.context.ranking import Weights, rank_files
from lsp_agent.index.extract import extract
from lsp_agent.index.types import FileStamp
from lsp_agent.index.words import pack_words

TOP = 10


@dataclass(frozen=True, slots=True)
class Score:
    """How well the changed files of a commit were found among the first ten."""

    recall: float
    hit: float
    rank: float

    @classmethod
    def of(cls, found: list[str], changed: frozenset[str]) -> Score:
        """Compare what was found, the best first, with what is right."""
        places = [at for at, path in enumerate(found[:TOP], 1) if path in changed]
        return cls(
            len(places) / len(changed), float(bool(places)), 1 / places[0] if places else 0.0
        )


@dataclass(frozen=True, slots=True)
class Facts:
    """What each side knows of one file."""

    text: str
    plain: Counter[str]
    words: bytes


@dataclass(slots=True)
class Outcome:
    """A repository's commits, and each way's scores by its name."""

    name: str
    cases: list[Case]
    scores: dict[str, list[Score]]
    seconds: list[float]

    def mean(self, way: str) -> Score:
        """Return a way's means over the commits."""
        rows = self.scores[way]
        return Score(
            fmean(one.recall for one in rows),
            fmean(one.hit for one in rows),
            fmean(one.rank for one in rows),
        )

    @property
    def ratio(self) -> float:
        """Ours over plain BM25, in recall."""
        return self.mean("ours").recall / max(self.mean("plain BM25").recall, 1e-9)

    def table(self) -> Iterator[str]:
        """Yield the lines to print."""
        files = median(len(one.tree) for one in self.cases)
        changed = fmean(len(one.changed) for one in self.cases)
        yield f"{self.name}: {len(self.cases)} commits, {files:,.0f} files, {changed:.1f} changed"
        yield f"  {'':24}recall@10   hit@10      MRR  x plain"
        base = self.mean("plain BM25").recall
        for way in self.scores:
            mean = self.mean(way)
            row = f"{mean.recall:9.3f}{mean.hit:9.3f}{mean.rank:9.3f}"
            yield f"  {way:24}{row}{mean.recall / max(base, 1e-9):9.2f}"
        yield f"  median {1000 * median(self.seconds):.0f} ms a question, with a corpus at hand"


def facts(path: str, data: bytes) -> Facts:
    """Read one file as the index does."""
    text = data.decode("utf-8", "replace")
    content = extract(path, data, FileStamp(0, len(data)))
    packed = pack_words(text, (symbol.name for symbol in content.symbols))
    return Facts(text, tokens(text), packed)


class Ways:
    """The ways of finding files, on one tree after the other."""

    def __init__(self, snapshots: Snapshots, extra: Mapping[str, Weights]) -> None:
        self._snapshots = snapshots
        self._extra = extra
        self._facts: dict[tuple[str, str], Facts] = {}
        self._full_text = FullText()

    def ask(self, case: Case) -> tuple[dict[str, list[str]], float]:
        """Return what each way finds, and the seconds that ours took."""
        known = {path: self._known(path, blob) for path, blob in case.tree.items()}
        query = query_tokens(case.message)
        texts = {blob: known[path].text for path, blob in case.tree.items()}
        self._full_text.show(case.tree, texts)
        corpus = Corpus((path, one.words) for path, one in known.items())
        memory = Memory(case.past)
        found = {
            "plain BM25": plain_bm25(query, {path: one.plain for path, one in known.items()}),
            "FTS5 bm25()": self._full_text.search(query, TOP),
        }
        start = time.perf_counter()
        ranked = rank_files(case.message, corpus, memory=memory, limit=TOP)
        seconds = time.perf_counter() - start
        found["ours"] = [one.path for one in ranked]
        for name, weights in self._extra.items():
            ranked = rank_files(case.message, corpus, memory=memory, limit=TOP, weights=weights)
            found[name] = [one.path for one in ranked]
        return found, seconds

    def _known(self, path: str, blob: str) -> Facts:
        if (path, blob) not in self._facts:
            self._facts[path, blob] = facts(path, self._snapshots.text(blob))
        return self._facts[path, blob]


def measure(
    name: str,
    folder: Path,
    sources: re.Pattern[str],
    left_out: str = "",
    extra: Mapping[str, Weights] | None = None,
) -> Outcome:
    """Ask for each commit of a repository's main line; ``extra`` are other weights of ours.

    Cost: the parsing of each version of each file once, some minutes for a big history.
    """
    snapshots = Snapshots(folder, sources)
    try:
        ways = Ways(snapshots, extra or {})
        outcome = Outcome(name, [], {}, [])
        for case in cases(folder, snapshots, left_out):
            found, seconds = ways.ask(case)
            outcome.cases.append(case)
            outcome.seconds.append(seconds)
            for way, paths in found.items():
                outcome.scores.setdefault(way, []).append(Score.of(paths, case.changed))
    finally:
        snapshots.close()
    return outcome
