"""Which files a question is about: what it names, its words, and what is at hand, blended.

Each signal gives a file between 0 and its weight; their sum is the file's score, and the parts are
the reasons that are shown.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from lsp_agent.cancel import Cancelled
from lsp_agent.context.emphasis import Emphasis
from lsp_agent.context.knowledge import Knowledge
from lsp_agent.context.question import Named, Question, messages_in, named_in
from lsp_agent.context.spans import VALUES
from lsp_agent.index.naming import name_words
from lsp_agent.index.types import SymbolRow
from lsp_agent.index.view import IndexView
from lsp_agent.workspace.names import is_test

if TYPE_CHECKING:
    from lsp_agent.context.memory import Memory
    from lsp_agent.vcs.history import Commit

_FILES = 24
_WEIGHTS = {
    "named": 1.0, "path": 1.0, "quoted": 1.0, "words": 1.0, "meaning": 0.8, "in focus": 0.6,
    "used here": 0.5, "uses it": 0.4, "changed together": 0.4, "leans": 0.3, "edited": 0.25,
    "unsaved": 0.15, "uncommitted": 0.15, "fresh": 0.1,
}  # fmt: skip
_FRESH_SECONDS, _MOST_FRESH = 3600.0, 0.2
_MEANINGS = 20
_MAX_USED, _MAX_HOLDERS, _MAX_HITS = 80, 6, 24
_MAX_USERS = 40
SURE = 0.5
"""From here on a name is taken to mean a definition."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file with its score and what each signal adds to it."""

    path: str
    score: float
    reasons: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Findings:
    """The files that a question is about, the best first, and what it names outright.

    ``passages`` are places (path, first line) that mean something alike, with their likeness,
    ``quoted`` places (path, line) that hold what it quotes, ``used`` the definitions that the code
    at hand uses.
    """

    files: tuple[FoundFile, ...]
    named: Named
    passages: Mapping[tuple[str, int], float] = field(default_factory=dict)
    quoted: frozenset[tuple[str, int]] = frozenset()
    used: frozenset[SymbolRow] = frozenset()


def find(
    question: Question, view: IndexView, knowledge: Knowledge, limit: int = _FILES
) -> Findings:
    """Find the files that a question is about. Cost: some milliseconds a topic of the question."""
    parts: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))

    def add(signal: str, values: Mapping[str, float]) -> None:
        best = max(values.values(), default=0.0)
        for path, value in values.items():
            if value > 0:
                parts[path][signal] += _WEIGHTS[signal] * value / best

    named = named_in(question, view)
    for row, sure in named.symbols:
        parts[row.path]["named"] = max(parts[row.path]["named"], _WEIGHTS["named"] * sure)
    add("path", dict.fromkeys(named.files, 1.0))
    quoted = _quoted(question, view)
    memory = knowledge.memory() if question.paths or question.words.strip() else None
    add("quoted", {path: 1.0 for path, _ in sorted(quoted)})
    add("uses it", _users(named, view))
    used = _used(question, view)
    add("used here", Counter(row.path for row in used))
    add("words", _by_words(question, view, knowledge, memory[1] if memory else None))
    passages = _alike(question, view, knowledge)
    add("meaning", _best_by_path(passages))
    add("in focus", dict.fromkeys(question.paths, 1.0))
    add("changed together", _changed_together(question, memory[0] if memory else ()))
    add("leans", _neighbours(question, view))
    add("edited", {path: float(at) for at, path in enumerate(question.recent, 1)})
    add("unsaved", dict.fromkeys(view.changed(), 1.0))
    add("uncommitted", dict.fromkeys(knowledge.uncommitted(), 1.0))
    add("fresh", _fresh(view))
    known = set(view.paths())
    rows = [(path, dict(sorted(one.items()))) for path, one in parts.items() if path in known]
    found = [FoundFile(path, sum(one.values()), one) for path, one in rows]
    found.sort(key=lambda one: (-one.score, one.path))
    return Findings(tuple(found[:limit]), named, passages, quoted, used)


def emphasis_of(question: Question, findings: Findings) -> Emphasis:
    """Return what a map is to favour for a question: files by the square of their score."""
    best = max((one.score for one in findings.files), default=0.0)
    return Emphasis(
        {
            one.path: (best if one.path in question.paths else one.score) ** 2
            for one in findings.files
        },
        frozenset(row.name for row, _ in findings.named.symbols),
        frozenset(word for word in name_words(question.text[:2000]) if len(word) > 2),
        {one.path: reasons_of(one.reasons) for one in findings.files},
    )


def reasons_of(reasons: Mapping[str, float]) -> tuple[str, ...]:
    """Write reasons with what each adds, the weightiest first."""
    rows = sorted(reasons.items(), key=lambda one: (-one[1], one[0]))
    return tuple(f"{signal} {value:.2f}" for signal, value in rows)


def _alike(
    question: Question, view: IndexView, knowledge: Knowledge
) -> Mapping[tuple[str, int], float]:
    if knowledge.semantic is None or not question.text.strip():
        return {}
    try:
        hits = knowledge.semantic.nearest(view, question.text, _MEANINGS)
    except Cancelled:
        return {}
    return {(hit.path, hit.start_line): max(hit.likeness, 0.0) for hit in hits}


def _quoted(question: Question, view: IndexView) -> frozenset[tuple[str, int]]:
    """Return the lines that hold what is quoted, unless very many files do."""
    found: set[tuple[str, int]] = set()
    for message in messages_in(question.words):
        hits = list(islice(view.search(message), _MAX_HITS))
        if len({hit.path for hit in hits}) <= _MAX_HOLDERS:
            found |= {(hit.path, hit.line) for hit in hits}
    return frozenset(found)


def _users(named: Named, view: IndexView) -> dict[str, float]:
    """Return the files that use what is named, unless very many do; tests count half."""
    found: dict[str, float] = {}
    for name in {row.name: None for row, sure in named.symbols if sure >= SURE}:
        files = view.files_with(name)
        if len(files) <= _MAX_USERS:
            found |= {path: 0.5 if is_test(path) else 1.0 for path in files}
    return found


def _used(question: Question, view: IndexView) -> frozenset[SymbolRow]:
    """Return what the code at hand uses: definitions in what its file imports, or unique ones."""
    if not question.paths or not question.used:
        return frozenset()
    here = question.paths[0]
    imported = {row.target for row in view.imports(here)}
    found: set[SymbolRow] = set()
    for name in sorted(question.used)[:_MAX_USED]:
        rows = [row for row in view.definitions(name) if not is_test(row.path)]
        if any(row.path == here for row in rows):
            continue
        near = [row for row in rows if row.path in imported]
        found.update(near or (rows if len(rows) == 1 else ()))
    return frozenset(row for row in found if row.kind not in VALUES or not row.parent)


def _by_words(
    question: Question, view: IndexView, knowledge: Knowledge, memory: Memory | None
) -> dict[str, float]:
    if not question.words.strip():
        return {}
    from lsp_agent.context.ranking import rank_files

    ranked = rank_files(question.words, knowledge.corpus(view), memory=memory, limit=2 * _FILES)
    return {one.path: one.score for one in ranked}


def _changed_together(question: Question, commits: Sequence[Commit]) -> dict[str, float]:
    if not question.paths or not commits:
        return {}
    from lsp_agent.vcs.history import changed_together

    found: defaultdict[str, float] = defaultdict(float)
    for path in question.paths:
        for other, tie in changed_together(commits, path):
            found[other] += tie
    return found


def _neighbours(question: Question, view: IndexView) -> dict[str, float]:
    """Return the files that those in focus lean on, and half as much those that lean on them."""
    if not question.paths:
        return {}
    import numpy as np

    from lsp_agent.context.graph import graph_of

    graph = graph_of(view)
    found: defaultdict[str, float] = defaultdict(float)
    for path in question.paths:
        place = graph.places.get(path)
        if place is None:
            continue
        for ends, others, share in (
            (graph.sources, graph.targets, 1.0),
            (graph.targets, graph.sources, 0.5),
        ):
            for edge in np.flatnonzero(ends == place):
                found[graph.paths[int(others[edge])]] += share * float(graph.weights[edge])
    return found


def _best_by_path(passages: Mapping[tuple[str, int], float]) -> dict[str, float]:
    found: dict[str, float] = {}
    for (path, _), likeness in passages.items():
        found[path] = max(found.get(path, 0.0), likeness)
    return found


def _fresh(view: IndexView) -> dict[str, float]:
    """Return the files that were written within the hour, unless that is said of very many."""
    stamps = view.reader.stamps()
    since = (time.time() - _FRESH_SECONDS) * 1e9
    fresh = [path for path, stamp in stamps.items() if stamp.mtime_ns > since]
    return dict.fromkeys(fresh, 1.0) if len(fresh) <= len(stamps) * _MOST_FRESH else {}
