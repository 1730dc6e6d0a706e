"""Passages of files: definitions with their text, scored by a question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsp_agent.context.emphasis import is_test
from lsp_agent.context.finding import Findings, FoundFile
from lsp_agent.context.question import Question
from lsp_agent.context.symbol_weight import clipped_signature, parents
from lsp_agent.errors import LspAgentError
from lsp_agent.index.types import SymbolRow
from lsp_agent.index.view import IndexView
from lsp_agent.workspace.text import Text

if TYPE_CHECKING:
    from lsp_agent.context.corpus import Postings

_MAX_FILES, _MAX_CHARACTERS = 16, 600_000
_MAX_LINES, _BLOCK_LINES = 80, 24
_NAME_COUNT = 3
_NAMED, _REPORTED, _MEANING = 1.0, 0.6, 0.8
_OWN, _FILES_SHARE, _TEST = 0.8, 0.2, 0.6


@dataclass(frozen=True, slots=True)
class Passage:
    """Lines of a file, ``start`` to ``end`` (0-based, both included), with what they are worth.

    ``signature`` and ``documentation`` are empty for lines that are no definition. ``reasons`` are
    the file's and the passage's own.
    """

    path: str
    start: int
    end: int
    signature: str
    documentation: str
    lines: tuple[str, ...]
    score: float
    reasons: Mapping[str, float]


def passages_of(question: Question, findings: Findings, view: IndexView) -> list[Passage]:
    """Return the passages of the found files, the best first; nothing of what is shown already.

    A definition is one without those in it, of at most 80 lines; a file without definitions is cut
    into blocks of 24. Cost: reading and counting the words of at most 16 files, 0.6 MB together.
    """
    wanted = [one for one in findings.files if one.path not in question.shown][:_MAX_FILES]
    outlines = view.outlines(one.path for one in wanted)
    found: list[tuple[FoundFile, SymbolRow | None, int, int, tuple[str, ...]]] = []
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
        for row, start, end in _spans(outlines[one.path], text):
            lines = tuple(text.line(at) for at in range(start, end + 1))
            if any(line.strip() for line in lines):
                found.append((one, row, start, end, lines))
    own = _by_words(question, [(row, lines) for _, row, _, _, lines in found])
    passages = [
        _passage(question, findings, *piece, words) for piece, words in zip(found, own, strict=True)
    ]
    return sorted(passages, key=lambda one: (-one.score, one.path, one.start))


def alike(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the share of lines that two passages have in common (Dice's coefficient)."""
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0


def _spans(rows: Sequence[SymbolRow], text: Text) -> list[tuple[SymbolRow | None, int, int]]:
    last = text.line_count - 1
    if not rows:
        starts = range(0, last + 1, _BLOCK_LINES)
        return [(None, at, min(at + _BLOCK_LINES - 1, last)) for at in starts]
    outer = parents(rows)
    inner: dict[int, int] = {}
    for at in range(len(rows) - 1, -1, -1):
        above = outer[at]
        if above is not None:
            inner[above] = rows[at].start_line
    found: list[tuple[SymbolRow | None, int, int]] = []
    for at, row in enumerate(rows):
        end = min(row.end_line, inner.get(at, row.end_line + 1) - 1, row.start_line + _MAX_LINES)
        found.append((row, min(row.start_line, last), min(max(end, row.start_line), last)))
    return found


def _by_words(
    question: Question, pieces: Sequence[tuple[SymbolRow | None, tuple[str, ...]]]
) -> list[float]:
    """Return how well each piece fits the question's words, as a share of the best (BM25)."""
    if not question.words.strip() or not pieces:
        return [0.0] * len(pieces)
    import numpy as np

    from lsp_agent.context.corpus import Bm25
    from lsp_agent.context.query import pieces as topics_of
    from lsp_agent.index.words import words

    whole = topics_of(question.words)[0].words
    counts: list[Counter[str]] = []
    for row, lines in pieces:
        counted = words("\n".join(lines))
        for word, count in words(row.name if row else "").items():
            counted[word] += _NAME_COUNT * count
        counts.append(counted)

    def postings(word: str) -> Postings:
        held = [(at, counted[word]) for at, counted in enumerate(counts) if word in counted]
        rows = np.array(held, np.int64).reshape(-1, 2)
        return rows[:, 0], rows[:, 1].astype(np.float64)

    lengths = np.array([counted.total() for counted in counts], np.float64)
    scores = Bm25(postings, lengths).scores(whole)
    best = float(scores.max(initial=0.0))
    return [float(score) / best if best > 0 else 0.0 for score in scores]


def _passage(
    question: Question,
    findings: Findings,
    file: FoundFile,
    row: SymbolRow | None,
    start: int,
    end: int,
    lines: tuple[str, ...],
    words: float,
) -> Passage:
    reasons: dict[str, float] = {}
    for symbol, sure in findings.named.symbols:
        if row is not None and (symbol.path, symbol.line) == (row.path, row.line):
            reasons["is named"] = _NAMED * sure
    if question.paths[:1] == (file.path,) and any(
        start <= note.line <= end for note in question.notes
    ):
        reasons["is reported"] = _REPORTED
    likeness = findings.passages.get((file.path, row.start_line if row else start), 0.0)
    if likeness > 0:
        reasons["means alike"] = _MEANING * likeness
    if words > 0:
        reasons["its words"] = _OWN * words * min(file.score, 1.0)
    reasons |= {f"file {signal}": _FILES_SHARE * one for signal, one in file.reasons.items()}
    if is_test(file.path) and "test" not in question.text.lower():
        reasons = {signal: _TEST * one for signal, one in reasons.items()}
    return Passage(
        file.path,
        start,
        end,
        clipped_signature(row) if row else "",
        row.documentation if row else "",
        lines,
        sum(reasons.values()),
        reasons,
    )
