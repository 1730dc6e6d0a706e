"""Names instead of places, definitions, evidence, time limits and cancelling."""

from __future__ import annotations

import pytest

from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.index.python.references import (
    find_definitions,
    find_definitions_by_name,
    find_references,
    find_references_by_name,
)
from lsp_agent.workspace.positions import Position
from tests.support.marked import MarkedProject, Place

SHOP = """
#- shop/__init__.py
from .menu import Menu
#- shop/menu.py
class Menu:
    def price(self, dish): ...
    def __init__(self):
        self.dishes = []
def price(): ...
#- shop/bill.py
from shop import Menu
def total(menu: Menu):
    menu.price(1)
    menu.dishes
    def price(): ...
#- shop/guess.py
def total(menu):
    menu.price(1)
    menu.dishes
    "".dishes
"""


def places(locations: object) -> list[Place]:
    return [
        (one.path, one.range.start.line, one.range.start.character)
        for one in locations  # type: ignore[attr-defined]
    ]


@pytest.mark.parametrize(
    ("name", "path", "expected"),
    [
        ("Menu", None, [("shop/menu.py", 0, 6)]),
        ("Menu.price", None, [("shop/menu.py", 1, 8)]),
        ("menu.Menu.price", None, [("shop/menu.py", 1, 8)]),
        ("shop.menu.price", None, [("shop/menu.py", 4, 4)]),
        ("price", None, [("shop/menu.py", 1, 8), ("shop/menu.py", 4, 4)]),
        ("Menu.dishes", None, [("shop/menu.py", 3, 13)]),
        ("total", "shop/bill.py", [("shop/bill.py", 1, 4)]),
        ("Menu", "shop/bill.py", [("shop/menu.py", 0, 6)]),
        ("bill.price", None, []),
        ("nothing", None, []),
        ("", None, []),
        ("a..b", None, []),
    ],
)
def test_definitions_by_name(name: str, path: str | None, expected: list[Place]) -> None:
    project = MarkedProject.parse(SHOP)
    assert places(find_definitions_by_name(project, name, path)) == expected


def test_references_by_name() -> None:
    project = MarkedProject.parse(SHOP)
    answer = find_references_by_name(project, "Menu.price", include_declaration=False)
    certain = [one for one in answer.locations if one.certain]
    assert places(certain) == [("shop/bill.py", 2, 9)]


def test_an_attribute_of_an_unknown_object_fits_if_one_class_has_it() -> None:
    project = MarkedProject.parse(SHOP)
    answer = find_references_by_name(project, "Menu.dishes", include_declaration=False)
    assert places(answer.locations) == [("shop/bill.py", 3, 9), ("shop/guess.py", 2, 9)]
    assert [one.certain for one in answer.locations] == [True, False]


def test_another_class_with_the_attribute_speaks_against_it() -> None:
    other = "#- other.py\nclass Other:\n    def __init__(self):\n        self.dishes = 1\n"
    project = MarkedProject.parse(SHOP + other)
    answer = find_references_by_name(project, "Menu.dishes", include_declaration=False)
    assert places(answer.locations) == [("shop/bill.py", 3, 9)]


def test_a_name_that_builtin_types_have_is_not_guessed() -> None:
    text = "class A:\n    def append(self): ...\ndef f(x):\n    x.append()\n"
    answer = find_references_by_name(MarkedProject.parse(text), "A.append")
    assert places(answer.locations) == [("m.py", 1, 8)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#- a.py\nx = 1\n#- b.py\nfrom a import $0x\n", [("a.py", 0, 0)]),
        ("#- a.py\nx = 1\n#- b.py\nimport $0a\n", [("a.py", 0, 0)]),
        ("#- p/__init__.py\n\n#- p/q.py\n\n#- b.py\nimport p.$0q\n", [("p/q.py", 0, 0)]),
        ("def f(x): ...\nf($0x=1)\n", [("m.py", 0, 6)]),
        ("import $0os\n", []),
        ("a = 1$0 + 2\n", []),
    ],
)
def test_definitions(text: str, expected: list[Place]) -> None:
    project = MarkedProject.parse(text)
    assert project.cursor is not None
    assert places(find_definitions(project, *project.cursor)) == expected


def test_a_file_that_is_not_there_has_no_references() -> None:
    assert find_references(MarkedProject(), "gone.py", Position(0, 0)).locations == ()


def test_no_time_is_an_incomplete_answer() -> None:
    project = MarkedProject.parse(SHOP)
    answer = find_references_by_name(project, "Menu", seconds=0)
    assert not answer.complete


def test_a_cancelled_search_stops() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        find_references_by_name(MarkedProject.parse(SHOP), "Menu", cancel=token)
