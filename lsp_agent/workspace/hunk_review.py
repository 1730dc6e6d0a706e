"""An edit that was made, looked at hunk by hunk, while its text goes on changing.

Nothing is marked in the text: where a hunk is follows from what the edit made of it and what stands
there now. So typing, undoing and other edits are one thing, and none can be missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from lsp_agent.workspace.rebase import rebase
from lsp_agent.workspace.sequences import Hunk, hunks
from lsp_agent.workspace.text import split_lines


@dataclass(frozen=True, slots=True)
class MadeHunk:
    """Lines ``start`` to ``end`` (not included) of the text before, and what stands for them."""

    number: int
    start: int
    end: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HunkPlace:
    """Where a hunk is now: its first and last line, from 0; of deleted lines the one after them."""

    number: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class HunkReview:
    """One file's hunks: ``made`` are all that are not refused, ``open`` those not yet decided on.

    ``before`` are the lines before the edit.
    """

    before: tuple[str, ...]
    made: tuple[MadeHunk, ...]
    open: frozenset[int]

    @classmethod
    def of(cls, before: str, after: str) -> HunkReview:
        """Take a text before and after an edit."""
        old, new = split_lines(before), split_lines(after)
        made = tuple(
            MadeHunk(number, hunk.start, hunk.end, tuple(new[hunk.new_start : hunk.new_end]))
            for number, hunk in enumerate(hunks(old, new))
        )
        return cls(tuple(old), made, frozenset(one.number for one in made))

    @property
    def after(self) -> str:
        """The text that the edit made, without what was refused of it."""
        return "".join(self._lines()[0])

    def keep(self, number: int) -> HunkReview:
        """Return the review with a hunk kept."""
        return replace(self, open=self.open - {number})

    def refuse(self, number: int) -> HunkReview:
        """Return the review of an edit that never had this hunk."""
        made = tuple(one for one in self.made if one.number != number)
        return replace(self, made=made, open=self.open - {number})

    def made_of(self, number: int) -> tuple[str, str]:
        """Return a hunk's lines before the edit and after it; ``KeyError`` for one not there."""
        for one in self.made:
            if one.number == number:
                return "".join(self.before[one.start : one.end]), "".join(one.lines)
        raise KeyError(number)

    def without(self, number: int, now: str) -> str:
        """Return the present text without one hunk, and with all else that was done to it.

        Raises :class:`~lsp_agent.workspace.errors.RebaseConflictError` where its lines were changed
        since.
        """
        old, new = self.made_of(number)
        current = split_lines(now)
        for place in self.places(now):
            stands = "".join(current[place.first : place.last + 1])
            if place.number == number and new and stands == new:
                # Whole as it was made: lines that were typed beside it are no part of it.
                return "".join([*current[: place.first], old, *current[place.last + 1 :]])
        return rebase(self.after, self.refuse(number).after, now)

    def places(self, now: str) -> list[HunkPlace]:
        """Return where the open hunks are; one that is no longer in the text has no place.

        Cost: a comparison of the texts' lines, O(n log n) for typical ones.
        """
        mine, starts = self._lines()
        current = split_lines(now)
        changed = hunks(mine, current)
        found = []
        for one, start in zip(self.made, starts, strict=True):
            if one.number in self.open:
                place = (
                    _of_lines(one.number, mine, start, start + len(one.lines), changed)
                    if one.lines
                    else self._of_a_gap(one, start, current, changed)
                )
                found += [place] if place is not None else []
        return found

    def standing(self, now: str) -> Literal["whole", "part", "gone"]:
        """Say how much of the edit is in a text: all as it was made, something, or nothing."""
        current = split_lines(now)
        every = replace(self, open=frozenset(one.number for one in self.made))
        places = {one.number: one for one in every.places(now)}
        if not places and self.made:
            return "gone"
        whole = all(
            (place := places.get(one.number)) is not None
            and (not one.lines or tuple(current[place.first : place.last + 1]) == one.lines)
            for one in self.made
        )
        return "whole" if whole else "part"

    def excerpts(self, now: str, around: int = 3) -> tuple[str, str, str]:
        """Return the changed lines with some around them: before the edit, after it, and now."""
        mine, starts = self._lines()
        if not self.made:
            return "", "", ""
        first, last = self.made[0], self.made[-1]
        start = max(first.start - around, 0)
        end = min(last.end + around, len(self.before))
        my_start = starts[0] - (first.start - start)
        my_end = starts[-1] + len(last.lines) + (end - last.end)
        current = split_lines(now)
        changed = hunks(mine, current)
        now_start = _border(my_start, changed, end=False, own=my_start == starts[0])
        now_end = _border(my_end, changed, end=True, own=end == last.end)
        return (
            "".join(self.before[start:end]),
            "".join(mine[my_start:my_end]),
            "".join(current[now_start:now_end]),
        )

    def _lines(self) -> tuple[list[str], list[int]]:
        """Return the lines of the text that the edit made, and where each hunk starts in them."""
        lines: list[str] = []
        starts: list[int] = []
        at = 0
        for one in self.made:
            lines += self.before[at : one.start]
            starts.append(len(lines))
            lines += one.lines
            at = one.end
        return [*lines, *self.before[at:]], starts

    def _of_a_gap(
        self, one: MadeHunk, start: int, current: Sequence[str], changed: Sequence[Hunk]
    ) -> HunkPlace | None:
        """Find deleted lines: they are gone unless somebody put them back."""
        gone = "".join(self.before[one.start : one.end])
        for hunk in changed:
            if hunk.start <= start <= hunk.end:
                if gone in "".join(current[hunk.new_start : hunk.new_end]):
                    return None
                start = hunk.start
                break
        at = min(_carried(start, changed), max(len(current) - 1, 0))
        return HunkPlace(one.number, at, at)


def _of_lines(
    number: int, mine: Sequence[str], start: int, end: int, changed: Sequence[Hunk]
) -> HunkPlace | None:
    """Find lines by those of them that are still there; blank ones may be anybody's."""
    inside = [one for one in changed if one.start < end and one.end > start]
    left = [at for at in range(start, end) if not any(one.start <= at < one.end for one in inside)]
    told = any(mine[at].strip() for at in left)
    if not told and any(line.strip() for line in mine[start:end]):
        return None
    if not left:
        return None
    return HunkPlace(number, _carried(left[0], changed), _carried(left[-1], changed))


def _border(line: int, changed: Sequence[Hunk], *, end: bool, own: bool) -> int:
    """Return where a stretch of lines begins or ends in the present text.

    What was inserted at the border is beside the stretch, unless the border is the edit's ``own``.
    """
    shift = 0
    for hunk in changed:
        inserted_there = hunk.start == hunk.end == line
        if hunk.start < line < hunk.end:
            return hunk.new_end if end else hunk.new_start
        if hunk.end <= line and not (inserted_there and own != end):
            shift = hunk.new_end - hunk.end
    return line + shift


def _carried(line: int, changed: Sequence[Hunk]) -> int:
    """Return where an unchanged line is in the present text."""
    shift = 0
    for hunk in changed:
        if hunk.end > line:
            break
        shift = hunk.new_end - hunk.end
    return line + shift
