"""Documents: line index, clamping and incremental changes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.workspace.positions import Position, PositionEncoding, Range
from lsp_agent.workspace.text import Text, line_starts

PIECES = [
    "a",
    "bc",
    "\n",
    "\r",
    "\r\n",
    "é",
    "e\u0301",
    "😀",
    "\x0c",
    "\u2028",
    "\x85",
    "\x1e",
    " ",
]
texts = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)
encodings = st.sampled_from(list(PositionEncoding))


def naive_lines(text: str) -> list[str]:
    """Lines without their ends, as the protocol cuts them."""
    return re.split(r"\r\n|\n|\r", text)


@given(texts)
def test_lines_end_as_the_protocol_says(content: str) -> None:
    text = Text(content)
    assert [text.line(n) for n in range(text.line_count)] == naive_lines(content)
    assert text.line(-1) == text.line(text.line_count) == ""


@given(texts, st.integers(-2, 40))
def test_offset_undoes_position(content: str, offset: int) -> None:
    text = Text(content)
    clamped = min(max(offset, 0), len(content))
    inside_crlf = content[max(clamped - 1, 0) : clamped + 1] == "\r\n" and clamped > 0
    assert text.offset(text.position(offset)) == clamped - inside_crlf


@given(texts, st.integers(-2, 20), st.integers(-2, 20))
def test_a_position_outside_is_clamped(content: str, line: int, character: int) -> None:
    text = Text(content)
    offset = text.offset(Position(line, character))
    lines = naive_lines(content)
    if line < 0:
        assert offset == 0
    elif line >= len(lines):
        assert offset == len(content)
    else:
        place = text.position(offset)
        assert place == Position(line, min(max(character, 0), len(lines[line])))


@given(texts, texts, st.data())
def test_replace_keeps_the_line_index(content: str, new: str, data: st.DataObject) -> None:
    text = Text(content)
    for _ in range(3):
        places = st.integers(0, len(text.content))
        start, end = sorted((data.draw(places), data.draw(places)))
        before = text.content
        text = text.splice(start, end, new)
        assert text.content == before[:start] + new + before[end:]
        fresh = Text(text.content)
        assert text.line_count == fresh.line_count
        assert [text.offset(Position(n, 0)) for n in range(text.line_count)] == line_starts(
            text.content
        )


def test_a_reversed_range_is_taken_the_right_way_round() -> None:
    text = Text("one\ntwo\n")
    span = Range(Position(1, 3), Position(0, 0))
    assert text.replace(span, "x").content == "x\n"
    assert text.slice(span) == "one\ntwo"


@given(texts, encodings, st.integers(-1, 8), st.integers(-1, 12))
def test_decode_then_encode_is_stable(
    content: str, encoding: PositionEncoding, line: int, units: int
) -> None:
    text = Text(content)
    place = text.decode(line, units, encoding)
    assert text.position(text.offset(place)) == place
    assert text.decode(*text.encode(place, encoding), encoding) == place


def test_encode_clamps_a_line_beyond_the_text() -> None:
    text = Text("é\nab")
    assert text.encode(Position(9, 4), PositionEncoding.UTF8) == (1, 2)
    assert text.encode(Position(-1, 4), PositionEncoding.UTF8) == (0, 0)


@pytest.mark.parametrize(
    ("content", "eol"),
    [
        ("", "\n"),
        ("a", "\n"),
        ("a\r\nb\r\nc\n", "\r\n"),
        ("a\rb\rc\n", "\r"),
        ("a\nb\r\n", "\n"),
    ],
)
def test_the_dominant_line_end(content: str, eol: str) -> None:
    assert Text(content).eol == eol


def test_equality_range_and_repr() -> None:
    text = Text("a\nb")
    assert text == Text("a\nb")
    assert hash(text) == hash(Text("a\nb"))
    assert text != "a\nb"
    assert text.full_range == Range(Position(0, 0), Position(1, 1))
    assert text.slice(text.full_range) == "a\nb"
    assert repr(text) == "Text(3 characters, 2 lines)"
