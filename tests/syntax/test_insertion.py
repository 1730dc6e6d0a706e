"""What an inserted text closes."""

from __future__ import annotations

import pytest

from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.insertion import Insertion, insertion


def inserted(language: str | None, source: str, text: str) -> tuple[str, int]:
    """Insert at the ``$`` and return what belongs to the open node, and the errors."""
    at = source.index("$")
    document = SyntaxDocument.parse(source.replace("$", ""), language)
    found = insertion(document, document.text.position(at), text)
    return text[: found.closes], found.errors


@pytest.mark.parametrize(
    ("language", "source", "text", "expected"),
    [
        ("python", "def f():\n    $\n", "return 1\n    # more", ("return 1\n    # more", 0)),
        ("python", "def f():\n    $\n", "return 1\n\nprint()", ("return 1", 0)),
        ("python", "x = foo(\n    $\n", "a,\n    b)\n    bar()", ("a,\n    b)", 0)),
        ("python", "x = foo(\n    $\n)\n", "a,\n    b,", ("a,\n    b,", 0)),
        ("rust", "fn f() {\n    $\n", "a();\n}\nfn g() {}", ("a();\n}", 0)),
        ("rust", "fn f() {\n    $\n}\n", "a();\n    b();", ("a();\n    b();", 0)),
        ("go", "func f() {\n\tif x {\n\t\t$\n\t}\n}\n", "é()\n\t\tb()", ("é()\n\t\tb()", 0)),
        (None, "f(\n$", "}\n}", ("}\n}", 0)),
    ],
)
def test_what_closes_the_node_around(
    language: str | None, source: str, text: str, expected: tuple[str, int]
) -> None:
    assert inserted(language, source, text) == expected


def test_errors_are_counted() -> None:
    source = "fn f() {\n    $\n}\n"
    assert inserted("rust", source, "a();\n}")[1] > inserted("rust", source, "a();")[1]


def test_nothing_is_nothing() -> None:
    document = SyntaxDocument.parse("x\n", "python")
    assert insertion(document, document.text.position(0), "  ") == Insertion(2, 0)
