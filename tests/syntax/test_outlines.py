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
