"""Making an edit of remembered lines on the lines that are there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from lsp_agent.workspace.sequences import Hunk, hunks

ELIDED = "\0elided"
"""A line of the old and new text that stands for lines of the file."""
_INDENT = re.compile(r"[ \t]*")

Where = Sequence[int | None]
"""For each old line the index of the file's line that it stands for."""


def transplant(have: list[str], old: list[str], new: list[str], where: Where) -> list[str] | None:
    """Return ``have`` with the change that leads from ``old`` to ``new``, or ``None``.

    Lines that the model left as they were stay the file's own, whatever it took them for. The
    others come in at the file's indentation. ``None``: a changed line is not there, the place of an
    insertion is not certain, or an indentation could mean two things.
    """
    depth = _Depths([(old[i], have[at]) for i, at in enumerate(where) if at is not None])
    kept = [(new[j], have[at], old[i]) for i, j in _kept(old, new) if (at := where[i]) is not None]
    if depth.is_right(new, kept):
        # Else a line may seem to be kept that is another one, at another depth.
        old = [line if at is None else have[at] for line, at in zip(old, where, strict=True)]
    result: list[str] = []
    at = 0
    for hunk in hunks(old, new):
        wanted = new[hunk.new_start : hunk.new_end]
        if ELIDED in wanted or ELIDED in old[hunk.start : hunk.end]:
            return None
        place = _place(have, old, where, hunk, wanted)
        fitted = depth.fitted(wanted)
        if place is None or fitted is None:
            return None
        start, end = place
        # What is there already is left as it is.
        if start < 0:
            continue
        result += [*have[at:start], *fitted]
        at = end
    return [*result, *have[at:]]


def indent_of(line: str) -> str:
    """Return the white space that a line begins with."""
    match = _INDENT.match(line)
    return match[0] if match else ""


def _kept(old: list[str], new: list[str]) -> Iterator[tuple[int, int]]:
    """Yield the indices of the lines that stand in both but for white space."""
    olds, news = [line.strip() for line in old], [line.strip() for line in new]
    i = j = 0
    for hunk in [*hunks(olds, news), Hunk(len(old), len(old), len(new), len(new))]:
        yield from zip(range(i, hunk.start), range(j, hunk.new_start), strict=True)
        i, j = hunk.end, hunk.new_end


def _place(
    have: list[str], old: list[str], where: Where, hunk: Hunk, wanted: list[str]
) -> tuple[int, int] | None:
    """Return which of the file's lines a hunk replaces; (-1, -1) if nothing is left to do."""
    above = where[hunk.start - 1] if hunk.start else None
    below = where[hunk.end] if hunk.end < len(old) else None
    touched = [at for at in where[hunk.start : hunk.end] if at is not None]
    if touched and len(touched) == hunk.end - hunk.start:
        return _replaced(have, old, where, hunk)
    if above is not None and below is not None:
        between = [line.strip() for line in have[above + 1 : below]]
        if between == [line.strip() for line in wanted]:
            return -1, -1
    return _inserted(old, hunk, above, below) if hunk.start == hunk.end else None


def _replaced(have: list[str], old: list[str], where: Where, hunk: Hunk) -> tuple[int, int] | None:
    """Return the lines that go, where they and their neighbours stand together as remembered."""
    if hunk.new_start == hunk.new_end and _slides(have, old, where, hunk):
        return None
    first, last = max(hunk.start - 1, 0), min(hunk.end + 1, len(old))
    around = [at for at in where[first:last] if at is not None]
    if around[-1] - around[0] != len(around) - 1:
        return None
    start = where[hunk.start]
    return None if start is None else (start, start + hunk.end - hunk.start)


def _inserted(
    old: list[str], hunk: Hunk, above: int | None, below: int | None
) -> tuple[int, int] | None:
    """Return where lines come in: between two that stand together, or beside a gap or an end."""
    if above is not None and below is not None:
        return (below, below) if below == above + 1 else None
    if above is not None and (hunk.end == len(old) or old[hunk.end] == ELIDED):
        return above + 1, above + 1
    if below is not None and (hunk.start == 0 or old[hunk.start - 1] == ELIDED):
        return below, below
    return None


def _slides(have: list[str], old: list[str], where: Where, hunk: Hunk) -> bool:
    """Whether others could be meant to go: equal lines to the model, and not in the file."""
    ends = ((hunk.start - 1, hunk.end - 1), (hunk.start, hunk.end))
    for one, other in ends:
        if one < 0 or other >= len(old) or old[one] != old[other]:
            continue
        a, b = where[one], where[other]
        if a is None or b is None or have[a] != have[b]:
            return True
    return False


class _Depths:
    """How the model's indentation reads in the file, from lines that stand in both."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._pairs = [(mine, there) for mine, there in pairs if mine.strip()]
        self._known: dict[str, str] = {}
        self._twofold: set[str] = set()
        for mine, there in self._pairs:
            known = self._known.setdefault(indent_of(mine), indent_of(there))
            if known != indent_of(there):
                self._twofold.add(indent_of(mine))
        self._trailing = any(
            mine != mine.rstrip() and there == there.rstrip() for mine, there in self._pairs
        )
        self._as_is = all(mine == there for mine, there in self._known.items())
        self._least = 0

    def is_right(self, new: list[str], kept: Iterable[tuple[str, str, str]]) -> bool:
        """Return whether the new text has the file's indentation where the old one has not.

        ``kept`` are lines of the new text, as they are in the file and in the old text.
        """
        if self._as_is:
            return False
        base = min(self._known, key=len, default="")
        deeper = [len(indent_of(line)) - len(base) for line in new if line.strip()]
        self._least = min((more for more in deeper if more > 0), default=0)
        both = [tuple(map(indent_of, lines)) for lines in kept if lines[0].strip()]
        least = min((len(indent_of(there)) for _, there in self._pairs), default=0)
        shallow = any(line.strip() and len(indent_of(line)) < least for line in new)
        told = [
            mine == file for mine, file, first in both if file != first and mine in (file, first)
        ]
        if shallow or not told or not all(told):
            return False
        self._as_is, self._twofold = True, set()
        return True

    def fitted(self, lines: Sequence[str]) -> list[str] | None:
        """Return lines with the file's indentation; ``None`` where it is not certain."""
        result = []
        for line in lines:
            text = line.rstrip() if self._trailing else line
            if not text.strip():
                result.append("" if self._trailing else text)
                continue
            indent = self._read(indent_of(text))
            if indent is None:
                return None
            result.append(indent + text.lstrip(" \t"))
        return result

    def _read(self, mine: str) -> str | None:
        if self._as_is and not self._twofold:
            return mine
        if mine in self._twofold:
            return None
        if mine in self._known:
            return self._known[mine]
        if self._twofold or not self._known:
            return None
        return self._scaled(mine) if self._unit is not None else self._shifted(mine)

    @property
    def _unit(self) -> tuple[str, str] | None:
        """Return one step of the model's and the file's, where they differ in size or kind."""
        known = sorted(self._known.items(), key=lambda pair: len(pair[0]))
        steps = [
            (b[0].removeprefix(a[0]), b[1].removeprefix(a[1]))
            for a, b in pairwise(known)
            if b[0].startswith(a[0]) and b[1].startswith(a[1])
        ]
        if len(known) == 1 and known[0][0] and _kind(known[0][0]) != _kind(known[0][1]):
            steps = [known[0]]
        if not steps or len(steps) < len(known) - 1 or any(not a or not b for a, b in steps):
            return None
        mine, there = min(steps, key=lambda step: len(step[0]))
        even = all(len(a) * len(there) == len(b) * len(mine) for a, b in steps)
        return (mine, there) if even and mine != there else None

    def _scaled(self, mine: str) -> str | None:
        unit = self._unit
        base = max((one for one in self._known if mine.startswith(one)), key=len, default=None)
        if unit is None or base is None:
            return None
        more = mine.removeprefix(base)
        if not more.strip(unit[0][0]) and len(more) * len(unit[1]) % len(unit[0]) == 0:
            return self._known[base] + unit[1][0] * (len(more) * len(unit[1]) // len(unit[0]))
        return None

    def _shifted(self, mine: str) -> str | None:
        """Shift by what all known lines are shifted by."""
        shifts = {_shift(mine_, there) for mine_, there in self._known.items()}
        if len(shifts) != 1:
            return None
        remove, add = shifts.pop()
        if not mine.startswith(remove):
            return None
        if len(self._known) == 1:
            return self._stepped(mine, add + mine.removeprefix(remove))
        return add + mine.removeprefix(remove)

    def _stepped(self, mine: str, shifted: str) -> str | None:
        """Read a depth beside the only known one: by the file's own steps, or not at all."""
        ((base, there),) = self._known.items()
        more = mine.removeprefix(base) if mine.startswith(base) else base.removeprefix(mine)
        if "\t" in there or "\t" in more:
            even = not more.strip("\t") and (not there or "\t" in there)
            return shifted if even else None
        step = 2 if len(there) % 4 else 4
        if not mine.startswith(base):
            return shifted if len(more) % step == 0 else None
        if self._least == step:
            return shifted if len(more) % step == 0 else None
        # One of the model's steps, which are others than the file's.
        if base and self._least * len(there) == step * len(base):
            return there + " " * (len(more) * len(there) // len(base))
        return None


def _shift(mine: str, there: str) -> tuple[str, str]:
    if there.endswith(mine):
        return "", there[: len(there) - len(mine)]
    if mine.endswith(there):
        return mine[: len(mine) - len(there)], ""
    return mine, there


def _kind(indent: str) -> str:
    return "".join(sorted(set(indent)))
