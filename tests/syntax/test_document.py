"""Incremental trees equal fresh ones; symbols, comments and errors are where people see them."""

from __future__ import annotations

import random
import threading

import pytest

from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.issues import new_errors
from lsp_agent.syntax.languages import comment_mark, language_of, languages
from lsp_agent.syntax.parser import Parsers
from lsp_agent.workspace.positions import Position, Range
from lsp_agent.workspace.text import Text

SOURCE = '''\
import x

@deco
class A(B):
    """Doc é."""

    @prop
    def f(self, a: int = 1, *args, **kw) -> int:
        """F😀."""
        return a  # TODO: faster

def g(x, y):
    return x
'''


def parse(source: str, language: str | None = "python") -> SyntaxDocument:
    return SyntaxDocument.parse(source, language)


def test_symbols_of_python() -> None:
    rows = [
        (one.kind, one.qualified_name, one.signature, one.docstring, one.parameters)
        for one in parse(SOURCE).symbols()
    ]
    assert rows == [
        ("class", "A", "class A(B):", '"""Doc é."""', ()),
        (
            "method",
            "A.f",
            "def f(self, a: int = 1, *args, **kw) -> int:",
            '"""F😀."""',
            ("self", "a", "args", "kw"),
        ),
        ("function", "g", "def g(x, y):", None, ("x", "y")),
    ]
    first = parse(SOURCE).symbols()[0]
    assert first.range.start == Position(2, 0)
    assert first.name_range.start == Position(3, 6)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (0, None),
        (2, "A"),
        (3, "A"),
        (5, None),
        (6, "A.f"),
        (7, "A.f"),
        (9, "A.f"),
        (10, None),
        (12, "g"),
    ],
)
def test_enclosing_symbol(line: int, name: str | None) -> None:
    found = parse(SOURCE).enclosing(Position(line, 4))
    if line == 5:
        assert found is not None
        assert found.name == "A"
    else:
        assert (found.qualified_name if found else None) == name


def test_comment_on_a_line() -> None:
    document = parse(SOURCE)
    comment = document.comment_at(Position(9, 0))
    assert comment is not None
    assert comment.text == "# TODO: faster"
    assert document.comment_at(Position(8, 0)) is None
    assert document.comment_at(Position(99, 0)) is None


def test_statement_lines() -> None:
    document = parse("x = f(\n  1,\n  2)\ny = 3\n")
    assert document.statement(Range(Position(1, 2), Position(1, 3))).end.line in (1, 2)
    whole = document.statement(Range(Position(3, 0), Position(3, 1)))
    assert (whole.start, whole.end) == (Position(3, 0), Position(3, 5))


@pytest.mark.parametrize("language", ["python", "javascript", "json"])
def test_edited_equals_parsed_anew(language: str) -> None:
    rng = random.Random(language)
    units = [
        "def f():\n",
        "    x = 1\n",
        "class A:\n",
        "é",
        "😀",
        "(",
        ")",
        "{",
        "}",
        "\r\n",
        '"',
        " ",
        "1",
    ]
    document = parse("", language)
    for _ in range(150):
        size = len(document.text.content)
        start = rng.randint(0, size)
        end = min(size, start + rng.randint(0, 8))
        range_ = Range(document.text.position(start), document.text.position(end))
        document = document.edited(range_, "".join(rng.choices(units, k=rng.randint(0, 4))))
        fresh = parse(document.text.content, language)
        assert bool(document.errors()) == bool(fresh.errors())
        if not fresh.errors():
            assert document.symbols() == fresh.symbols()
        places = [Position(line, 0) for line in range(document.text.line_count)]
        assert [*map(document.enclosing, places)] == [*map(fresh.enclosing, places)]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def f(:\n  pass\n", "missing ')'"),
        ("class A\n  pass\n", "syntax error near"),
        ("def f():\nreturn 1\n", "expected an indented block"),
        ("  x = 1\n y = 2\n", "indent"),
        ("f(a, b\n", "syntax error near"),
    ],
)
def test_errors_in_words(source: str, message: str) -> None:
    (issue, *_) = new_errors(None, parse(source))
    assert message in issue.message
    assert issue.range.start.line < source.count("\n")


def test_error_ranges_can_be_seen() -> None:
    for source in ("x = (", "def", "(\n\n\n", "class A:\n"):
        for issue in parse(source).errors():
            assert issue.range.start.line == issue.range.end.line


def test_only_new_errors_count() -> None:
    before = parse("x = = 1\ny = 1\n")
    moved = parse("\n\nx = = 1\ny = 2\n")
    worse = parse("x = = 1\ny = = = 1\nz = (\n")
    assert new_errors(before, moved) == []
    assert new_errors(before, worse) != []


def test_plain_text_answers_empty() -> None:
    for document in (parse("x = (", None), parse("a\0b"), parse("x" * 4_100_000)):
        assert document.errors() == []
        assert document.symbols() == []
        assert document.enclosing(Position(0, 0)) is None
        assert document.comment_at(Position(0, 0)) is None
    assert (
        parse("a\nb", None).edited(Range(Position(0, 0), Position(0, 1)), "c").text.content
        == "c\nb"
    )


def test_deep_nesting_is_survived() -> None:
    document = parse("(" * 10_000)
    assert document.errors()
    assert parse("[" * 10_000 + "]" * 10_000).symbols() == []


def test_a_text_that_is_slow_to_parse_is_skipped() -> None:
    parsers = Parsers()
    text = b"def f():\n    pass\n" * 100_000
    assert parsers.parse("python", text, limit=0.0) is None
    assert parsers.parse("python", bytes(bytearray(text)), limit=60.0) is None
    assert parsers.parse("python", text + b"x = 1\n", limit=60.0) is not None


def test_a_parser_that_hangs_on_little_is_given_up() -> None:
    parsers = Parsers()
    assert parsers.parse("python", b"x = (1)\n" * 1000, limit=0.0) is None
    assert parsers.parse("python", b"x = 1") is None
    assert parsers.parse("json", b"{}") is not None
    assert Parsers().parse("python", b"x = 1") is not None


def test_documents_can_be_asked_from_several_threads() -> None:
    document = parse(SOURCE * 50)
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda: found.append(len(document.symbols()))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [150] * 8


def test_languages_by_id_and_name() -> None:
    assert language_of("x/a.PY") == "python"
    assert language_of("a.txt", "typescriptreact") == "tsx"
    assert language_of(".py") is None
    assert language_of("x/Rakefile") == "ruby"
    assert language_of("/home/me/.bashrc") == "bash"
    assert language_of("README.md") == "markdown"
    assert language_of("file:///a%20b/c.rs") == "rust"
    assert comment_mark("python") == "#"
    assert comment_mark("rust") == "//"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#pragma once\n#include <stdio.h>\nint f(int a);\n", "c"),
        ("/* no class here */\nstruct box { int template; };\n", "c"),
        ("#include <string>\n", "cpp"),
        ("#include <memory>\nvoid f();\n", "cpp"),
        ("class Box;\n", "cpp"),
        ("  class Box {\n", "cpp"),
        ("namespace shop {\n}\n", "cpp"),
        ("struct Box {\nprivate:\n  int a;\n};\n", "cpp"),
        ("template <typename T> T f();\n", "cpp"),
        ("using Names = int;\n", "cpp"),
        ("std::string f();\n", "cpp"),
        ("int f(void); // unlike std::string\n", "c"),
    ],
)
def test_a_header_is_in_the_language_of_its_text(text: str, expected: str) -> None:
    assert language_of("x/a.h", text=text) == expected
    assert language_of("x/a.h", "c", text) == expected
    assert language_of("x/a.h", "cpp", text) == "cpp"
    assert language_of("x/a.c", text=text) == "c"


def test_scripts_without_an_ending_name_their_language() -> None:
    assert language_of("bin/tool", text="#!/usr/bin/env python3\n") == "python"
    assert language_of("bin/tool", text="#!/usr/bin/env -S node --flag\n") == "javascript"
    assert language_of("bin/tool", text="#! /bin/sh -e\n") == "bash"
    assert language_of("bin/tool", text="#!/opt/odd\n") is None
    assert language_of("bin/tool", text="print(1)\n#!/bin/sh\n") is None
    assert language_of("a.txt", text="#!/bin/sh\n") is None


@pytest.mark.parametrize("language", languages())
def test_every_language_parses_scraps(language: str) -> None:
    for scrap in ("", "x", "(", "é{<", "a" * 1000, "\n\n"):
        document = parse(scrap, language)
        document.errors()
        document.symbols()
    assert Text("x") == parse("x", language).text


def test_a_macro_that_becomes_one_while_typing() -> None:
    document = SyntaxDocument.parse("class LIB_API Box\n  int size();\n};\n", "cpp")
    assert [one.name for one in document.symbols()] != ["Box", "size"]
    end = Position(0, 17)
    typed = document.edited(Range(end, end), " {")
    assert [one.name for one in typed.symbols()] == ["Box", "size"]
    assert typed.errors() == []
    gone = typed.edited(Range(Position(0, 6), Position(0, 14)), "")
    assert [one.name for one in gone.symbols()] == ["Box", "size"]


def test_the_line_that_names_the_interpreter_documents_nothing() -> None:
    script = SyntaxDocument.parse("#!/bin/sh\n# Greet.\nf() {\n  echo 1\n}\n", "bash")
    assert [one.docstring for one in script.symbols()] == ["# Greet."]
    bare = SyntaxDocument.parse("#!/bin/sh\nf() {\n  echo 1\n}\n", "bash")
    assert [one.docstring for one in bare.symbols()] == [None]
