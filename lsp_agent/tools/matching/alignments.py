"""Which of a file's lines remembered lines stand for."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from lsp_agent.tools.matching.transplant import ELIDED, Where

_MARK = re.compile(
    r"(?:\#|//|--|/\*|<!--|;|%|\*|\{/\*)?\s*"
    r"(?:(?:\.{3}|…)\s*)?\(?"
    r"(?P<words>(?:(?:the\s+)?(?:(?:rest|remainder)(?:\s+of\s+(?:the|your|this)?\s*(?:code|file|"
    r"function|method|class|imports|implementation|body|module|lines))?|"
    r"(?:existing|remaining|other|previous|unchanged|same)\s+(?:code|lines|methods|functions|"
    r"imports|content|implementation|file))"
    r"(?:\s+(?:is|are|remains?|stays?))?"
    r"(?:\s+(?:unchanged|the\s+same|as\s+before|as\s+(?:it\s+)?is|as\s+it\s+was|here|omitted|goes\s+here))?"
    r"|unchanged|omitted(?:\s+for\s+brevity)?)\s*)?"
    r"(?P<dots>\.{3}|…)?\s*\)?\s*(?:\*/|-->|\*/\})?",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"\s*(?:\#|//|--|/\*|<!--|;|%|\*|\{/\*)")
_MOST_LINES, _MOST_CHAINS = 600, 2
_LEAST_LINES, _LEAST_CHARACTERS = 4, 40
_ENOUGH, _APART = 0.75, 0.2
_ALIKE = 0.6
_LONGEST_MARK = 120


@dataclass(frozen=True, slots=True)
class Alignment:
    """The file's lines from ``start`` to ``end``; ``where`` counts from ``start``."""

    start: int
    end: int
    where: tuple[int | None, ...]


def is_elision(line: str) -> bool:
    """Whether a line stands for code: ``...``, or a comment that says so."""
    text = line.strip()
    match = _MARK.fullmatch(text) if 0 < len(text) <= _LONGEST_MARK else None
    if match is None:
        return False
    return "..." in text or "…" in text or bool(match["words"] and _COMMENT.match(text))


def is_elision_comment(line: str) -> bool:
    """Whether a line stands for code and can be no code itself, as ``...`` is in Python."""
    return bool(_COMMENT.match(line)) and is_elision(line)


def lines_of(old: str, new: str) -> list[tuple[list[str], list[str]]]:
    """Return the lines of both, without the blank ones that both begin and end with.

    Where ``old`` has more of these, there is a second reading, without them.
    """
    olds, news = old.split("\n"), new.split("\n")
    while len(olds) > 1 and news and not olds[0].strip() and not news[0].strip():
        olds, news = olds[1:], news[1:]
    while len(olds) > 1 and news and not olds[-1].strip() and not news[-1].strip():
        olds, news = olds[:-1], news[:-1]
    filled = [at for at, line in enumerate(olds) if line.strip()]
    if not filled:
        return []
    bare = olds[filled[0] : filled[-1] + 1]
    return [(olds, news)] if bare == olds else [(olds, news), (bare, news)]


def squeezed(line: str) -> str:
    """Return a line without blanks and tabs, with one kind of quotes."""
    return line.replace(" ", "").replace("\t", "").replace("'", '"')


def by_lines(
    lines: Sequence[str], old: Sequence[str], reading: Callable[[str], str] = str.strip
) -> list[Alignment]:
    """Return every run of lines that is ``old`` in a reading: but for outer white space."""
    starts = _places([reading(line) for line in lines], [reading(line) for line in old])
    return [Alignment(at, at + len(old), tuple(range(len(old)))) for at in starts]


def around_elisions(lines: Sequence[str], old: Sequence[str]) -> list[Alignment]:
    """Return the ways, two at most, in which lines with gaps for :data:`ELIDED` are found."""
    pieces = _pieces(old)
    if len(pieces) < 2 or not all(any(line.strip() for line in piece) for piece in pieces):
        return []
    stripped = [line.strip() for line in lines]
    spots = [_places(stripped, [line.strip() for line in piece]) for piece in pieces]
    chains: list[tuple[int, ...]] = [(at,) for at in spots[0]]
    for number in range(1, len(pieces)):
        size = len(pieces[number - 1])
        chains = [
            (*chain, at) for chain in chains for at in spots[number] if at >= chain[-1] + size
        ][: _MOST_LINES * 4]
    found = []
    for chain in chains[:_MOST_CHAINS]:
        where: list[int | None] = []
        for number, at in enumerate(chain):
            where += [None] * bool(number)
            where += range(at - chain[0], at - chain[0] + len(pieces[number]))
        found.append(Alignment(chain[0], chain[-1] + len(pieces[-1]), tuple(where)))
    return found


def nearly(lines: Sequence[str], old: Sequence[str]) -> Alignment | None:
    """Return the run of lines that is much more like ``old`` than any other.

    Three quarters of its lines are equal but for white space, and the next best place is a fifth
    further off. Nothing for fewer than four lines. Cost: a comparison of
    lines for each of the eight places that share most of them.
    """
    wanted = [line.strip() for line in old]
    filled = [line for line in wanted if line]
    if len(old) > _MOST_LINES or len(filled) < _LEAST_LINES:
        return None
    if sum(map(len, filled)) < _LEAST_CHARACTERS:
        return None
    stripped = [line.strip() for line in lines]
    found = [one for at in _likely(stripped, wanted) if (one := _score(stripped, wanted, at))]
    found.sort(key=lambda one: -one[0])
    if not found or found[0][0] < _ENOUGH:
        return None
    best = found[0][1]
    others = [score for score, one in found[1:] if one.start >= best.end or one.end <= best.start]
    if others and others[0] > found[0][0] - _APART:
        return None
    return best


def _likely(stripped: list[str], wanted: list[str]) -> list[int]:
    """Return where ``wanted`` would begin for most of its lines that are in the file."""
    places: dict[str, list[int]] = defaultdict(list)
    for at, line in enumerate(stripped):
        places[line].append(at)
    votes: Counter[int] = Counter()
    for number, line in enumerate(wanted):
        spots = places.get(line, ()) if line else ()
        if len(spots) <= 50:
            votes.update(at - number for at in spots)
    return [at for at, _ in votes.most_common(8)]


def _score(stripped: list[str], wanted: list[str], at: int) -> tuple[float, Alignment] | None:
    slack = max(2, len(wanted) // 4)
    first, last = max(at - slack, 0), min(at + len(wanted) + slack, len(stripped))
    window = stripped[first:last]
    where: list[int | None] = [None] * len(wanted)
    blocks = SequenceMatcher(None, wanted, window, autojunk=False).get_matching_blocks()
    for block in blocks:
        for offset in range(block.size):
            where[block.a + offset] = block.b + offset
    there = [place for place in where if place is not None]
    if not there:
        return None
    start, end = there[0], there[-1]
    # A line that is there in other words counts half.
    half = sum(_is_alike(wanted, window, where, at) for at in range(1, len(wanted)))
    score = (len(there) + half / 2) / max(len(wanted), end + 1 - start)
    shifted = tuple(None if place is None else place - start for place in where)
    return score, Alignment(first + start, first + end + 1, shifted)


def _is_alike(wanted: list[str], window: list[str], where: Where, at: int) -> bool:
    """Whether a line that has no equal is much like the one behind its forerunner's."""
    above = where[at - 1]
    if where[at] is not None or above is None or above + 1 >= len(window):
        return False
    return SequenceMatcher(None, wanted[at], window[above + 1]).ratio() >= _ALIKE


def _pieces(old: Sequence[str]) -> list[list[str]]:
    pieces: list[list[str]] = [[]]
    for line in old:
        if line == ELIDED:
            pieces.append([])
        else:
            pieces[-1].append(line)
    return pieces


def _places(stripped: list[str], wanted: list[str]) -> list[int]:
    """Return where lines stand one behind the other; places may overlap."""
    size = len(wanted)
    return [
        at
        for at in range(len(stripped) - size + 1)
        if stripped[at] == wanted[0] and stripped[at : at + size] == wanted
    ]
