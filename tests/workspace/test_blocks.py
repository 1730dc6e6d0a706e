"""Blocks of code put in the place of others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.workspace.blocks import reindent, replace_block, with_eol, without_neighbours
from lsp_agent.workspace.positions import Position, Range
from lsp_agent.workspace.text import Text

CLASS = "class A:\n    def f(self):\n        return 1\n\n    def g(self):\n        pass\n"


def lines(first: int, last: int, end: int) -> Range:
    return Range(Position(first, 0), Position(last, end))


@pytest.mark.parametrize(
    "code",
    [
        "def f(self):\n    return 2",
        "    def f(self):\n        return 2\n",
        "\n\n\tdef f(self):\n\t    return 2\n\n",
        "def f(self):\r\n    return 2\r\n",
    ],
)
@pytest.mark.parametrize("start", [0, 4])
def test_a_method_is_indented_as_the_old_one(code: str, start: int) -> None:
    span = Range(Position(1, start), Position(2, 16))
    replaced = replace_block(Text(CLASS), span, code)
    assert replaced == CLASS.replace("return 1", "return 2")


def test_line_ends_are_the_texts() -> None:
    text = Text(CLASS.replace("\n", "\r\n"))
    replaced = replace_block(text, lines(1, 2, 16), "def f(self):\n    return 2\n")
    assert replaced == CLASS.replace("1", "2").replace("\n", "\r\n")


def test_a_whole_file_keeps_its_final_line_end() -> None:
    text = Text("a = 1\nb = 2\n")
    assert replace_block(text, text.full_range, "a = 3\nb = 4") == "a = 3\nb = 4\n"
    assert replace_block(Text("a"), Text("a").full_range, "b\n") == "b"


def test_blank_lines_around_whole_lines_stay() -> None:
    text = Text("x\n\n  a\n\n\ny\n")
    assert replace_block(text, lines(1, 5, 0), "b") == "x\n\n  b\n\n\ny\n"


def test_nothing_in_the_place_of_lines_takes_them_away() -> None:
    assert replace_block(Text("a\nb\nc\n"), lines(1, 2, 0), "\n") == "a\nc\n"


def test_code_may_take_the_place_of_blank_lines() -> None:
    assert replace_block(Text("a\n\nc\n"), lines(1, 2, 0), "b\n") == "a\nb\nc\n"
    assert replace_block(Text(""), lines(0, 0, 0), "b\n") == "b"


def test_code_before_the_range_on_its_line_stays() -> None:
    text = Text("if x:\n    y = foo(1)\nz\n")
    span = Range(Position(1, 8), Position(1, 14))
    assert replace_block(text, span, "foo(\n    2,\n)") == (
        "if x:\n    y = foo(\n        2,\n    )\nz\n"
    )
    assert replace_block(text, span, "  foo(\n        2,\n\n    )\n") == (
        "if x:\n    y = foo(\n        2,\n\n    )\nz\n"
    )
    assert replace_block(text, span, "2") == "if x:\n    y = 2\nz\n"


def test_code_at_its_indentation_already_is_not_touched() -> None:
    code = '    x = """\ntext\n  \n"""'
    assert reindent(code, "    ") == code


def test_lines_left_of_the_first_stop_at_the_margin() -> None:
    assert reindent("    a\n  b\n\n      c", "  ") == "  a\n  b\n\n    c"
    assert reindent("", "  ") == ""


def test_line_ends_are_made_one_kind() -> None:
    assert with_eol("a\r\nb\nc", "\n") == "a\nb\nc"
    assert with_eol("a\r\nb\nc", "\r\n") == "a\r\nb\r\nc"


SHOP = """class Shop:
    def price(self, item):
        if item.sold:
            return 0
        return item.price

    def total(self):
        return sum(self.items)
"""


@pytest.mark.parametrize(
    ("first", "last", "code", "kept"),
    [
        # Behind it, also where the code begins at the margin.
        (
            6,
            6,
            "    def total(self, tax):\n        return sum(self.items)",
            "    def total(self, tax):",
        ),
        (6, 6, "def total(self, tax):\n    return sum(self.items)\n", "def total(self, tax):"),
        # Before it, and on both sides.
        (4, 4, "            return 0\n        return item.cost", "        return item.cost"),
        (
            2,
            3,
            "def price(self, item):\n    if item.gone:\n        return 0\n    return item.price",
            "        if item.gone:\n            return 0",
        ),
        # At another depth, or a line that any code has, it is new.
        (3, 3, "            return 0\n            return item.price", None),
        (1, 4, "    def price(self, item):\n        return 0\n\n", None),
        # All of it is there: something was deleted, or nothing was understood.
        (6, 6, "        return sum(self.items)", None),
    ],
)
def test_lines_around_the_range_that_are_repeated_go(
    first: int, last: int, code: str, kept: str | None
) -> None:
    text = Text(SHOP)
    span = lines(first, last, len(text.line(last)))
    assert without_neighbours(code, text, span) == (code.strip("\n") if kept is None else kept)


def test_what_the_old_lines_repeat_may_stay() -> None:
    text = Text("step(a)\nstep(a)\nstep(a)\n")
    assert without_neighbours("skip(a)\nstep(a)", text, lines(0, 1, 7)) == "skip(a)\nstep(a)"


@given(st.lists(st.sampled_from(["a = b", "  f(x, y)", "}", "", "é 😀"]), min_size=1), st.data())
def test_code_without_lines_of_the_text_is_as_it_was(rows: list[str], data: st.DataObject) -> None:
    text = Text("\n".join(rows))
    first = data.draw(st.integers(0, len(rows) - 1))
    last = data.draw(st.integers(first, len(rows) - 1))
    span = lines(first, last, len(rows[last]))
    assert without_neighbours("new one\n  new two", text, span) == "new one\n  new two"


@given(st.lists(st.integers(0, 3), min_size=1, max_size=9), st.data())
def test_all_of_a_text_in_the_place_of_a_part_changes_nothing(
    depths: list[int], data: st.DataObject
) -> None:
    rows = [f"{'  ' * depth}é{number} = ü" for number, depth in enumerate(depths)]
    text = Text("\n".join(rows) + "\n")
    first = data.draw(st.integers(0, len(rows) - 1))
    last = data.draw(st.integers(first, len(rows) - 1))
    span = lines(first, last, len(rows[last]))
    assert replace_block(text, span, without_neighbours(text.content, text, span)) == text.content
