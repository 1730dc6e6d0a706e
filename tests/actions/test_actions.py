"""Each action's example is its test: a model that answers well gives exactly the ``after``."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lsp_agent.actions.spec import Action, ActionError, Place, load_actions
from lsp_agent.agent.types import DiagnosticNote
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.workspace.positions import Position, Range
from lsp_agent.workspace.text import Text
from tests.agent.conftest import Stage
from tests.support.scripted_engine import ScriptedEngine

ACTIONS = load_actions(pytest.fail)
SUFFIX = {
    "python": "py",
    "javascript": "js",
    "typescript": "ts",
    "tsx": "tsx",
    "json": "json",
    "markdown": "md",
}
LOCAL = {"kind": "llama-cpp", "native_tools": False, "grammar": True, "n_params": 10_000}


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def place_of(action: Action) -> tuple[dict[str, str], Place]:
    """Return an example's files, and the place that is marked in one of them."""
    language = action.example.language
    files = files_of(action.example.before, f"a.{SUFFIX[language]}")
    path = next(path for path, text in files.items() if re.search(r"\$0|«", text))
    files[path], at = marked(files[path])
    notes = ()
    if action.example.diagnostic:
        example = action.example
        notes = (DiagnosticNote(at, example.diagnostic, code=example.code),)
    return files, Place(path, SyntaxDocument.parse(files[path], language), at, notes)


def files_of(text: str, path: str) -> dict[str, str]:
    """Return the files of a text: each begins with a line ``#- PATH``; without one it is all."""
    parts = re.split(r"^#- (\S+)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True)) or {path: text}


def marked(text: str) -> tuple[str, Range]:
    """Return a text without its ``$0`` or ``«…»``, and the range that these stand for."""
    first, _, rest = text.partition("$0" if "$0" in text else "«")
    inside, _, last = ("", "", rest) if "$0" in text else rest.partition("»")
    source = Text(first + inside + last)
    start, end = len(first), len(first) + len(inside)
    return source.content, Range(source.position(start), source.position(end))


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_an_example_is_offered_where_it_says(name: str) -> None:
    assert ACTIONS[name].offers(place_of(ACTIONS[name])[1])


# What needs more than a text has its example in test_explain_edit, test_optimise,
# tests/agent/test_fixed_tests.py and tests/cli/test_rewrite_actions.py.
ELSEWHERE = {"explain_edit", "optimise", "fix_test", "commit_message"}


@pytest.mark.parametrize("name", sorted(ACTIONS.keys() - ELSEWHERE))
def test_example(name: str, stage: Stage) -> None:
    action = ACTIONS[name]
    files, place = place_of(action)
    offers = action.offers(place)
    request = action.request(place, action.example.argument or offers[0].argument)
    assert request.scope == ({place.path} if action.reach == "file" else None)
    for path, text in files.items():
        stage.file(path, text)
    if action.answer == "text":
        result = stage.run(ScriptedEngine([action.example.after], **LOCAL), request)
        assert (result.status, result.text) == ("answered", action.example.after)
        return
    # What stands before the target is not the model's to say.
    whole = bool(request.edits) or request.form in ("fix_all", "tests")
    before = request.target.start.line if request.target and not whole else 0
    after = next(iter(files_of(action.example.after, place.path).values()))
    code = "".join(after.splitlines(keepends=True)[before:])
    answer = f"<<<code\n{code.rstrip()}\n>>>code"
    result = stage.run(ScriptedEngine([answer], **LOCAL), request)
    assert result.status == "edited"
    texts = {change.new_path or change.path: change.after for change in result.changes}
    assert texts == files_of(action.example.after, place.path)


def nowhere(source: str = "\n") -> Place:
    at = Range(Position(0, 0), Position(0, 0))
    return Place("a.py", SyntaxDocument.parse(source, "python"), at)


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_nothing_is_offered_where_there_is_nothing(name: str) -> None:
    assert ACTIONS[name].offers(nowhere()) == []


@pytest.mark.parametrize(
    "name",
    [
        "annotate",
        "document",
        "fix",
        "edit",
        "resolve_conflict",
        "explain_conflict",
        "implement",
        "complete",
        "simplify",
        "split",
        "convert",
        "modernise",
        "add_logging",
        "handle_errors",
        "translate",
        "review_selection",
    ],
)
def test_requests_that_do_not_apply_say_why(name: str) -> None:
    with pytest.raises(ActionError, match="there is no"):
        ACTIONS[name].request(nowhere(), "")


def test_kinds_are_those_of_the_contract() -> None:
    form = re.compile(
        r"quickfix\.lspAgent|refactor\.(extract|inline)\.lspAgent\.[a-z]\w*"
        r"|refactor\.rewrite\.lspAgent\.[a-z]\w*|source\.lspAgent\.[a-z]\w*(\.[a-z]\w*)?"
    )
    wrong = [one.kind for one in ACTIONS.values() if not form.fullmatch(one.kind)]
    assert wrong == []
    kinds = [one.kind for one in ACTIONS.values() if not one.kind.startswith("quickfix")]
    assert len(set(kinds)) == len(kinds)


@pytest.mark.parametrize(
    ("source", "language", "instruction"),
    [
        ("# TODO: do it\n", "python", "do it"),
        ("# TODO(me): do it\n", "python", "do it"),
        ("x = 1  # FIXME do it\n", "python", "do it"),
        ("# AI! do it\n", "python", "do it"),
        ("/* TODO: do it */\n", "javascript", "do it"),
        ("// AI: do it\n", "go", "do it"),
        ('x = "TODO: not this"\n', "python", ""),
        ("# a comment\n", "python", ""),
    ],
)
def test_instructions_in_comments(source: str, language: str, instruction: str) -> None:
    at = Range(Position(0, 0), Position(0, 0))
    place = Place("a", SyntaxDocument.parse(source, language), at)
    assert [one.argument for one in ACTIONS["edit"].offers(place)] == [instruction] * bool(
        instruction
    )


def test_titles_are_short_and_fix_lists_each_diagnostic() -> None:
    at = Range(Position(0, 0), Position(0, 1))
    notes = (DiagnosticNote(at, "x" * 200 + "\nmore"), DiagnosticNote(at, "second"))
    place = Place("a.py", SyntaxDocument.parse("y = 1\n", "python"), at, notes)
    offers = ACTIONS["fix"].offers(place)
    assert [one.argument for one in offers] == ["0", "1"]
    assert len(offers[0].title) < 70
    assert not offers[0].preferred
    assert "second" in ACTIONS["fix"].request(place, "1").task
    assert ACTIONS["explain"].offers(place)[0].title == "Explain the selection"


def test_a_ready_fix_is_taken_without_a_model(stage: Stage) -> None:
    source = "y = 1\nz = y + x\n"
    at = Range(Position(1, 4), Position(1, 9))
    note = DiagnosticNote(at, "`x` is not defined", fix="y + 1")
    place = Place("a.py", SyntaxDocument.parse(source, "python"), at, (note,))
    (offer,) = ACTIONS["fix"].offers(place)
    assert not offer.needs_model
    stage.file("a.py", source)
    engine = ScriptedEngine([], **LOCAL)
    result = stage.run(engine, ACTIONS["fix"].request(place, offer.argument))
    assert result.changes[0].after == "y = 1\nz = y + 1\n"
    assert engine.requests == []


@pytest.mark.parametrize(
    ("source", "language"),
    [
        ("# Title\n\ntext\n", "markdown"),
        ('{"a": {"b": 1}}\n', "json"),
        ("a:\n  b: 1\n", "yaml"),
        ("[a]\nb = 1\n", "toml"),
        ("a { color: red; }\n", "css"),
        ('<div id="a"></div>\n', "html"),
    ],
)
def test_data_and_headings_are_not_documented(source: str, language: str) -> None:
    at = Range(Position(0, 2), Position(0, 2))
    place = Place("a", SyntaxDocument.parse(source, language), at)
    assert ACTIONS["document"].offers(place) == []
    with pytest.raises(ActionError, match="no function, method or class"):
        ACTIONS["document"].request(place, "")


def test_code_in_a_page_is_documented() -> None:
    source = "<script>\nfunction f(a) { return a; }\n</script>\n"
    at = Range(Position(1, 2), Position(1, 2))
    place = Place("a.html", SyntaxDocument.parse(source, "html"), at)
    assert [one.title for one in ACTIONS["document"].offers(place)] == ["Document f"]
