"""A definition moved with its imports: the program works as before, or the reason is said."""

from __future__ import annotations

import pytest

from lsp_agent.refactor.errors import RefusedError
from lsp_agent.refactor.move import module_path, move
from tests.refactor.conftest import Project


def moved(project: Project, path: str, needle: str, target: str) -> dict[str, str]:
    return dict(move(project.names(), path, project.at(path, needle), target).texts)


def test_a_function_moves_to_a_new_module(shop: Project) -> None:
    before = shop.output()
    found = move(
        shop.names(), "shop/money.py", shop.at("shop/money.py", "def round_up"), "rounding"
    )
    assert found.target == "shop/rounding.py"
    texts = dict(found.texts)
    assert texts["shop/rounding.py"].startswith("def round_up(amount, step=5):\n")
    assert "from shop.rounding import round_up\n" in texts["shop/money.py"]
    assert "def round_up" not in texts["shop/money.py"]
    assert texts["shop/__init__.py"].count("from .rounding import round_up") == 1
    assert "round_up(amount=amount)" in texts["shop/till.py"]
    assert "from shop.rounding import round_up" in texts["shop/till.py"]
    assert "main.py" not in texts
    assert {one.path for one in found.left} == {"README.md", "pyproject.toml"}
    shop.write(texts)
    assert shop.output() == before


def test_a_class_moves_with_the_imports_that_it_needs(shop: Project) -> None:
    before = shop.output()
    texts = moved(shop, "shop/till.py", "class FastTill", "shop/fast.py")
    assert texts["shop/fast.py"].startswith("from shop.till import Till\n\n\nclass FastTill(Till):")
    assert "from shop.fast import FastTill" in texts["main.py"]
    shop.write(texts)
    assert shop.output() == before


def test_into_an_existing_module(project: Project) -> None:
    project.write(
        {
            "main.py": "import a\nfrom b import other\n\nprint(a.f(2), other())\n",
            "a.py": '"""A."""\nimport math\nimport os\n\n\n# Says two.\n@staticmethod\n'
            "def f(x: 'int'):\n    return math.sqrt(x)\n\n\ndef g():\n    return os.sep\n",
            "b.py": "import os\n\n\ndef other():\n    return os.sep\n",
        }
    )
    before = project.output()
    texts = moved(project, "a.py", "def f", "b.py")
    assert texts["a.py"] == '"""A."""\nimport os\n\n\ndef g():\n    return os.sep\n'
    assert texts["b.py"] == (
        "import os\nimport math\n\n\ndef other():\n    return os.sep\n\n\n# Says two.\n"
        "@staticmethod\ndef f(x: 'int'):\n    return math.sqrt(x)\n"
    )
    assert texts["main.py"].endswith("print(f(2), other())\n")
    project.write(texts)
    assert project.output() == before


@pytest.mark.parametrize(
    ("files", "target", "reason"),
    [
        ({"a.py": "X = 1\n\n\ndef f():\n    return X\n\n\nprint(f())\n"}, "b", "import each other"),
        ({"a.py": "def f(): ...\n", "b.py": "f = 1\n"}, "b", "b.py has a f already"),
        ({"a.py": "def f(): ...\n", "c.py": "from a import *\nf()\n"}, "b", "takes f by"),
        ({"a.py": "def f(): ...\n"}, "a.py", "in a.py already"),
        ({"a.py": "def f(): ...\n"}, "no-module", "is no module"),
        ({"a.py": "X = 1\n\n\ndef f():\n    return X\n\n\nimport b\n", "b.py": ""}, "b", "each"),
        (
            {
                "a.py": "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    import os\n\n\n"
                "def f(x: 'os.PathLike'): ...\n"
            },
            "b",
            "type checkers only",
        ),
        (
            {
                "a.py": "def f(): ...\n",
                "b.py": "import c\n",
                "c.py": "from a import f\n\nf()\n",
            },
            "b",
            "c.py and b.py would import each other",
        ),
        ({"a.py": "def f():\n    return unknown\n"}, "b", "not known what unknown is"),
        ({"a.py": "def f():\n    return __name__\n"}, "b", "asks for __name__"),
        (
            {
                "a.py": "def f(): ...\n",
                "b.py": "from a import f\n\n\ndef g():\n    f()\n\n\ng()\n",
            },
            "b",
            "may run f",
        ),
        (
            {"a.py": "def f(): ...\n", "b.py": "import a\n\n\ng = a.f\n"},
            "b",
            "b.py:4 uses f",
        ),
        (
            {
                "a.py": "from c import d\n\n\ndef f():\n    d()\n",
                "b.py": "",
                "c.py": "import b\n\n\ndef d(): ...\n",
            },
            "b",
            "b.py and c.py would import each other",
        ),
        ({"a.py": "x = 1\ndef f(): ...\nf = x\n"}, "b", "more than once"),
    ],
)
def test_refused(project: Project, files: dict[str, str], target: str, reason: str) -> None:
    project.write(files)
    with pytest.raises(RefusedError, match=reason):
        moved(project, "a.py", "def f", target)


def test_only_what_the_module_itself_holds_is_moved(shop: Project) -> None:
    with pytest.raises(RefusedError, match="no function or class"):
        moved(shop, "shop/money.py", "CENTS", "b")


def test_modules_are_named_as_one_likes() -> None:
    assert module_path("shop.prices", "x/a.py") == "shop/prices.py"
    assert module_path("prices", "x/a.py") == "x/prices.py"
    assert module_path("`prices.py`", "x/a.py") == "prices.py"


@pytest.mark.parametrize(
    ("path", "needle"),
    [
        ("shop/money.py", "def round_up"),
        ("shop/money.py", "def total"),
        ("shop/till.py", "class Till"),
        ("shop/till.py", "class FastTill"),
        ("main.py", "def main"),
    ],
)
@pytest.mark.parametrize("target", ["shop.fresh", "shop.money", "shop.till", "main", "top"])
def test_it_works_as_before_or_is_refused(
    shop: Project, path: str, needle: str, target: str
) -> None:
    before = shop.output()
    try:
        texts = moved(shop, path, needle, target)
    except RefusedError:
        return
    shop.write(texts)
    assert shop.output() == before, texts
