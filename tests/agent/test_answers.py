"""What is left of an answer before it is offered."""

from __future__ import annotations

import pytest

from lsp_agent.agent.answers import (
    Block,
    fitted,
    opens_block,
    says_something,
    without_following,
    without_overlap,
)
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.workspace.positions import Position
from lsp_agent.workspace.text import Text


def read(answer: str, before: str = "    ") -> tuple[int, str, str]:
    """Read an answer by the character; return how many were needed, the block, its end."""
    for count in range(len(answer)):
        block = Block.read(before, answer[:count])
        if block.over:
            return count, *block.result(ended=False)
    return len(answer), *Block.read(before, answer).result(ended=True)


@pytest.mark.parametrize(
    ("answer", "needed", "block", "closing"),
    [
        ("return 1\n    # more\nprint()", "return 1\n    # more\np", "return 1\n    # more", ""),
        ("a()\n\n    b()", None, "a()\n\n    b()", ""),
        ("a();\n}\nfn g() {", "a();\n}\n", "a();", "}"),
        ("a();\n}", None, "a();", "}"),
        ("a()\nend\nx", "a()\nend\n", "a()", "end"),
        ("a()\nendless", "a()\nendl", "a()", ""),
        ("a()\nelse:", "a()\nel", "a()", ""),
        ("a();\r\n    b();\r\n}\r\n", "a();\r\n    b();\r\n}\r\n", "a();\n    b();", "}"),
        ("x\n" * 20, "x\n", "x", ""),
    ],
)
def test_no_more_is_read_than_the_block(
    answer: str, needed: str | None, block: str, closing: str
) -> None:
    count, *found = read(answer)
    assert found == [block, closing]
    if needed is not None and not answer.startswith("x"):
        assert answer[:count] == needed


def test_eight_lines_are_enough() -> None:
    count, block, _ = read("x\n    " * 20)
    assert block == "\n    ".join("x" * 8)
    assert count < 60


def test_without_indentation_at_the_cursor_the_first_line_s_counts() -> None:
    assert read("    return 1\n\nx = 1", before="")[1] == "    return 1"


def test_a_line_that_was_cut_off_is_left_out() -> None:
    block = Block.read("    ", "first()\n    sec")
    assert not block.over
    assert block.result(ended=False) == ("first()", "")
    assert block.result(ended=True) == ("first()\n    sec", "")
    assert Block.read("    ", "circles and circles").result(ended=False) == ("", "")


@pytest.mark.parametrize(
    ("answer", "rest", "left"),
    [("x)", ")", "x"), ("a)]", ")])", "a"), ("f(x)", "", "f(x)"), ("ab", "cd", "ab")],
)
def test_what_stands_behind_the_cursor_is_not_repeated(answer: str, rest: str, left: str) -> None:
    assert without_overlap(answer, rest) == left


@pytest.mark.parametrize(
    ("answer", "before", "behind", "left"),
    [
        ("x = 1\n    return x", "    ", "    return x\n", "x = 1"),
        ("x = 1\n\n    y = 2\n    return x", "    ", "\n    y = 2\n\n    return x\n", "x = 1"),
        ("return x", "    ", "    return x\n", ""),
        ("width", "self.", "self.width\n", ""),
        ("x = 1\n    return y", "    ", "    return x\n", "x = 1\n    return y"),
        ("x = 1\n    return x", "    ", "  return x\n", "x = 1\n    return x"),
        ("x", "y = ", "", "x"),
        ("x", "y = ", "\n\n", "x"),
        ("a\n}", "  ", "}\n}\n", "a"),
    ],
)
def test_lines_that_follow_anyway_are_cut(answer: str, before: str, behind: str, left: str) -> None:
    assert without_following(answer, before, behind) == left


@pytest.mark.parametrize(
    ("answer", "before", "language", "something"),
    [
        ("", "", "python", False),
        (" \n\t", "", None, False),
        ("# why", "", "python", False),
        ("# why\n    # because", "    ", "python", False),
        ("# why\n    x = 1", "    ", "python", True),
        ("why it is so", "# say ", "python", True),
        ("# more", "# some\n# ", "python", True),
        ("// why", "x = 1; ", "go", False),
        ("/* why\n   it is */", "", "c", False),
        ("/* why */ x = 1", "", "c", True),
        ("*x = 1", "", "c", True),
        ("# Title", "", None, True),
    ],
)
def test_comments_alone_are_nothing(
    answer: str, before: str, language: str | None, something: bool
) -> None:
    assert says_something(answer, before, language) == something


@pytest.mark.parametrize(
    ("language", "source", "block", "closing", "expected"),
    [
        # The bracket stands there, or does not.
        ("rust", "fn f() {\n    $\n}\n", "a();", "}", "a();"),
        ("rust", "fn f() {\n    $\n", "a();", "}", "a();\n}"),
        ("ruby", "def f\n  $\n", "a", "end", "a\nend"),
        ("ruby", "def f\n  $\nend\n", "a", "end", "a"),
        ("javascript", "go({\n  $\n", "a: 1,", "});", "a: 1,\n});"),
        ("python", "x = f(\n    $\n", "a,\n    b)\n    bar()", "", "a,\n    b)"),
        (None, "f {\n  $\n", "a", "}", "a"),
    ],
)
def test_a_block_fits_the_tree(
    language: str | None, source: str, block: str, closing: str, expected: str
) -> None:
    at = source.index("$")
    document = SyntaxDocument.parse(source.replace("$", ""), language)
    assert fitted(document, document.text.position(at), block, closing) == expected


def test_blocks() -> None:
    assert opens_block(Text("if x:\n\n    \n"), Position(2, 4))
    assert not opens_block(Text("x = 1\n    \n"), Position(1, 4))
    assert not opens_block(Text("if x:\n    y\n"), Position(1, 4))
