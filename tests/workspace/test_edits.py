"""Applying edits and finding them."""

from __future__ import annotations

import random
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.workspace.edits import TextEdit, apply_edits, diff_edits
from lsp_agent.workspace.errors import EditError
from lsp_agent.workspace.positions import Position, Range
from lsp_agent.workspace.text import Text

PIECES = ["a", "b", "x = 1", "\n", "\r", "\r\n", "é", "😀", "\x0c", "\u2028", "\n\n"]
texts = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


def span(start_line: int, start: int, end_line: int, end: int) -> Range:
    return Range(Position(start_line, start), Position(end_line, end))


@given(texts, texts)
def test_the_edits_between_two_texts_give_exactly_the_second(old: str, new: str) -> None:
    edits = diff_edits(old, new)
    assert apply_edits(Text(old), edits).content == new
    assert bool(edits) == (old != new)


@given(texts, texts)
def test_edits_are_ordered_apart_and_survive_one_by_one_from_the_end(old: str, new: str) -> None:
    edits = diff_edits(old, new)
    text = Text(old)
    for edit in reversed(edits):
        text = text.replace(edit.range, edit.new_text)
    assert text.content == new
    for one, two in pairwise(edits):
        assert one.range.end <= two.range.start


@given(texts, texts, texts)
def test_only_what_differs_is_touched(head: str, middle: str, tail: str) -> None:
    old, new = f"{head}|{tail}", f"{head}|{middle}{tail}"
    replaced = sum(len(Text(old).slice(edit.range)) for edit in diff_edits(old, new))
    # A border inside \r\n is widened by the one character that a position can't part.
    assert replaced <= 2


def test_distant_changes_in_a_long_file_stay_apart_and_are_found_fast() -> None:
    rng = random.Random(5)
    lines = [rng.choice(["", "    return x", f"name_{n} = {n}"]) + "\n" for n in range(10_000)]
    old = "".join(lines)
    new = "import os\n" + "".join(lines[:5_000]) + "middle\n" + "".join(lines[5_000:]) + "last\n"
    began = time.process_time()
    edits = diff_edits(old, new)
    assert time.process_time() - began < 0.25
    assert [edit.new_text for edit in edits] == ["import os\n", "middle\n", "last\n"]
    assert all(edit.range.empty for edit in edits)


def test_a_changed_word_is_one_small_edit() -> None:
    assert diff_edits("a = foo(1)\n", "a = far(1)\n") == [TextEdit(span(0, 5, 0, 7), "ar")]


def test_edits_refer_to_the_text_before_all_of_them() -> None:
    text = Text("one\ntwo\nthree\n")
    edits = [
        TextEdit(span(2, 0, 2, 5), "3"),
        TextEdit(span(0, 0, 0, 3), "1"),
        TextEdit(span(1, 0, 1, 0), ">"),
        TextEdit(span(1, 0, 1, 0), "> "),
    ]
    assert apply_edits(text, edits).content == "1\n>> two\n3\n"


def test_an_insert_may_touch_a_replacement() -> None:
    edits = [TextEdit(span(0, 0, 0, 3), "1"), TextEdit(span(0, 0, 0, 0), "<")]
    edits.append(TextEdit(span(0, 3, 0, 3), ">"))
    assert apply_edits(Text("one\n"), edits).content == "<1>\n"


def test_a_reversed_range_is_taken_the_right_way_round() -> None:
    assert apply_edits(Text("abc"), [TextEdit(span(0, 2, 0, 1), "X")]).content == "aXc"


def test_overlapping_edits_are_refused_by_line() -> None:
    edits = [TextEdit(span(0, 0, 1, 2), "x"), TextEdit(span(1, 1, 1, 3), "y")]
    with pytest.raises(EditError, match="overlap at line 2") as caught:
        apply_edits(Text("one\ntwo\n"), edits)
    assert caught.value.code == "bad-edit"
