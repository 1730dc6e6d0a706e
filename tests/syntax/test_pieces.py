"""A large document that is edited is answered for in pieces; the answers stay the same."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.languages import language_of
from lsp_agent.workspace.positions import Position, Range

BLOCK = 'def f{n}(a, b):\n    """Add {n}."""\n    # more\n    return a + b * {n}\n\n\n'
FIXTURES = Path(__file__).parent.parent / "fixtures" / "outline"


def large(blocks: int = 150) -> SyntaxDocument:
    """A document that was edited once, so that it is in pieces."""
    document = SyntaxDocument.parse("".join(BLOCK.format(n=n) for n in range(blocks)), "python")
    return typed(document, 0, 0, "import os\n")


def typed(document: SyntaxDocument, line: int, character: int, text: str) -> SyntaxDocument:
    place = Position(line, character)
    return document.edited(Range(place, place), text)


def line_of(document: SyntaxDocument, text: str) -> int:
    return document.text.position(document.text.content.index(text)).line


def test_what_is_typed_hides_nothing_behind_it() -> None:
    document = typed(large(), 4, 0, "    total = compute(a[\n")
    issues = document.errors()
    assert issues
    assert all(2 <= issue.range.start.line <= 6 for issue in issues)
    names = [symbol.name for symbol in document.symbols()]
    assert set(names) >= {f"f{n}" for n in range(50, 150)}
    last = document.symbols()[-1]
    assert last.name_range.start.line == line_of(document, "def f149")
    assert last.docstring_range is not None
    assert last.docstring_range.start.line == line_of(document, "Add 149")


def test_places_are_those_of_the_whole() -> None:
    document = typed(large(), 10, 0, "# è\n")
    line = line_of(document, "return a + b * 120")
    enclosing = document.enclosing(Position(line, 6))
    assert enclosing is not None
    assert enclosing.name == "f120"
    assert enclosing.range.start.line == line - 3
    comment = document.comment_at(Position(line - 1, 5))
    assert comment is not None
    assert (comment.text, comment.range.start.line) == ("# more", line - 1)
    statement = document.statement(Range(Position(line, 6), Position(line, 8)))
    assert (statement.start.line, statement.end.line) == (line, line)


def test_what_spans_pieces_is_seen_when_the_text_is_read_as_a_whole() -> None:
    document = large()
    document = typed(document, line_of(document, "def f20("), 0, 's = """\n')
    document = typed(document, line_of(document, "def f120("), 0, '"""\n')
    # Within its piece the string has no end.
    assert document.errors()
    # Its own docstrings end and begin it by turns, so the text is sound only without them.
    plain = SyntaxDocument.parse(document.text.content, "python")
    settled = document.settled()
    assert len(settled.errors()) == min(len(plain.errors()), len(document.errors()))


def test_reading_as_a_whole_mends_what_the_pieces_got_wrong() -> None:
    calls = "".join(f"call({n})\n\n\n" for n in range(300))
    document = typed(SyntaxDocument.parse(calls, "python"), 0, 0, "x = 1\n")
    document = typed(document, line_of(document, "call(20)"), 0, 's = """\n')
    document = typed(document, line_of(document, "call(250)"), 0, '"""\n')
    assert document.errors()
    settled = document.settled()
    assert settled.errors() == []
    assert settled.text == document.text
    assert large().settled().errors() == []


@pytest.mark.parametrize(
    "path", sorted(path for path in FIXTURES.iterdir() if path.suffix != ".outline"), ids=str
)
def test_edits_of_large_files_equal_parsing_anew(path: Path) -> None:
    language = language_of(path.name)
    content = path.read_text("utf-8")
    document = SyntaxDocument.parse(content * (600 // content.count("\n") + 1), language)
    rng = random.Random(path.name)
    for _ in range(12):
        line = rng.randrange(document.text.line_count)
        end = min(line + rng.choice([0, 1, 80]), document.text.line_count - 1)
        range_ = Range(Position(line, 0), Position(end, 0))
        document = document.edited(range_, document.text.slice(range_) + rng.choice(["", "\n"]))
    fresh = SyntaxDocument.parse(document.text.content, language)
    if not fresh.errors() and not document.errors():
        assert [(s.name, s.range) for s in document.symbols()] == [
            (s.name, s.range) for s in fresh.symbols()
        ]
    else:
        # Where a language can't be read in pieces, the pieces know no less.
        assert len(document.symbols()) >= 0.9 * len(fresh.symbols())


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(0, 1), st.integers(0, 900), st.sampled_from(["", "x", "\n", "(", '"""'])
        ),
        max_size=8,
    )
)
def test_edits_taken_back_leave_no_trace(edits: list[tuple[float, int, str]]) -> None:
    document = large()
    before = document.symbols()
    for share, length, text in edits:
        start = int(share * len(document.text.content))
        end = min(start + length, len(document.text.content))
        position = document.text.position
        removed = document.text.content[start:end]
        there = Range(position(start), position(end))
        changed = document.edited(there, text)
        back = Range(there.start, changed.text.position(start + len(text)))
        document = changed.edited(back, removed)
    assert document.errors() == []
    assert document.symbols() == before


def test_what_is_near_and_what_is_imported() -> None:
    document = typed(large(), 500, 0, "from shop import menu\n")
    assert [(one.module, one.names, one.line) for one in document.imports] == [
        ("os", (), 0),
        ("shop", ("menu",), 500),
    ]
    line, piece = document.near(Position(500, 3))
    assert piece.text.line(500 - line) == "from shop import menu"
    assert piece.text.line_count < 150
