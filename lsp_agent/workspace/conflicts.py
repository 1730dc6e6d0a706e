"""Conflict markers in a text, as git and other tools leave them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from lsp_agent.workspace.text import split_lines

_MARKER = re.compile(r"(<{7}|\|{7}|={7}|>{7})(?: (.*))?\s*")


@dataclass(frozen=True, slots=True)
class ConflictBlock:
    """One conflict: its lines from 0, markers included, and what each side has there.

    Texts keep their line ends. ``base`` is what was there before both, where the markers tell.
    """

    start: int
    end: int
    ours_name: str
    theirs_name: str
    ours: str
    theirs: str
    base: str | None = None

    def settled(self) -> str | None:
        """Return what stands without asking anybody; ``None`` where both sides changed it.

        That is either side where both are equal, else the one that is not the base.
        """
        if self.theirs in (self.ours, self.base):
            return self.ours
        return self.theirs if self.base == self.ours else None


def find_conflicts(text: str) -> list[ConflictBlock]:
    """Return the complete conflicts of a text, in order; what is torn is passed over.

    Cost: a search for a marker; lines are looked at only where there is one.
    """
    if "<<<<<<<" not in text:
        return []
    lines = split_lines(text)
    found: list[ConflictBlock] = []
    marks: list[tuple[int, str, str]] = []
    for number, line in enumerate(lines):
        match = _MARKER.fullmatch(line)
        if match is None:
            continue
        kind, name = match[1][0], (match[2] or "").strip()
        if kind == "<":
            marks = []
        marks.append((number, kind, name))
        if kind == ">":
            block = _block(lines, marks)
            found += [block] if block is not None else []
            marks = []
    return found


def has_markers(text: str) -> bool:
    """Whether a text holds the beginning or the end of a conflict."""
    return any(line.startswith(("<<<<<<< ", ">>>>>>> ", "||||||| ")) for line in split_lines(text))


def _block(lines: Sequence[str], marks: Sequence[tuple[int, str, str]]) -> ConflictBlock | None:
    kinds = "".join(kind for _, kind, _ in marks)
    if kinds not in ("<=>", "<|=>"):
        return None
    at = [number for number, _, _ in marks]
    pieces = ["".join(lines[one + 1 : two]) for one, two in itertools.pairwise(at)]
    return ConflictBlock(
        at[0],
        at[-1],
        marks[0][2] or "ours",
        marks[-1][2] or "theirs",
        pieces[0],
        pieces[-1],
        pieces[1] if len(pieces) == 3 else None,
    )
