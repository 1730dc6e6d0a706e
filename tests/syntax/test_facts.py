"""What a file says of itself: one fixture a language, with the facts that are expected of it."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.facts import FileFacts, Reference, file_facts
from lsp_agent.syntax.languages import language_of, languages
from lsp_agent.syntax.parser import shared_parsers
from lsp_agent.workspace.positions import Position
from lsp_agent.workspace.text import Text

FIXTURES = sorted(
    path
    for path in (Path(__file__).parent.parent / "fixtures" / "facts").iterdir()
    if path.suffix != ".facts"
)
LANGUAGES = sorted({*languages(), "sql", "markdown"})


def language(path: Path) -> str | None:
    return language_of(path.name) or {".sql": "sql", ".md": "markdown"}.get(path.suffix)


def rows(content: str, language: str | None) -> Iterator[str]:
    facts = file_facts(content, language)
    uses: dict[int, list[str]] = defaultdict(list)
    for use in facts.references:
        uses[use.line].append(f"{use.name}()" if use.call else use.name)
    yield from (f"use {line + 1}: {' '.join(names)}" for line, names in uses.items())
    for one in facts.imports:
        aliases = [f"{name}={alias}" for name, alias in one.aliases]
        yield " ".join([f"import {one.line + 1}: {one.module}", *one.names, *aliases])
    yield from (f"test: {name}" for name in facts.tests)
    for fold in SyntaxDocument.parse(content, language).folds():
        yield f"fold {fold.start_line + 1}-{fold.end_line + 1} {fold.kind}".rstrip()


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.name)
def test_facts(path: Path) -> None:
    expected = Path(f"{path}.facts").read_text("utf-8").splitlines()
    content = path.read_text("utf-8")
    assert list(rows(content, language(path))) == expected
    # Only the lines change with other line ends.
    assert list(rows(content.replace("\n", "\r\n"), language(path))) == expected


def test_a_use_has_its_place_in_code_points_and_says_whether_it_is_a_call() -> None:
    facts = file_facts("def f(): ...\n'😀'; f(g.h)\n", "python")
    assert [symbol.name for symbol in facts.symbols] == ["f"]
    assert facts.references == (
        Reference("f", 1, 5, True),
        Reference("g", 1, 7, False),
        Reference("h", 1, 9, False),
    )


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_line_end_counts_as_it_does_in_a_text(ending: str) -> None:
    content = ending.join(["'é';", "x();", "", "if (y) '\U0001f600' + z;"])
    facts = file_facts(content, "javascript")
    assert [use[:2] for use in facts.references] == [("x", 1), ("y", 3), ("z", 3)]
    assert_places(content, facts)


def assert_places(content: str, facts: FileFacts) -> None:
    lines = Text(content).line
    for use in facts.references:
        assert lines(use.line)[use.character :].startswith(use.name)


def test_a_long_name_is_compared_whole() -> None:
    name = "test_" + "long_" * 50
    facts = file_facts(f"def {name}(): ...\ndef {name[1:]}(): ...\n", "python")
    assert facts.tests == (name,)


def test_a_text_without_a_parser_says_nothing() -> None:
    assert file_facts("f(x)", None) == FileFacts()
    assert SyntaxDocument.parse("(\n)\n", None).folds() == []


def _bad(source: str) -> dict[str, str]:
    half = source[: len(source) * 2 // 3]
    return {
        "empty": "",
        "blank": " \n\t\r\n",
        "half typed": half,
        "NUL": half + "\0" + half,
        "old line ends": source.replace("\n", "\r"),
        "surrogate": "\ud800" + source,
        "emoji": "\U0001f600 = ναί(\U0001f600.é)\n" + source.replace("shop", "\U0001f600"),
        "brackets": "(" * 10_000,
        "braces": "{" * 10_000 + "[" * 10_000,
        "nested": "[" * 5_000 + "1" + "]" * 5_000,
        "rubble": "(]" * 200_000,
    }


@pytest.fixture
def parsers_of_its_own() -> Iterator[None]:
    """Lets no other test see which texts were too much for a parser."""
    shared_parsers.cache_clear()
    yield
    shared_parsers.cache_clear()


@pytest.mark.usefixtures("parsers_of_its_own")
@pytest.mark.parametrize("name", LANGUAGES)
def test_bad_input_ends_in_time(name: str) -> None:
    source = next(path for path in FIXTURES if language(path) == name).read_text("utf-8")
    for case, content in _bad(source).items():
        start = time.process_time()
        facts = file_facts(content, name)
        document = SyntaxDocument.parse(content, name)
        ends = [fold.end_line for fold in document.folds()]
        around = document.selection(Position(0, 3))
        assert all(end < document.text.line_count for end in ends), case
        assert around[-1] == document.text.full_range, case
        assert_places(content, facts)
        assert time.process_time() - start < 10, case


@pytest.mark.usefixtures("parsers_of_its_own")
@pytest.mark.parametrize("name", ["python", "javascript", "css", "json", "yaml"])
def test_one_line_of_megabytes_ends_in_time(name: str) -> None:
    piece = {"json": '{"é":1},', "css": ".é{--a:0}", "yaml": "é: *a, "}.get(name, "é(b.c);")
    opening, closing = ("[", "0]") if name == "json" else ("", "")
    content = opening + piece * (500_000 // len(piece)) + closing
    start = time.process_time()
    facts = file_facts(content, name, limit=10)
    assert time.process_time() - start < 30
    assert_places(content[:2000], FileFacts(references=facts.references[:100]))
