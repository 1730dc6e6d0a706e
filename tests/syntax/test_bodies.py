"""What a function's body shows, in fresh, broken, and large edited documents."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.syntax.bodies import class_members, function_body
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.pieces import MIN_DOCUMENT_LINES
from lsp_agent.workspace.positions import Position, Range

PYTHON = (
    "class A:\n    def f(self, a):\n        '''Doc.'''\n        # TODO: more\n"
    "        try:\n            if a:\n                return g(a)\n        except OSError:\n"
    "            pass\n        return [h(x) for x in a]\n\n    def stub(self): ...\n"
)
SOURCES = {
    "python": PYTHON,
    "typescript": "class A {\n  f(a: T) { if (a) { g(a); } /* FIXME */ }\n  stub() {}\n}\n",
    "go": 'package a\nfunc F(a int) int {\n\tfor a > 0 { g(a) }\n\tpanic("TODO")\n}\n',
    "rust": "impl A {\n    fn f(&self) -> u8 { match x { _ => g() } }\n    fn s() { todo!() }\n}\n",
    "java": "class A {\n  int f(int a) {\n    try { return g(a); } finally { h(); }\n  }\n}\n",
    "ruby": "class A\n  def f(a)\n    if a\n      g(a)\n    end\n  end\nend\n",
}


def test_what_is_counted() -> None:
    body = function_body(SyntaxDocument.parse(PYTHON, "python"), Position(5, 12))
    assert body is not None
    assert body.symbol.name == "f"
    counted = (body.statements, body.gaps, body.branches, body.calls, body.handlers)
    assert counted == (2, 2, 1, 2, 1)
    assert (body.stub, body.abstract, body.broken, body.lines) == (False, False, False, 9)


@pytest.mark.parametrize(
    ("language", "line", "shows"),
    [
        ("python", 11, (True, False)),
        ("typescript", 1, (False, False)),
        ("typescript", 2, (True, False)),
        ("go", 2, (False, False)),
        ("rust", 1, (False, False)),
        ("rust", 2, (True, False)),
        ("java", 2, (False, False)),
        ("ruby", 2, (False, False)),
    ],
)
def test_stubs(language: str, line: int, shows: tuple[bool, bool]) -> None:
    body = function_body(SyntaxDocument.parse(SOURCES[language], language), Position(line, 6))
    assert body is not None
    assert (body.stub, body.abstract) == shows


def test_members_of_a_class() -> None:
    for language in ("python", "typescript"):
        document = SyntaxDocument.parse(SOURCES[language], language)
        symbol = document.symbols()[0]
        assert class_members(document, symbol) == ["f", "stub"]


@given(
    st.sampled_from(sorted(SOURCES)),
    st.integers(0, 200),
    st.integers(0, 40),
    st.text("{}()[]:\n\t 'ab#/é😀", max_size=6),
)
def test_broken_code_is_looked_at_without_an_error(
    language: str, at: int, gone: int, new: str
) -> None:
    text = SOURCES[language]
    document = SyntaxDocument.parse(text[:at] + new + text[at + gone :], language)
    for line in range(document.text.line_count):
        body = function_body(document, Position(line, 2))
        if body is not None:
            assert body.symbol.range.start.line <= line <= body.symbol.range.end.line
            assert body.statements >= 0
            assert document.text.slice(body.symbol.range).startswith(body.code)


def test_a_large_document_in_pieces_shows_the_same() -> None:
    large = PYTHON * (MIN_DOCUMENT_LINES // PYTHON.count("\n") + 20)
    at = Position(0, 0)
    edited = SyntaxDocument.parse(large, "python").edited(Range(at, at), "# é\n")
    fresh = SyntaxDocument.parse(edited.text, "python")
    for line in (3, 303, edited.text.line_count - 4):
        one, other = (function_body(document, Position(line, 8)) for document in (edited, fresh))
        assert one is not None
        assert one == other
