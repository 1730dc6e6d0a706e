"""The test that a place is in."""

from __future__ import annotations

import pytest

from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.facts import file_facts
from lsp_agent.syntax.testcases import test_at as found_at
from lsp_agent.workspace.positions import Position, Range

PYTHON = """import a


@mark
def test_a():
    def inner():
        return 1
    assert inner()


class TestB(Base):
    x = 1

    def test_c(self):
        assert 1

    def help(self):
        return 2


def test():
    assert a
"""
SCRIPT = """import x from "x";

describe("shop", () => {
  const y = 1;
  it("sells", () => { check(1); });
  it.each([1, 2])("sells %d", async (n) => { check(n); });
});
test('alone', function () { check(2); });
"""


def at(source: str, language: str, needle: str) -> str | None:
    document = SyntaxDocument.parse(source, language)
    return found_at(document, document.text.position(source.index(needle)))


@pytest.mark.parametrize(
    ("source", "language", "needle", "expected"),
    [
        (PYTHON, "python", "assert inner", "test_a"),
        (PYTHON, "python", "return 1", "test_a"),
        (PYTHON, "python", "def test_a", "test_a"),
        (PYTHON, "python", "assert 1", "TestB.test_c"),
        (PYTHON, "python", "assert a", "test"),
        (PYTHON, "python", "\n\n\nclass TestB", "test_a"),
        (PYTHON, "python", "\n\n    def help", "TestB.test_c"),
        (PYTHON, "python", "x = 1", None),
        (PYTHON, "python", "return 2", None),
        (PYTHON, "python", "import", None),
        (SCRIPT, "typescript", "check(1)", "shop > sells"),
        (SCRIPT, "javascript", "check(n)", "shop > sells %d"),
        (SCRIPT, "tsx", "check(2)", "alone"),
        (SCRIPT, "javascript", "const y", None),
        ("func TestA(t *T) { a() }\n", "go", "a()", None),
    ],
)
def test_the_innermost(source: str, language: str, needle: str, expected: str | None) -> None:
    found = at(source, language, needle)
    assert found == expected
    if expected is not None:
        # It is one of those that a runner would collect.
        assert expected in file_facts(source, language).tests


@pytest.mark.parametrize(
    ("source", "language", "expected"),
    [
        ("def test_a():\n    assert 1|\n", "python", "test_a"),
        ("def test_a():\n    assert 1\n|", "python", None),
        ("test('a', () => {\n  f();\n});|\n", "javascript", None),
    ],
)
def test_the_cursor_right_behind_it(source: str, language: str, expected: str | None) -> None:
    before, _, behind = source.partition("|")
    document = SyntaxDocument.parse(before + behind, language)
    assert found_at(document, document.text.position(len(before))) == expected


def test_in_a_large_file_that_was_edited() -> None:
    source = "".join(f"def test_{n}():\n    assert {n}\n\n\n" for n in range(3000))
    document = SyntaxDocument.parse(source, "python")
    start = Position(0, 0)
    edited = document.edited(Range(start, start), "# first\n\n")
    assert found_at(edited, Position(4 * 2000 + 3, 6)) == "test_2000"
