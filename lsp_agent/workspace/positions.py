"""Positions in code points, and their translation from and to the three LSP encodings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

# Characters that take two units of UTF-16.
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_UTF8_CONTINUATION = bytes(range(0x80, 0xC0))


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
    """Return how many units of ``encoding`` stand before a code point of a line.

    Clamps to the line. Cost: O(line), at C speed; a lone surrogate counts as one unit of UTF-16.
    """
    character = min(max(character, 0), len(line))
    if encoding is PositionEncoding.UTF32 or line.isascii():
        return character
    head = line[:character]
    if encoding is PositionEncoding.UTF8:
        return len(head.encode("utf-8", "surrogatepass"))
    return character + len(_ASTRAL.findall(head))


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
        return len(head.translate(None, _UTF8_CONTINUATION)) - 1
    return _decode_utf16(line, units)


def _decode_utf16(line: str, units: int) -> int:
    astral = 0
    for match in _ASTRAL.finditer(line):
        first_unit = match.start() + astral
        if units <= first_unit:
            break
        if units == first_unit + 1:
            return match.start()
        astral += 1
    return min(units - astral, len(line))
