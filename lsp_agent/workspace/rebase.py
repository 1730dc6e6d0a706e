"""Three-way merge: an edit made on an older text, carried over to what the user has now."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lsp_agent.workspace.errors import RebaseConflictError
from lsp_agent.workspace.sequences import Hunk, hunks
from lsp_agent.workspace.text import split_lines

_WORDS = re.compile(r"\w+|\r\n|\s|[^\w\s]")

Units = Sequence[str]


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A piece of the base and what both sides have there; ``theirs_at`` is where theirs begins."""

    base: Units
    mine: Units
    theirs: Units
    theirs_at: int

    def merged(self) -> Units | None:
        """Return the side that changed, or ``None`` when both did, differently."""
        if self.mine in (self.base, self.theirs):
            return self.theirs
        return self.mine if self.theirs == self.base else None


def rebase(base: str, mine: str, theirs: str) -> str:
    """Return ``theirs`` with the changes that lead from ``base`` to ``mine``.

    Changes are compared by lines, and where both sides changed the same lines, by words; equal
    changes count once. Raises :class:`RebaseConflictError` naming each stretch of lines where both
    sides changed the same words, or words beside each other, or where a line that one side wrote
    would be torn apart.
    """
    if theirs in (base, mine):
        return mine
    if mine == base:
        return theirs
    result: list[str] = []
    conflicts: list[tuple[int, int]] = []
    lines = (split_lines(base), split_lines(mine), split_lines(theirs))
    for stretch in _stretches(*lines, neighbours_touch=False):
        merged = stretch.merged()
        if merged is None:
            merged = _merge_lines(stretch)
        if merged is None:
            last = stretch.theirs_at + max(len(stretch.theirs), 1)
            conflicts.append((stretch.theirs_at + 1, last))
        else:
            result += merged
    if conflicts:
        raise RebaseConflictError(conflicts)
    return "".join(result)


def _merge_lines(lines: _Stretch) -> Units | None:
    """Merge a stretch by words; ``None`` where words of one line would end up in another."""
    if len(lines.base) == len(lines.mine) == len(lines.theirs):
        pairs = zip(lines.base, lines.mine, lines.theirs, strict=True)
        merged = [_merge_words(_Stretch([a], [b], [c], 0)) for a, b, c in pairs]
        if all(one is not None for one in merged):
            return [word for one in merged for word in one or ()]
    words = _merge_words(lines)
    if words is None:
        return None
    kept = Counter(split_lines("".join(words)))
    written = (Counter(side) - Counter(lines.base) for side in (lines.mine, lines.theirs))
    return words if all(one <= kept for one in written) else None


def _merge_words(lines: _Stretch) -> Units | None:
    words = [_WORDS.findall("".join(units)) for units in (lines.base, lines.mine, lines.theirs)]
    result: list[str] = []
    for stretch in _stretches(words[0], words[1], words[2], neighbours_touch=True):
        merged = stretch.merged()
        if merged is None:
            return None
        result += merged
    return result


def _stretches(
    base: Units, mine: Units, theirs: Units, *, neighbours_touch: bool
) -> Iterator[_Stretch]:
    """Cut the three texts at the places where neither side's changes span the cut."""
    ours, others = hunks(base, mine), hunks(base, theirs)
    at = mine_at = theirs_at = 0
    while ours or others:
        start = min(side[0].start for side in (ours, others) if side)
        end, own_end, other_end = _group(start, ours, others, touch=neighbours_touch)
        kept = start - at
        yield _Stretch(
            base[at:start],
            mine[mine_at : mine_at + kept],
            theirs[theirs_at : theirs_at + kept],
            theirs_at,
        )
        mine_at, theirs_at = mine_at + kept, theirs_at + kept
        own_end, other_end = own_end + mine_at, other_end + theirs_at
        yield _Stretch(
            base[start:end], mine[mine_at:own_end], theirs[theirs_at:other_end], theirs_at
        )
        at, mine_at, theirs_at = end, own_end, other_end
    yield _Stretch(base[at:], mine[mine_at:], theirs[theirs_at:], theirs_at)


def _group(
    start: int, ours: list[Hunk], others: list[Hunk], *, touch: bool
) -> tuple[int, int, int]:
    """Take from both sides the hunks that hang together, from the one at ``start`` on.

    Return where the group ends in the base, and how long it is in mine and in theirs.
    """
    end = start
    growth = [0, 0]
    grew = True
    while grew:
        grew = False
        for side, queue in enumerate((ours, others)):
            while queue and _hangs(queue[0], start, end, touch=touch):
                hunk = queue.pop(0)
                end = max(end, hunk.end)
                growth[side] += (hunk.new_end - hunk.new_start) - (hunk.end - hunk.start)
                grew = True
    return end, end - start + growth[0], end - start + growth[1]


def _hangs(hunk: Hunk, start: int, end: int, *, touch: bool) -> bool:
    """Whether a hunk belongs to the group from ``start`` to ``end``.

    An insertion at the border of a change hangs on it, since their order would be a guess.
    """
    if hunk.start == end:
        return touch or start == end or hunk.start == hunk.end
    return hunk.start < end
