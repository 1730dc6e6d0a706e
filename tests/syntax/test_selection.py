"""What is selected step by step, and what can be folded."""

from __future__ import annotations

from itertools import pairwise

import pytest

from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.workspace.positions import Position


@pytest.mark.parametrize(
    ("language", "source", "expected"),
    [
        (
            "python",
            "def f():\n    return g(a, 'b ¦cd e')\n",
            [
                "cd",
                "b cd e",
                "'b cd e'",
                "(a, 'b cd e')",
                "g(a, 'b cd e')",
                "return g(a, 'b cd e')",
                "def f():\n    return g(a, 'b cd e')",
                "def f():\n    return g(a, 'b cd e')\n",
            ],
        ),
        ("javascript", "f(x¦)", ["x", "(x)", "f(x)"]),
        ("json", '{"é": [1¦, 2]}', ["1", "[1, 2]", '"é": [1, 2]', '{"é": [1, 2]}']),
        (None, "two w¦ords\n", ["words", "two words\n"]),
        (None, "¦", [""]),
    ],
)
def test_selection_grows(language: str | None, source: str, expected: list[str]) -> None:
    at = source.index("¦")
    document = SyntaxDocument.parse(source.replace("¦", ""), language)
    found = document.selection(document.text.position(at))
    assert [document.text.slice(one) for one in found] == expected


def test_deep_nesting_is_cut_but_ends_with_the_document() -> None:
    document = SyntaxDocument.parse("[" * 3000 + "]" * 3000, "json")
    found = document.selection(Position(0, 3000))
    assert len(found) == 200
    assert found[-1] == document.text.full_range
    assert all(one.start >= two.start and one.end <= two.end for one, two in pairwise(found))


def test_a_fold_leaves_the_line_that_closes_it() -> None:
    document = SyntaxDocument.parse("f(\n  [\n    1,\n  ]\n)\n", "javascript")
    assert [fold[:2] for fold in document.folds()] == [(0, 3), (1, 2)]


def test_a_region_that_is_not_closed_is_none() -> None:
    source = "# region a\n# region b\nx = 1\n# endregion\n# endregion\n# region c\ny = 2\n"
    document = SyntaxDocument.parse(source, "python")
    assert document.folds() == [(0, 4, "region"), (1, 3, "region")]
