"""One fixture a language: a file and its expected outline."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.languages import language_of

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
