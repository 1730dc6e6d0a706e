"""Texts that nobody wrote by hand: answered in time, empty or in part, and never with a crash."""

from __future__ import annotations

import string
import time

import pytest

from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.insertion import insertion
from lsp_agent.syntax.languages import languages
from lsp_agent.workspace.positions import Position, Range

DEEP = 10_000
ASCII = string.punctuation + "a0 "
SECONDS = 10.0
SHAPES = {
    "round": "(" * DEEP,
    "square": "[" * DEEP + "]" * DEEP,
    "curly": "{" * DEEP + "}" * DEEP,
    "keys": '{"a":' * DEEP,
    "angle": "<a>" * DEEP,
    "classes": "class A {" * DEEP,
    "quotes": "> " * DEEP,
    "items": "- " * DEEP,
    "fences": "```py\n" * DEEP,
    "steps": "".join(" " * (line % 400) + "a:\n" for line in range(DEEP)),
    "one line": "x = 1; " * 570_000,
    "emoji": "😀 = 1\r\n" * 1_000,
    # Far behind the tables of 256 that C has for isalpha and the like.
    "icons": "$`-!]{\U000f0001é{\n"
    + "\n".join(f"{a}{b}\U0010ffff" for a in ASCII for b in (*ASCII, "")),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("language", languages())
def test_an_answer_comes_in_time(language: str, shape: str) -> None:
    begun = time.monotonic()
    document = SyntaxDocument.parse(SHAPES[shape], language)
    symbols = document.symbols()
    document.errors()
    place = Position(0, 5)
    document.enclosing(place)
    document.comment_at(place)
    document.language_at(place)
    statement = document.statement(Range(place, place))
    assert time.monotonic() - begun < SECONDS
    assert statement.start.line == 0
    assert all(one.range.end <= document.text.full_range.end for one in symbols)
    assert max((one.qualified_name.count(".") for one in symbols), default=0) < 100


def test_what_completes_code_in_a_deep_place_answers_in_time() -> None:
    document = SyntaxDocument.parse("```py\n" * DEEP, "javascript")
    begun = time.monotonic()
    assert insertion(document, Position(0, 3), "x").closes == 1
    assert time.monotonic() - begun < SECONDS


@pytest.mark.parametrize("language", languages())
def test_zero_bytes_and_line_ends(language: str) -> None:
    assert SyntaxDocument.parse("a\0b", language).symbols() == []
    for end in ("\r\n", "\r", "\n"):
        document = SyntaxDocument.parse(f"# é 😀{end}a: 1{end}", language)
        last = document.text.full_range.end
        assert all(one.range.end <= last for one in document.symbols())


def test_line_ends_make_no_other_outline() -> None:
    source = 'class Ä:\n    """😀."""\n\n    def f(self, ü):\n        return 1\n\nx = 1\n'
    rows = [
        (one.qualified_name, one.range, one.name_range, one.parameters)
        for one in SyntaxDocument.parse(source, "python").symbols()
    ]
    crlf = SyntaxDocument.parse(source.replace("\n", "\r\n"), "python").symbols()
    assert [(one.qualified_name, one.range, one.name_range, one.parameters) for one in crlf] == rows
    assert len(rows) == 3


@pytest.mark.parametrize(
    ("language", "inside"), [("yaml", "{}a: 1\n"), ("markdown", "{}- a\n"), ("markdown", "{}> a\n")]
)
def test_blocks_that_a_scanner_has_no_room_for_are_not_parsed(language: str, inside: str) -> None:
    deep = "".join(inside.format("  " * depth) for depth in range(300))
    assert SyntaxDocument.parse(deep, language).symbols() == []
    fenced = f"# A\n\n```yaml\n{deep}\n```\n"
    names = [one.name for one in SyntaxDocument.parse(fenced, "markdown").symbols()]
    assert names in ([], ["A"])


def test_keys_of_data_are_counted() -> None:
    flat = "{" + ",".join(f'"k{index}": {index}' for index in range(50_000)) + "}"
    assert len(SyntaxDocument.parse(flat, "json").symbols()) == 5_000
    nested = '{"a": {"b": {"c": {"d": {"e": 1}}}}}'
    names = [one.qualified_name for one in SyntaxDocument.parse(nested, "json").symbols()]
    assert names == ["a", "a.b", "a.b.c", "a.b.c.d"]


def test_a_text_that_took_too_long_is_not_parsed_with_every_key() -> None:
    odd = "@a\n" * 2_500
    document = SyntaxDocument(SyntaxDocument.parse(odd, "kotlin").text, "kotlin", _slow=len(odd))
    begun = time.monotonic()
    for _ in range(20):
        document = document.edited(Range(Position(0, 0), Position(0, 0)), "x")
        assert document.symbols() == []
    assert time.monotonic() - begun < 1.0
    mended = document.replaced("fun f() {}\n")
    assert [one.name for one in mended.symbols()] == ["f"]
