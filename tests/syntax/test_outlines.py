"""One fixture a language: a file and its expected outline."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.languages import language_of
from lsp_agent.syntax.symbols import KINDS

QUERIES = Path(__file__).parents[2] / "grammars" / "queries"
FIXTURES = sorted(
    path
    for path in (Path(__file__).parent.parent / "fixtures" / "outline").iterdir()
    if path.suffix != ".outline"
)


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.name)
def test_outline(path: Path) -> None:
    document = SyntaxDocument.parse(path.read_text("utf-8"), language_of(path.name))
    rows = [
        f"{one.range.start.line + 1}-{one.range.end.line + 1} "
        f"{one.kind} {one.qualified_name}({', '.join(one.parameters)})"
        for one in document.symbols()
    ]
    assert document.errors() == []
    assert rows == Path(f"{path}.outline").read_text("utf-8").splitlines()


def test_all_kinds_are_known() -> None:
    found = {
        kind
        for path in QUERIES.glob("*/definitions.scm")
        for kind in re.findall(r"@definition\.([a-z_]+)", path.read_text("utf-8"))
    }
    assert found <= set(KINDS)


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("a.py", "def f(\n    a: int,\n    *,\n    b=( 1 ),\n) -> int:\n    pass\n",
         "def f(a: int, *, b=( 1 )) -> int:"),
        ("a.py", "NAMES = [\n    1,\n]\n", "NAMES"),
        ("a.py", "NAMES = {'a': 1}\n", "NAMES = {'a': 1}"),
        ("a.ts", "function f<\n  T,\n>(\n  a: T,\n): T {\n}\n", "function f<T>(a: T): T"),
        ("a.ts", "const made = new Map<\n  string,\n  number\n>();\n", "const made = new Map"),
        ("a.rs", "fn f(\r\n    a: u8,\r\n) -> u8 {\r\n}\r\n", "fn f(a: u8) -> u8"),
        ("a.go", "func (s *S) F(\n\ta int,\n) error {\n}\n", "func (s *S) F(a int) error"),
    ],
)  # fmt: skip
def test_a_signature_is_on_one_line(path: str, text: str, expected: str) -> None:
    (symbol,) = SyntaxDocument.parse(text, language_of(path)).symbols()
    assert symbol.signature == expected
