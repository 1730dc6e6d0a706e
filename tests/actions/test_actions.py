"""Each action's example is its test: a model that answers well gives exactly the ``after``."""

from __future__ import annotations

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
SUFFIX = {"python": "py"}
LOCAL = {"kind": "llama-cpp", "native_tools": False, "grammar": True, "n_params": 10_000}


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def place_of(action: Action) -> tuple[str, Place]:
    before = action.example.before
    offset = before.index("$0")
    source = before.replace("$0", "")
    document = SyntaxDocument.parse(source, action.example.language)
    at = Text(source).position(offset)
    notes = ()
    if action.example.diagnostic:
        notes = (DiagnosticNote(Range(at, at), action.example.diagnostic),)
    path = f"a.{SUFFIX[action.example.language]}"
    return source, Place(path, document, Range(at, at), notes)


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_example(name: str, stage: Stage) -> None:
    action = ACTIONS[name]
    source, place = place_of(action)
    offers = action.offers(place)
    assert offers
    request = action.request(place, offers[0].argument)
    assert request.scope == ({place.path} if action.reach == "file" else None)
    stage.file(place.path, source)
    if action.answer == "text":
        result = stage.run(ScriptedEngine([action.example.after], **LOCAL), request)
        assert (result.status, result.text) == ("answered", action.example.after)
        return
    answer = f"<<<code\n{action.example.after.rstrip()}\n>>>code"
    result = stage.run(ScriptedEngine([answer], **LOCAL), request)
    assert result.status == "edited"
    assert result.changes[0].after == action.example.after


def nowhere(source: str = "\n") -> Place:
    at = Range(Position(0, 0), Position(0, 0))
    return Place("a.py", SyntaxDocument.parse(source, "python"), at)


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_nothing_is_offered_where_there_is_nothing(name: str) -> None:
    assert ACTIONS[name].offers(nowhere()) == []


@pytest.mark.parametrize(
    "name", ["annotate", "document", "fix", "edit", "resolve_conflict", "explain_conflict"]
)
def test_requests_that_do_not_apply_say_why(name: str) -> None:
    with pytest.raises(ActionError, match="there is no"):
        ACTIONS[name].request(nowhere(), "")


def test_kinds_are_those_of_the_contract() -> None:
    assert {action.name: action.kind for action in ACTIONS.values()} == {
        "annotate": "refactor.rewrite.lspAgent.annotate",
        "document": "refactor.rewrite.lspAgent.document",
        "edit": "refactor.rewrite.lspAgent.edit",
        "explain": "refactor.rewrite.lspAgent.explain",
        "explain_conflict": "refactor.rewrite.lspAgent.explainConflict",
        "fix": "quickfix.lspAgent",
        "resolve_conflict": "refactor.rewrite.lspAgent.resolveConflict",
    }


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
