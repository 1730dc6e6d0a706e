"""Passages of files: definitions with their text, scored by a question."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsp_agent.context.finding import SURE, Findings, FoundFile
from lsp_agent.context.question import Question
from lsp_agent.context.spans import PROSE, Span, spans_of
from lsp_agent.context.symbol_weight import clipped_signature
from lsp_agent.errors import LspAgentError
from lsp_agent.index.view import IndexView
from lsp_agent.workspace.names import is_test
from lsp_agent.workspace.text import Text

if TYPE_CHECKING:
    from lsp_agent.context.corpus import Postings

_MAX_FILES, _MAX_CHARACTERS = 16, 600_000
_NAME_COUNT = 3
_WORD = re.compile(r"[^\W\d]\w*")
_NAMED, _QUOTED, _USED, _REPORTED, _MEANING = 1.0, 1.0, 0.6, 0.6, 0.8
_USES, _MEMBER = 0.4, 0.4
_OWN, _FILES_SHARE, _TEST, _PROSE = 0.8, 0.2, 0.6, 0.6


@dataclass(frozen=True, slots=True)
class Passage:
    """Lines of a file, ``start`` to ``end`` (0-based, both included), with what they are worth.

    ``signature`` and ``documentation`` are empty for lines that no signature tells of, ``parent``
    where nothing stands around them. ``reasons`` are the file's and the passage's own.
    """

    path: str
    start: int
    end: int
    parent: str
    signature: str
    documentation: str
    lines: tuple[str, ...]
    score: float
    reasons: Mapping[str, float]


def passages_of(question: Question, findings: Findings, view: IndexView) -> list[Passage]:
    """Return the passages of the found files, the best first; nothing of what is shown already.

    They are cut as :func:`spans_of` says. Cost: reading and counting the words of at most 16 files,
    0.6 MB together.
    """
    wanted = [one for one in findings.files if one.path not in question.shown][:_MAX_FILES]
    outlines = view.outlines(one.path for one in wanted)
    found: list[tuple[FoundFile, Span, tuple[str, ...]]] = []
    room = _MAX_CHARACTERS
    for one in wanted:
        try:
            content = view.overlay.read(one.path)
        except LspAgentError:
            continue
        room -= len(content)
        if room < 0 and found:
            break
        text = Text(content[:_MAX_CHARACTERS])
        for span in spans_of(outlines[one.path], text):
            lines = tuple(text.line(at) for at in range(span.start, span.end + 1))
            found.append((one, span, lines))
    own = _by_words(question, [(span, lines) for _, span, lines in found])
    passages = [
        _passage(question, findings, *piece, words) for piece, words in zip(found, own, strict=True)
    ]
    return sorted(passages, key=lambda one: (-one.score, one.path, one.start))


def alike(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the share of lines that two passages have in common (Dice's coefficient)."""
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0


def _by_words(question: Question, pieces: Sequence[tuple[Span, tuple[str, ...]]]) -> list[float]:
    """Return how well each piece fits the question's words, as a share of the best (BM25).

    A piece that is shorter than most counts as one of the usual length: a line is no answer
    because it is short.
    """
    if not question.words.strip() or not pieces:
        return [0.0] * len(pieces)
    import numpy as np

    from lsp_agent.context.corpus import Bm25
    from lsp_agent.context.query import pieces as topics_of
    from lsp_agent.index.words import words

    whole = topics_of(question.words)[0].words
    counts: list[Counter[str]] = []
    for span, lines in pieces:
        counted = words("\n".join(lines))
        for word, count in words(span.main.name if span.main else "").items():
            counted[word] += _NAME_COUNT * count
        counts.append(counted)

    def postings(word: str) -> Postings:
        held = [(at, counted[word]) for at, counted in enumerate(counts) if word in counted]
        rows = np.array(held, np.int64).reshape(-1, 2)
        return rows[:, 0], rows[:, 1].astype(np.float64)

    lengths = np.array([counted.total() for counted in counts], np.float64)
    scores = Bm25(postings, np.maximum(lengths, lengths.mean())).scores(whole)
    best = float(scores.max(initial=0.0))
    return [float(score) / best if best > 0 else 0.0 for score in scores]


def _passage(
    question: Question,
    findings: Findings,
    file: FoundFile,
    span: Span,
    lines: tuple[str, ...],
    words: float,
) -> Passage:
    reasons = _of_the_named(findings, file, span, lines)
    if question.paths[:1] == (file.path,) and any(
        span.start <= note.line <= span.end for note in question.notes
    ):
        reasons["is reported"] = _REPORTED
    if any(path == file.path and span.start <= at <= span.end for path, at in findings.quoted):
        reasons["holds what is quoted"] = _QUOTED
    if findings.used.intersection(span.rows):
        reasons["is used here"] = _USED
    starts = {span.start, *(row.start_line for row in span.rows)}
    likeness = max(findings.passages.get((file.path, start), 0.0) for start in starts)
    if likeness > 0:
        reasons["means alike"] = _MEANING * likeness
    if words > 0:
        reasons["its words"] = _OWN * words * min(file.score, 1.0)
    reasons |= {f"file {signal}": _FILES_SHARE * one for signal, one in file.reasons.items()}
    share = _share(question, file, span)
    reasons = {signal: share * one for signal, one in reasons.items()}
    main = span.main
    return Passage(
        file.path,
        span.start,
        span.end,
        span.rows[0].parent if span.rows and span.rows[0].language not in PROSE else "",
        clipped_signature(main) if main else "",
        main.documentation if main else "",
        lines,
        sum(reasons.values()),
        reasons,
    )


def _of_the_named(
    findings: Findings, file: FoundFile, span: Span, lines: tuple[str, ...]
) -> dict[str, float]:
    """Return what a passage counts for being what the question names, a member or a user of it."""
    reasons: dict[str, float] = {}
    own = {(row.path, row.line) for row in span.rows}
    for symbol, sure in findings.named.symbols:
        if (symbol.path, symbol.line) in own:
            reasons["is named"] = max(reasons.get("is named", 0.0), _NAMED * sure)
        elif span.rows and (symbol.path, symbol.qualified_name) == (file.path, span.rows[0].parent):
            reasons["is of the named"] = max(reasons.get("is of the named", 0.0), _MEMBER * sure)
    names = {symbol.name for symbol, sure in findings.named.symbols if sure >= SURE}
    unnamed = "is named" not in reasons and "uses it" in file.reasons
    if unnamed and any(not names.isdisjoint(_WORD.findall(line)) for line in lines):
        reasons["uses it"] = _USES
    return reasons


def _share(question: Question, file: FoundFile, span: Span) -> float:
    """Return what a passage counts beside code: tests and prose less, unless they are asked for."""
    if is_test(file.path) and "test" not in question.text.lower():
        return _TEST
    prose = span.rows and span.rows[0].language in PROSE
    return _PROSE if prose and "path" not in file.reasons else 1.0
