"""What a model is shown for a question: the map of the workspace, then the passages it is about.

Chosen by marginal value: what is worth most for its size comes first, each further passage of a
file counts less, and what is nearly there already is left out. A passage is shown by its signature
where that is all there is room for. What changes least stands first, so that a prompt's beginning
stays in the cache: the map without regard to the question, passages in the order of their places,
and those of files that are being edited at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lsp_agent.context.finding import find, reasons_of
from lsp_agent.context.knowledge import Knowledge
from lsp_agent.context.passages import Passage, alike, passages_of
from lsp_agent.context.question import Question
from lsp_agent.context.repo_map import GAP, repo_map
from lsp_agent.context.tokens import Count, estimate_tokens
from lsp_agent.index.view import IndexView
from lsp_agent.workspace.names import is_test

_MAP_SHARE, _LEAST_MAP = 0.4, 64
_SAME, _DECAY = 0.8, 0.7
_SIGNATURE_SHARE, _SIZE_POWER = 0.4, 0.6
_PART, _PART_SHARE = 30, 0.6
_LEAST_SCORE, _LEAST_SHARE, _LEAST_SHARE_OF_SIGNATURES = 0.08, 0.25, 0.4
_MAX_WAYS = 400
MAP_TITLE = "The repository, most used files first:"
PIECES_TITLE = "What may matter for the task:"


@dataclass(frozen=True, slots=True)
class Piece:
    """A passage as it is shown: whole or, where ``whole`` is false, its first lines or signature.

    Lines are 1-based, both included; ``reasons`` say what each signal added to ``score``.
    """

    path: str
    start_line: int
    end_line: int
    whole: bool
    text: str
    score: float
    reasons: Mapping[str, float]

    @property
    def why(self) -> str:
        """The piece and its reasons in one line."""
        kind = "" if self.whole else ", in part"
        said = ", ".join(reasons_of(self.reasons)[:5])
        return f"{self.path}:{self.start_line}{kind} ({self.score:.2f}): {said}"


@dataclass(frozen=True, slots=True)
class Context:
    """A text of ``tokens`` tokens for a prompt, the pieces in it, and why they are there.

    ``head`` is its stable part, which does not depend on the question; ``body`` the rest.
    """

    pieces: tuple[Piece, ...] = ()
    head: str = ""
    body: str = ""
    tokens: int = 0
    reasons: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All of it."""
        return _joined(self.head, self.body)


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to show a passage: its text, and its value for its size beside the other ways."""

    passage: int
    shown: int
    text: str
    tokens: int
    density: float


def build_context(
    question: Question,
    view: IndexView,
    budget: int,
    count: Count = estimate_tokens,
    knowledge: Knowledge | None = None,
    *,
    with_map: bool = True,
    bodies: bool = True,
    check: Callable[[], None] = lambda: None,
) -> Context:
    """Fill ``budget`` tokens with what a question is about; empty where nothing fits.

    Without ``bodies`` definitions are shown by their signatures only. The map takes up to two
    fifths of the budget. Cost: that of :func:`repo_map`, some milliseconds a topic of the question,
    and the reading of 16 files.
    """
    known = knowledge or Knowledge(view.overlay.root)
    head, mapped = "", frozenset[tuple[str, int]]()
    if with_map and budget >= _LEAST_MAP:
        room = int(budget * _MAP_SHARE) - count(MAP_TITLE) - 2
        made = repo_map(view, room, count, check=check)
        head = f"{MAP_TITLE}\n{made.text}" if made.text else ""
        mapped = frozenset((row.path, row.start_line) for one in made.files for row in one.symbols)
    findings = find(question, view, known)
    check()
    passages = _distinct(passages_of(question, findings, view), bodies=bodies)
    check()
    room = budget - (count(head) + 2 if head else 0) - count(PIECES_TITLE) - 2
    chosen = _choose(passages, room, count, mapped, bodies=bodies)
    edited = {*question.recent, *view.changed()}
    return _fitted(head, chosen, edited, budget, count)


def _fitted(head: str, chosen: list[Piece], edited: set[str], budget: int, count: Count) -> Context:
    """Write it down; what a counter finds too much after all goes, the least first."""
    while True:
        ordered = sorted(chosen, key=lambda one: (one.path in edited, one.path, one.start_line))
        body = "\n".join(piece.text for piece in ordered)
        body = body and f"{PIECES_TITLE}\n{body}"
        text = _joined(head, body)
        tokens = count(text) if text else 0
        if tokens <= budget:
            best = sorted(ordered, key=lambda one: (-one.score, one.path, one.start_line))
            return Context(tuple(ordered), head, body, tokens, tuple(one.why for one in best))
        if chosen:
            chosen = chosen[:-1]
        elif head:
            head = ""
        else:
            return Context()


def _joined(head: str, body: str) -> str:
    return "\n\n".join(part for part in (head, body) if part)


def _distinct(passages: Sequence[Passage], *, bodies: bool) -> list[Passage]:
    """Leave out what is worth little, and what is nearly the same as something better.

    A test's signature helps nobody who does not see its body.
    """
    kept: list[Passage] = []
    seen: list[frozenset[str]] = []
    if not bodies:
        passages = [one for one in passages if "is named" in one.reasons or not is_test(one.path)]
    share = _LEAST_SHARE if bodies else _LEAST_SHARE_OF_SIGNATURES
    least = max(_LEAST_SCORE, share * max((one.score for one in passages), default=0.0))
    for one in passages:
        lines = frozenset(line for row in one.lines if (line := row.strip()))
        if one.score < least or any(alike(lines, other) > _SAME for other in seen):
            continue
        kept.append(one)
        seen.append(lines)
        if len(kept) >= _MAX_WAYS:
            break
    return kept


def _choose(
    passages: Sequence[Passage],
    room: int,
    count: Count,
    mapped: frozenset[tuple[str, int]],
    *,
    bodies: bool,
) -> list[Piece]:
    """Take ways to show passages, the densest first, as far as there is room.

    Those that begin at ``mapped`` places are not shown by their signature: the map has it.
    """
    best = passages[0].score if passages else 0.0
    ways: list[_Way] = []
    per_file: dict[str, int] = {}
    for at, one in enumerate(passages):
        rank = per_file[one.path] = per_file.get(one.path, -1) + 1
        value = (one.score / best) ** 2 * _DECAY**rank
        for shown, share in _showings(one, bodies=bodies):
            if (not shown or len(one.lines) == 1) and (one.path, one.start) in mapped:
                continue
            text = _written(one, shown)
            tokens = count(text) + 1
            density = value * share / max(tokens, 1) ** _SIZE_POWER
            ways.append(_Way(at, shown, text, tokens, density))
    taken: dict[int, _Way] = {}
    for way in sorted(ways, key=lambda one: (-one.density, one.passage, one.shown)):
        before = taken.get(way.passage)
        if before is not None and before.shown >= way.shown:
            continue
        cost = way.tokens - (before.tokens if before else 0)
        if cost <= room:
            room -= cost
            taken[way.passage] = way
    return [_piece(passages[at], way) for at, way in sorted(taken.items())]


def _showings(one: Passage, *, bodies: bool) -> Iterator[tuple[int, float]]:
    """Yield how many lines of a passage may be shown, with the share of its value in them."""
    if bodies:
        yield len(one.lines), 1.0
        if len(one.lines) > 2 * _PART:
            yield _PART, _PART_SHARE
    if one.signature and not (bodies and len(one.lines) == 1):
        yield 0, _SIGNATURE_SHARE


def _written(one: Passage, shown: int) -> str:
    """Write a passage's first lines, or its signature where ``shown`` is 0."""
    inside = f" in {one.parent}" if one.parent else ""
    if not shown:
        said = f"  # {one.documentation}" if one.documentation else ""
        return f"{one.path}:{one.start + 1}{inside}: {one.signature}{said}"
    if len(one.lines) == 1:
        return f"{one.path}:{one.start + 1}{inside}: {one.lines[0].strip()}"
    left = len(one.lines) - shown
    cut = [f"{GAP} {left} more lines, to {one.end + 1}"] if left else []
    head = f"{one.path}:{one.start + 1}-{one.start + shown}{inside}"
    return "\n".join([head, *one.lines[:shown], *cut])


def _piece(one: Passage, way: _Way) -> Piece:
    end = one.start + max(way.shown, 1)
    whole = way.shown == len(one.lines)
    return Piece(one.path, one.start + 1, end, whole, way.text, one.score, one.reasons)
