"""Code behind a statement that never goes on."""

from __future__ import annotations

import pytest

from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.reachability import is_unreachable
from lsp_agent.workspace.positions import Position


@pytest.mark.parametrize(
    ("language", "source"),
    [
        (
            "python",
            "def f(x):\n    if x:\n        return 1\n        y = 2  # never\n    else:\n        z = 3\n"
            "    for a in x:\n        continue\n    return 3\n    # a note\n    f(1)  # never\n",
        ),
        ("python", "def f():\n    raise E\n    def g():\n        return\n\nf()\n"),
        ("rust", "fn f(x: i32) -> i32 {\n  if x > 1 { return 2; }\n  return 1;\n  g();  // never\n}\n"),
        (
            "javascript",
            "function f(x) {\n  switch (x) {\n    case 1:\n      break;\n    case 2:\n      return 1;\n"
            "      x();  // never\n  }\n  throw new E();\n  g();  // never\n  function h() {}\n}\n",
        ),
        (
            "go",
            "func f(x int) int {\n\tif x > 1 {\n\t\treturn 1\n\t}\n\tfor {\n\t\tbreak\n"
            "\t\tg() // never\n\t}\n\treturn 2\n}\n",
        ),
        ("c", "int f(int x) {\n  if (x) goto end;\n  return 1;\nend:\n  return 2;\n}\n"),
        ("java", "class A {\n  int f() {\n    return 1;\n  }\n  int g() {\n    return 2;\n  }\n}\n"),
    ],
)
def test_the_marked_lines_and_no_others(language: str, source: str) -> None:
    document = SyntaxDocument.parse(source, language)
    found = {
        number
        for number, line in enumerate(source.split("\n"))
        if line.strip()
        and is_unreachable(document, Position(number, len(line) - len(line.lstrip())))
    }
    assert found == {n for n, line in enumerate(source.split("\n")) if "never" in line}


def test_a_text_without_a_parser_has_none() -> None:
    assert not is_unreachable(SyntaxDocument.parse("return\nx", None), Position(1, 0))
