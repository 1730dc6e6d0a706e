"""Answer forms: what is asked, what may be answered, what becomes of the text."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.agent.forms.annotations import annotations_for
from lsp_agent.agent.forms.changes import (
    MAX_LINES,
    Report,
    changes_for,
    read_changes,
    similar_names,
)
from lsp_agent.agent.forms.docstring import (
    Docstring,
    documentation_for,
    file_style,
    render_docstring,
)
from lsp_agent.agent.forms.spec import AnswerError
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.workspace.positions import Position

SHOP = """\
import numpy as np
from typing import Any, Optional


class Shop:
    def add(self, item, count=1, *more, price: np.ndarray = None, **rest):
        self.items[item] = cuont
        return self.items

    def area(self, w): return w * w
"""


def python(source: str) -> SyntaxDocument:
    return SyntaxDocument.parse(source, "python")


def test_changes_show_numbered_lines_and_the_report() -> None:
    form = changes_for(python(SHOP), [Report(6, "Undefined name `cuont`")])
    assert form.question() == (
        "1|    def add(self, item, count=1, *more, price: np.ndarray = None, **rest):\n"
        "2|        self.items[item] = cuont\n"
        "3|        return self.items\n"
        "\n"
        "line 2: Undefined name `cuont` (known: count)\n"
        "2|        self.items[item] = cuont"
    )
    assert form.apply("2|        self.items[item] = count") == SHOP.replace("cuont", "count")
    assert form.apply("ok") == SHOP


def test_changes_may_put_several_lines_for_one() -> None:
    form = changes_for(python("a = 1\nb = 2\n"), [Report(0, "wrong")])
    assert form.apply("1|a = 0\n1|c = 1") == "a = 0\nc = 1\nb = 2\n"


def test_changes_keep_the_line_ends() -> None:
    form = changes_for(python("a = 1\r\nb = 2\r\n"), [Report(0, "wrong")])
    assert form.apply("1|a = 0\n1|c = 1") == "a = 0\r\nc = 1\r\nb = 2\r\n"


@pytest.mark.parametrize(
    ("answer", "words"),
    [("x = 1", "not NUMBER|TEXT"), ("9|x", "no line 9"), ("0|x", "no line 0")],
)
def test_changes_that_can_not_be_read_say_why(answer: str, words: str) -> None:
    form = changes_for(python("a = 1\nb = 2\n"), [Report(0, "wrong")])
    with pytest.raises(AnswerError, match=words.replace("|", r"\|")):
        form.apply(answer)


def test_a_long_function_is_shown_around_the_report() -> None:
    body = "".join(f"    x{n} = {n}\n" for n in range(300))
    form = changes_for(python(f"def f():\n{body}"), [Report(200, "wrong"), Report(2, "far away")])
    assert form.last - form.first + 1 == MAX_LINES
    assert form.first < 200 < form.last
    assert "far away" not in form.question()


def test_names_like_the_unknown_one_are_named() -> None:
    source = "self.items = 1\nitem_count = 2\n"
    assert similar_names("Undefined name `items`", source)[0] == "self.items"
    assert similar_names("NameError: name 'itemcount' is not defined", source) == ["item_count"]
    assert similar_names("Missing return statement `x`", source) == []


LINE_TEXTS = st.text(st.characters(codec="ascii", exclude_categories=("Cc",)), max_size=20)


@given(st.dictionaries(st.integers(1, 20), st.lists(LINE_TEXTS, min_size=1, max_size=3)))
def test_changes_read_what_was_written(changes: dict[int, list[str]]) -> None:
    rows = [f"{number}|{text}" for number, texts in changes.items() for text in texts]
    assert read_changes("\n".join(rows), 20) == changes


def test_a_docstring_is_put_before_the_body() -> None:
    form = documentation_for(python(SHOP), Position(5, 9))
    assert form is not None
    assert form.parameters == ("item", "count", "*more", "price", "**rest")
    after = form.apply(
        "Add an item.\nitem: the name\ncount: how many\nmore: others\nprice: what it costs\n"
        "rest: ignored\nreturns: all items"
    )
    node = ast.parse(after).body[2].body[0]
    assert ast.get_docstring(node) == (
        "Add an item.\n\nArgs:\n    item: the name\n    count: how many\n    *more: others\n"
        "    price: what it costs\n    **rest: ignored\n\nReturns:\n    all items"
    )
    assert after.replace(ast.get_docstring(node, clean=False), "").count('"""') == 2


def test_a_docstring_of_a_function_on_one_line() -> None:
    form = documentation_for(python(SHOP), Position(9, 9))
    assert form is not None
    after = form.apply("Square it.\nw: the width\nreturns: the area")
    assert after.endswith('            the area\n        """\n        return w * w\n')
    ast.parse(after)


def test_an_old_docstring_is_replaced_and_not_shown() -> None:
    source = 'def f(x):\n    """Old\n    words."""\n    return x\n'
    form = documentation_for(python(source), Position(0, 4))
    assert form is not None
    assert "Old" not in form.question()
    assert form.apply("New words.\nx: it\nreturns: it").startswith('def f(x):\n    """New words.\n')
    assert "Old" not in form.apply("New words.\nx: it\nreturns: it")


def test_a_class_gets_a_summary() -> None:
    form = documentation_for(python("class A:\n    x = 1\n"), Position(0, 6))
    assert form is not None
    assert form.apply("Hold x.") == 'class A:\n    """Hold x."""\n    x = 1\n'


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("", "empty"),
        ("Do it.\nreturns: x", "nothing is said of w"),
        ("Do it.\nw: x\nh: y\nreturns: z", "no parameter h"),
        ("Do it.\nw: x", "nothing is said of the result"),
        ("Do it.\nw is x", "not NAME"),
    ],
)
def test_docstrings_that_miss_or_invent_are_refused(answer: str, words: str) -> None:
    form = documentation_for(python(SHOP), Position(9, 9))
    assert form is not None
    with pytest.raises(AnswerError, match=words):
        form.apply(answer)


@pytest.mark.parametrize(
    ("source", "style"),
    [
        ("", "google"),
        ("    Args:\n        x: it\n", "google"),
        ("    Parameters\n    ----------\n", "numpy"),
        (":param x: it\n:returns: it\n", "sphinx"),
    ],
)
def test_the_file_s_style_is_kept(source: str, style: str) -> None:
    assert file_style(source) == style


def test_styles() -> None:
    parts = Docstring("Do it.", (("x", "one"), ("**y", "two")), "three")
    assert render_docstring(parts, "numpy", "") == [
        '"""Do it.', "", "Parameters", "----------", "x", "    one", "**y", "    two", "",
        "Returns", "-------", "three", '"""',
    ]  # fmt: skip
    assert render_docstring(parts, "sphinx", "  ")[2:5] == [
        "  :param x: one", "  :param y: two", "  :returns: three",
    ]  # fmt: skip


def test_hints_are_put_where_they_miss() -> None:
    form = annotations_for(python(SHOP), Position(5, 9))
    assert form is not None
    assert form.question().endswith("\n\nTypes: Any, Optional, Shop, np.ndarray")
    after = form.apply("item: str\ncount: int\nmore: Any\nrest: Any\nreturn: dict[str, int] | None")
    assert (
        "def add(self, item: str, count: int = 1, *more: Any, price: np.ndarray = None, "
        "**rest: Any) -> dict[str, int] | None:"
    ) in after


def test_unknown_or_missing_hints_are_refused() -> None:
    form = annotations_for(python("def f(x):\n    return x\n"), Position(0, 4))
    assert form is not None
    with pytest.raises(AnswerError, match="does not know Thing"):
        form.apply("x: Thing\nreturn: int")
    with pytest.raises(AnswerError, match="no type for return"):
        form.apply("x: int")


def test_forms_for_other_places_and_languages_are_none() -> None:
    document = SyntaxDocument.parse("function f(a) { return a }\n", "javascript")
    assert documentation_for(document, Position(0, 10)) is None
    assert annotations_for(document, Position(0, 10)) is None
    assert annotations_for(python("x = 1\n"), Position(0, 0)) is None
