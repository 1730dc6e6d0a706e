"""Positions in code points, and their translation from and to the three LSP encodings."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class PositionEncoding(StrEnum):
    """What a client counts ``character`` in."""

    UTF8 = "utf-8"
    UTF16 = "utf-16"
    UTF32 = "utf-32"


@dataclass(frozen=True, order=True, slots=True)
class Position:
    """A place between two characters: 0-based line, 0-based code point in that line."""

    line: int
    character: int


@dataclass(frozen=True, slots=True)
class Range:
    """A half-open stretch of text, ``start`` included and ``end`` excluded."""

    start: Position
    end: Position

    @property
    def empty(self) -> bool:
        """Whether the range holds no text: a cursor."""
        return self.start == self.end
