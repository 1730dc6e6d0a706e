"""A Python function's parts."""

from __future__ import annotations

import pytest

from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.functions import function_at, type_names
from lsp_agent.workspace.positions import Position


def at(source: str, line: int = 0, character: int = 5):
    return function_at(SyntaxDocument.parse(source, "python"), Position(line, character))


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("def f():", ()),
        ("def f(a, /, b, *, c):", ("a", "b", "c")),
        ("def f(a: int, b=1, c: str = ''):", ("a", "b", "c")),
        ("def f(*args, **kwargs):", ("*args", "**kwargs")),
        ("def f(*args: int, **kwargs: str):", ("*args", "**kwargs")),
        ("async def f(self, a):", ("a",)),
        ("def f(cls):", ()),
    ],
)
def test_parameters(header: str, names: tuple[str, ...]) -> None:
    shape = at(f"{header}\n    return 1\n")
    assert shape is not None
    assert tuple(one.stars + one.name for one in shape.parameters) == names


@pytest.mark.parametrize(
    ("body", "returns", "yields"),
    [
        ("return 1", True, False),
        ("return", False, False),
        ("return None", False, False),
        ("yield 1", False, True),
        ("def g():\n        return 1", False, False),
        ("if x:\n        return x", True, False),
    ],
)
def test_results(body: str, returns: bool, yields: bool) -> None:
    shape = at(f"def f(x):\n    {body}\n")
    assert shape is not None
    assert (shape.returns, shape.yields) == (returns, yields)


def test_a_decorator_belongs_to_its_function() -> None:
    shape = at("@wraps(f)\ndef g(a):\n    pass\n", 0, 3)
    assert shape is not None
    assert shape.name == "g"


def test_there_is_none_outside_or_in_other_languages() -> None:
    assert at("x = 1\n") is None
    document = SyntaxDocument.parse("int f(int a) { return a; }", "c")
    assert function_at(document, Position(0, 5)) is None
    assert type_names(document) == []


def test_type_names_are_those_that_the_file_binds() -> None:
    source = (
        "from typing import TYPE_CHECKING, Any\nimport numpy as np\nfrom a import thing as Thing\n"
        "if TYPE_CHECKING:\n    from b import Other\nclass Shop:\n"
        "    def f(self, x: np.ndarray) -> Any: ...\n    y: Any = Thing()\n"
    )
    names = type_names(SyntaxDocument.parse(source, "python"))
    assert set(names) == {"Any", "Other", "Shop", "TYPE_CHECKING", "Thing", "np.ndarray"}
    assert names[0] == "Any"
