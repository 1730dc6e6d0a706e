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


def encode_character(line: str, character: int, encoding: PositionEncoding) -> int:
    """Return how many units of ``encoding`` stand before a code point of a line."""
    if encoding is PositionEncoding.UTF32 or line.isascii():
        return min(character, len(line))
    head = line[:character]
    if encoding is PositionEncoding.UTF8:
        return len(head.encode("utf-8", "surrogatepass"))
    return len(head) + sum(char > "\uffff" for char in head)


def decode_character(line: str, units: int, encoding: PositionEncoding) -> int:
    """Return the code point that starts at, or holds, unit ``units`` of ``line``.

    Clamps to the line; a unit inside a character means that character's start.
    """
    units = max(units, 0)
    if encoding is PositionEncoding.UTF32 or line.isascii():
        return min(units, len(line))
    if encoding is PositionEncoding.UTF8:
        head = line.encode("utf-8", "surrogatepass")[: units + 1]
        if units >= len(head):
            return len(line)
        return sum(byte & 0xC0 != 0x80 for byte in head) - 1
    seen = 0
    for index, char in enumerate(line):
        width = 2 if char > "\uffff" else 1
        if units < seen + width:
            return index
        seen += width
    return len(line)
