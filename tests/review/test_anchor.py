"""Quotes are found where they stand, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.review.anchor import anchor, find, moved
from lsp_agent.review.types import Finding, Hunk, Row
from lsp_agent.workspace.positions import Position, Range
from lsp_agent.workspace.text import Text

SOURCE = "def area(w, h):\n    total = w * h\n    if total:\n        return  total\n    return w\n"
TEXT = Text(SOURCE)
HUNK = Hunk(
    "a.py",
    0,
    (
        Row(" ", "def area(w, h):"),
        Row("-", "    total = w + h"),
        Row("+", "    total = w * h"),
        Row("+", "    if total:"),
        Row("+", "        return  total"),
        Row(" ", "    return w"),
    ),
)


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("total = w * h", "total = w * h"),
        ("    total = w * h\n", "total = w * h"),
        ("w*h", "w * h"),
        ("return total", "return  total"),
        ("if total:\n    return total", "if total:\n        return  total"),
        ("+    total = w * h\n+    if total:", "total = w * h\n    if total:"),
        ("+    if total:", "if total:"),
        ("return w", "return w"),
        ("def area(w, h):", "def area(w, h):"),
        # Twice among the new lines, though once elsewhere.
        ("total", None),
        ("h", "h"),
        ("tot", None),
        ("otal = w", None),
        ("total = w + h", None),
        ("total = w * h  # area", None),
        ("", None),
        ("  \n", None),
    ],
)
def test_quotes(quote: str, found: str | None) -> None:
    place = anchor(TEXT, quote, HUNK)
    assert (TEXT.slice(place) if place else None) == found


def test_the_changed_lines_count_before_those_around_them() -> None:
    text = Text("x = f()\ny = 1\nx = f()\n")
    hunk = Hunk("a.py", 0, (Row(" ", "x = f()"), Row(" ", "y = 1"), Row("+", "x = f()")))
    assert anchor(text, "f()", hunk) == Range(Position(2, 4), Position(2, 7))


def test_of_several_places_the_whole_line_is_meant() -> None:
    text = Text("a = b\n    b\nc = b\n")
    assert find(text, "b", 0, 3) == Range(Position(1, 4), Position(1, 5))
    assert find(Text("b\nb\n"), "b", 0, 2) is None


LINES = st.lists(st.text("ab_( \t=é\U0001f600", max_size=12), min_size=1, max_size=8)


@given(LINES, st.data())
def test_what_is_found_is_what_was_quoted(lines: list[str], data: st.DataObject) -> None:
    text = Text("\n".join(lines))
    first = data.draw(st.integers(0, len(lines) - 1))
    end = data.draw(st.integers(first + 1, len(lines)))
    start = text.offset(Position(first, 0))
    stop = text.offset(Position(end, 0)) if end < len(lines) else len(text.content)
    at = data.draw(st.integers(start, stop))
    quote = text.content[at : data.draw(st.integers(at, stop))]
    spaced = data.draw(st.sampled_from([quote, f"  {quote}\n", quote.replace(" ", "  \t")]))
    found = find(text, spaced, first, end)
    if found is None:
        return
    begin, finish = text.span(found)
    assert start <= begin < finish <= stop
    assert "".join(text.slice(found).split()) == "".join(spaced.split())
    assert text.slice(found) == text.slice(found).strip()


@given(st.text("ab \n", max_size=40), st.text("ab \n", max_size=40))
def test_a_marked_word_is_found_at_its_one_place(before: str, behind: str) -> None:
    text = Text(f"{before} x(1 + y) {behind}")
    place = find(text, "x(1+ y)", 0, text.line_count)
    assert place is not None
    assert text.span(place)[0] == len(before) + 1
    assert text.slice(place) == "x(1 + y)"


def finding(text: Text, quote: str) -> Finding:
    at = text.content.index(quote)
    place = Range(text.position(at), text.position(at + len(quote)))
    return Finding("a.py", place, quote, "information", "bug", "wrong", 0.9)


def test_a_finding_moves_with_its_text_and_goes_with_it() -> None:
    one = finding(TEXT, "w * h")
    assert moved(one, TEXT) == one.range
    below = Text("import os\n\n" + SOURCE)
    assert moved(one, below) == Range(Position(3, 12), Position(3, 17))
    twice = Text(SOURCE + "a = w * h\n")
    assert moved(one, twice) == one.range
    assert moved(one, Text(SOURCE.replace("w * h", "w * hh"))) is None
    assert moved(one, Text("")) is None


@given(st.text("ab w*h\n", max_size=60), st.text("ab w*h\n", max_size=60))
def test_a_finding_stands_by_its_text(before: str, behind: str) -> None:
    one = finding(TEXT, "w * h")
    text = Text(f"{before}\n{SOURCE}\n{behind}")
    place = moved(one, text)
    assert place is not None
    assert text.slice(place) == one.quote
    wanted, _ = TEXT.span(one.range)
    there = len(before) + 1 + wanted
    assert abs(text.span(place)[0] - wanted) <= abs(there - wanted)


def test_ids_stay_with_the_text_and_the_category() -> None:
    one = finding(TEXT, "w * h")
    moved_below = finding(Text(f"\n\n{SOURCE.replace('w * h', 'w  *  h')}"), "w  *  h")
    assert one.id == moved_below.id
    assert one.id != finding(TEXT, "return w").id
    assert not one.id.isdecimal()
