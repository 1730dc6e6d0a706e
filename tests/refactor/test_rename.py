"""A new name: all that means it changes, nothing else, or the reason is said."""

from __future__ import annotations

import io
import keyword
import tokenize
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lsp_agent.refactor.errors import RefusedError
from lsp_agent.refactor.rename import rename
from lsp_agent.workspace.positions import Position
from tests.refactor.conftest import SHOP, Project

PYTHON = [path for path in SHOP if path.endswith(".py")]
PLACES = [
    (path, Position(token.start[0] - 1, token.start[1]))
    for path in PYTHON
    for token in tokenize.generate_tokens(io.StringIO(SHOP[path]).readline)
    if token.type == tokenize.NAME and not keyword.iskeyword(token.string)
]
NAMES = sorted(
    {
        token.string
        for path in PYTHON
        for token in tokenize.generate_tokens(io.StringIO(SHOP[path]).readline)
        if token.type == tokenize.NAME
    }
)


def test_code_comments_and_documents_change(shop: Project) -> None:
    found = rename(
        shop.names(), "shop/money.py", shop.at("shop/money.py", "round_up(amount,"), "up"
    )
    after = shop.after(found.edits)
    assert set(after) == {
        "README.md", "main.py", "shop/__init__.py", "shop/money.py", "shop/till.py"
    }  # fmt: skip
    assert all("round_up" not in text for text in after.values())
    assert "Call `up(amount)` or shop.money.up, then" in after["README.md"]
    assert '__all__ = ["Till", "up"]' in after["shop/__init__.py"]
    assert [one.path for one in found.left] == ["pyproject.toml"]
    assert {one.path for one in found.told} == {"README.md", "shop/money.py"}


def test_a_method_changes_with_those_that_override_it(shop: Project) -> None:
    at = shop.at("shop/till.py", "pay(self")
    after = shop.after(rename(shop.names(), "shop/till.py", at, "settle").edits)
    assert after["shop/till.py"].count("def settle(") == 2
    assert "super().settle(" in after["shop/till.py"]
    assert "till.settle(amount).settle(amount, tip=5)" in after["main.py"]
    assert "`Till.settle`" in after["README.md"]


def test_a_parameter_changes_with_its_callers(shop: Project) -> None:
    at = shop.at("shop/money.py", "round_up($0amount,")
    after = shop.after(rename(shop.names(), "shop/money.py", at, "cents").edits)
    assert set(after) == {"shop/money.py", "shop/till.py"}
    assert "money.round_up(cents=amount)" in after["shop/till.py"]
    assert "        cents: in cents\n" in after["shop/money.py"]


@pytest.mark.parametrize(
    ("path", "needle", "new", "reason"),
    [
        ("shop/money.py", "$0round_up(amount", "total", "at shop/money.py:"),
        ("shop/money.py", "$0round_up(amount", "prices", "something else at shop/money.py:19"),
        ("shop/money.py", "$0rest =", "step", "step is used already"),
        ("shop/money.py", "$0size =", "sum", "sum is used already at shop/money.py:19"),
        ("shop/till.py", "def $0pay", "whole", "Till in shop/till.py has a member whole"),
        ("shop/till.py", "def $0pay", "__pay", "underscores"),
        ("shop/till.py", "def $0__init__", "make", "Python itself"),
        ("shop/till.py", "def $0whole", "class", "no name in Python"),
        ("shop/till.py", "def $0whole", "two words", "no name in Python"),
        ("shop/till.py", "def $0whole", "whole", "already"),
        ("shop/till.py", "from shop import $0money", "cash", "is a module"),
        ("shop/money.py", "$0len(", "size_of", "not known what len is"),
    ],
)
def test_refused_with_the_reason(
    shop: Project, path: str, needle: str, new: str, reason: str
) -> None:
    with pytest.raises(RefusedError, match=reason):
        rename(shop.names(), path, shop.at(path, needle), new)


UNION = (
    "class A:\n    def go(self): ...\n\n\nclass B:\n    def go(self): ...\n\n\n"
    "def f(x: A | B):\n    x.go()\n"
)


@pytest.mark.parametrize(
    ("text", "needle", "reason"),
    [
        ("from json import dumps\nprint(dumps(1))\n", "$0dumps(1", "comes from json"),
        ("import json\nprint(json.dumps(1))\n", "$0dumps", "not known what dumps"),
        (
            "def run(a):\n    a.get()\n\n\nclass C:\n    def get(self): ...\n",
            "def $0get",
            "m.py:2:7",
        ),
        (
            "import unittest\n\n\nclass C(unittest.TestCase):\n    def check(self): ...\n",
            "def $0check",
            "inherits from TestCase",
        ),
        (
            "from lib import B\n\n\nclass C(B):\n    def check(self): ...\n",
            "def $0check",
            "outside",
        ),
        (
            "try:\n    from lib import f\nexcept ImportError:\n    def f(): ...\nf()\n",
            "def $0f",
            "outside the workspace|comes from lib",
        ),
        ("import pytest\n\n\n@pytest.fixture\ndef shop(): ...\n", "def $0shop", "by its name"),
        ("def test_it(shop): ...\n", "$0shop", "may be a fixture"),
        ("def test_it(): ...\n", "$0test_it", "found as a test"),
        ("import x\n\n\n@x.get('/{a}')\ndef f(a): ...\n", "f($0a", "decorated with get"),
        ("from typing import TypedDict\n\n\nclass D(TypedDict):\n    a: int\n", "$0a: int", "keys"),
        ("def f(a): ...\ndef g(**k):\n    f(**k)\n", "f($0a", "m.py:3:5 may pass a"),
        ("def f(a): ...\ng = partial(f, a=1)\n", "f($0a", "m.py:2:13 may pass a"),
        (
            "class A:\n    def __init__(self, a): ...\nclass B(A): ...\ng = B(**k)\n",
            "self, $0a",
            "m.py:4:5 may pass a",
        ),
        (
            "from dataclasses import replace\n\n\nclass A:\n    a: int\nb = replace(A(), a=2)\n",
            "$0a: int",
            "m.py:6:18 may be this one",
        ),
        (
            "from typing import NamedTuple\nclass A(NamedTuple):\n    a: int\nf()._replace(a=2)\n",
            "$0a: int",
            "m.py:4:14 may be this one",
        ),
        ("def f(a):\n    print(f'{a=}')\n", "f($0a", "a string shows a at m.py:2"),
        (UNION, "def $0go", "may also be that of m.py:6"),
    ],
)
def test_what_is_not_sure_is_refused(project: Project, text: str, needle: str, reason: str) -> None:
    project.write({"m.py": text})
    with pytest.raises(RefusedError, match=reason):
        rename(project.names(), "m.py", project.at("m.py", needle), "fresh")


def test_what_a_class_binds_itself_it_takes_from_the_module(project: Project) -> None:
    text = "b = 1\n\n\ndef f():\n    b = 2\n    class C:\n        b = b\n    return C.b, b\n"
    project.write({"main.py": f"{text}\n\nprint(f())\n"})
    expected = project.output()
    edits = rename(project.names(), "main.py", project.at("main.py", "$0b = 2"), "c").edits
    assert len(edits["main.py"]) == 2
    project.write(project.after(edits))
    assert project.output() == expected == "(1, 2)\n"


def test_stubs_are_not_forgotten(project: Project) -> None:
    project.write({"m.py": "def f(): ...\n", "m.pyi": "def f() -> None: ...\n"})
    with pytest.raises(RefusedError, match=r"m\.py and m\.pyi both"):
        rename(project.names(), "m.py", project.at("m.py", "$0f()"), "g")


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(place=st.sampled_from(PLACES), new=st.sampled_from([*NAMES, "fresh", "é", "list"]))
def test_it_works_as_before_or_is_refused(
    tmp_path_factory: pytest.TempPathFactory, place: tuple[str, Position], new: str
) -> None:
    folder = tmp_path_factory.mktemp("shop")
    project = Project(folder).write(SHOP)
    before = project.output()
    assert before.startswith("7 3 5 10 Ann"), before
    try:
        found = rename(project.names(), *place, new)
    except RefusedError:
        return
    project.write(project.after(found.edits))
    assert project.output() == before


def test_a_fresh_name_is_hardly_ever_refused(tmp_path: Path) -> None:
    project = Project(tmp_path).write(SHOP)
    refused = {}
    for place in PLACES:
        try:
            rename(project.names(), *place, "fresh")
        except RefusedError as error:
            refused[place] = str(error)
    allowed = ("module", "not known what", "Python itself", "no name at this place")
    assert not {k: v for k, v in refused.items() if not any(one in v for one in allowed)}
