"""Three-way merge: an edit made on an older text, carried over to what the user has now."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from lsp_agent.workspace.errors import RebaseConflictError

_LINES = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
_WORDS = re.compile(r"\w+|\s|[^\w\s]")

Hunk = tuple[int, int, list[str]]
"""Replace the base's units from ``start`` to ``end`` by these."""


def rebase(base: str, mine: str, theirs: str) -> str:
    """Return ``theirs`` with the changes that lead from ``base`` to ``mine``.

    Changes are compared by lines, and inside lines that both sides changed by words; equal changes
    count once. Raises :class:`RebaseConflictError` when both sides changed the same words.
    """
    if theirs in (base, mine):
        return mine
    if mine == base:
        return theirs
    merged = _merge(_LINES.findall(base), _LINES.findall(mine), _LINES.findall(theirs), words=True)
    return "".join(merged)


def _merge(
    base: Sequence[str], mine: Sequence[str], theirs: Sequence[str], *, words: bool
) -> list[str]:
    ours, others = _hunks(base, mine), _hunks(base, theirs)
    result: list[str] = []
    at = 0
    while ours or others:
        start, end, group_ours, group_others = _next_group(ours, others)
        mine_part = _apply(base, start, end, group_ours) if group_ours else None
        theirs_part = _apply(base, start, end, group_others) if group_others else None
        result += base[at:start]
        result += _resolve(mine_part, theirs_part, base[start:end], len(result), words=words)
        at = end
    return [*result, *base[at:]]


def _hunks(base: Sequence[str], other: Sequence[str]) -> list[Hunk]:
    matcher = SequenceMatcher(None, base, other, autojunk=False)
    return [
        (i1, i2, list(other[j1:j2]))
        for tag, i1, i2, j1, j2 in matcher.get_opcodes()
        if tag != "equal"
    ]


def _next_group(ours: list[Hunk], others: list[Hunk]) -> tuple[int, int, list[Hunk], list[Hunk]]:
    """Take the next hunks that touch each other, directly or through one between them."""
    start = min(hunks[0][0] for hunks in (ours, others) if hunks)
    end = start
    taken: tuple[list[Hunk], list[Hunk]] = ([], [])
    grew = True
    while grew:
        grew = False
        for hunks, mine in ((ours, taken[0]), (others, taken[1])):
            while hunks and _touches(hunks[0], start, end, first=not (taken[0] or taken[1])):
                end = max(end, hunks[0][1])
                mine.append(hunks.pop(0))
                grew = True
    return start, end, *taken


def _touches(hunk: Hunk, start: int, end: int, *, first: bool) -> bool:
    if first:
        return hunk[0] == start
    inserts_at_border = hunk[0] == hunk[1] == end or start == end == hunk[0]
    return hunk[0] < end or inserts_at_border


def _resolve(
    mine: list[str] | None,
    theirs: list[str] | None,
    base: Sequence[str],
    line: int,
    *,
    words: bool,
) -> list[str]:
    """Choose between two versions of a stretch; ``None`` stands for an unchanged one."""
    if mine is None or theirs is None or mine == theirs:
        return mine or theirs or []
    if not words:
        raise RebaseConflictError(line + 1)
    split = [_WORDS.findall("".join(units)) for units in (base, mine, theirs)]
    try:
        return ["".join(_merge(split[0], split[1], split[2], words=False))]
    except RebaseConflictError:
        raise RebaseConflictError(line + 1) from None


def _apply(base: Sequence[str], start: int, end: int, hunks: list[Hunk]) -> list[str]:
    result: list[str] = []
    at = start
    for hunk_start, hunk_end, new in hunks:
        result += base[at:hunk_start]
        result += new
        at = hunk_end
    return [*result, *base[at:end]]
