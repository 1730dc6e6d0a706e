"""Positions against Python's own codecs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.workspace.positions import (
    Position,
    PositionEncoding,
    Range,
    decode_character,
    encode_character,
)

CODEC = {
    PositionEncoding.UTF8: ("utf-8", 1),
    PositionEncoding.UTF16: ("utf-16-le", 2),
    PositionEncoding.UTF32: ("utf-32-le", 4),
}
encodings = st.sampled_from(list(PositionEncoding))
lines = st.text(st.sampled_from("ab\t é\u0301ß漢\uffff😀𝒳\U0010ffff\x0c\u2028"), max_size=12)


def width(text: str, encoding: PositionEncoding) -> int:
    """Units that a text takes, by the codec."""
    codec, unit = CODEC[encoding]
    return len(text.encode(codec)) // unit


@given(lines, encodings, st.data())
def test_encode_counts_the_units_of_the_codec(
    line: str, encoding: PositionEncoding, data: st.DataObject
) -> None:
    character = data.draw(st.integers(0, len(line)))
    assert encode_character(line, character, encoding) == width(line[:character], encoding)


@given(lines, encodings, st.data())
def test_decode_undoes_encode(line: str, encoding: PositionEncoding, data: st.DataObject) -> None:
    character = data.draw(st.integers(0, len(line)))
    units = encode_character(line, character, encoding)
    assert decode_character(line, units, encoding) == character


@given(lines, encodings, st.integers(-2, 60))
def test_a_unit_inside_a_character_means_its_start(
    line: str, encoding: PositionEncoding, units: int
) -> None:
    got = decode_character(line, units, encoding)
    assert 0 <= got <= len(line)
    assert width(line[:got], encoding) <= max(units, 0)
    if got < len(line):
        assert width(line[: got + 1], encoding) > units


@pytest.mark.parametrize("encoding", list(PositionEncoding))
@pytest.mark.parametrize("line", ["", "abc", "é", "a😀b"])
def test_both_ways_clamp(line: str, encoding: PositionEncoding) -> None:
    assert encode_character(line, -3, encoding) == 0
    assert encode_character(line, 99, encoding) == width(line, encoding)
    assert decode_character(line, -3, encoding) == 0
    assert decode_character(line, 99, encoding) == len(line)


def test_a_lone_surrogate_is_one_unit_of_utf16() -> None:
    line = "\ud83dx\ude00😀"
    assert encode_character(line, 4, PositionEncoding.UTF16) == 5
    assert decode_character(line, 3, PositionEncoding.UTF16) == 3
    assert decode_character(line, 4, PositionEncoding.UTF16) == 3
    assert encode_character(line, 1, PositionEncoding.UTF8) == 3


def test_a_range_is_empty_when_it_holds_nothing() -> None:
    place = Position(1, 2)
    assert Range(place, place).empty
    assert not Range(place, Position(2, 0)).empty
    assert place < Position(2, 0)
