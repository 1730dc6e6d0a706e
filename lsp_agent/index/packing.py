"""Places of a name in one file, packed: two bytes each where the file is not long.

The bytes are varints (7 bits each, the lowest first): for each place the lines since the one
before, then the character, doubled, plus one for a call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lsp_agent.index.types import Place


def pack(places: Iterable[tuple[int, int, bool]]) -> bytes:
    """Pack places that are sorted by line."""
    out = bytearray()
    last = 0
    for line, character, call in places:
        for value in (line - last, character << 1 | call):
            while value > 0x7F:
                out.append(value & 0x7F | 0x80)
                value >>= 7  # noqa: PLW2901 - the rest of this value
            out.append(value)
        last = line
    return bytes(out)


def unpack(data: bytes) -> list[Place]:
    """Return what :func:`pack` was given."""
    values = _values(data)
    line = 0
    places = []
    for step in values:
        line += step
        packed = next(values, 0)
        places.append(Place(line, packed >> 1, bool(packed & 1)))
    return places


def _values(data: bytes) -> Iterator[int]:
    value = shift = 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            yield value
            value = shift = 0
