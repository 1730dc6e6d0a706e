"""Each action's example is its test: a model that answers well gives exactly the ``after``."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_agent.actions.by_rule import RuleAction
from lsp_agent.actions.spec import Action, ActionError, Place, load_actions
from lsp_agent.agent.types import DiagnosticNote
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.workspace.positions import Position, Range
from lsp_agent.workspace.text import Text
from tests.agent.conftest import Stage
from tests.support.scripted_engine import ScriptedEngine

ACTIONS = load_actions(pytest.fail)
SUFFIX = {"python": "py", "javascript": "js", "typescript": "ts"}
LOCAL = {"kind": "llama-cpp", "native_tools": False, "grammar": True, "n_params": 10_000}


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def place_of(action: Action) -> tuple[str, Place]:
    head, _, rest = action.example.before.replace("$0", "«»").partition("«")
    inner, _, tail = rest.partition("»")
    source = head + inner + tail
    document = SyntaxDocument.parse(source, action.example.language)
    position = Text(source).position
    at = Range(position(len(head)), position(len(head + inner)))
    notes = ()
    if action.example.diagnostic:
        example = action.example
        notes = (DiagnosticNote(at, example.diagnostic, code=example.code),)
    path = f"a.{SUFFIX[action.example.language]}"
    return source, Place(path, document, at, notes)


# That of fix_test needs its tests to be run: see tests/agent/test_fixed_tests.py.
@pytest.mark.parametrize("name", sorted(ACTIONS.keys() - {"fix_test"}))
def test_example(name: str, stage: Stage) -> None:
    action = ACTIONS[name]
    source, place = place_of(action)
    offers = action.offers(place)
    assert offers
    request = action.request(place, action.example.argument or offers[0].argument)
    assert request.scope == ({place.path} if action.reach == "file" else None)
    stage.file(place.path, source)
    if action.answer == "text":
        result = stage.run(ScriptedEngine([action.example.after], **LOCAL), request)
        assert (result.status, result.text) == ("answered", action.example.after)
        return
    answer = f"<<<code\n{action.example.after.rstrip()}\n>>>code"
    result = stage.run(ScriptedEngine([answer], **LOCAL), request)
    assert result.status == "edited"
    assert action.example.after in [one.after for one in result.changes]


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
        *(name for name, action in ACTIONS.items() if isinstance(action, RuleAction)),
        "generate_tests",
    ],
)
def test_requests_that_do_not_apply_say_why(name: str) -> None:
    with pytest.raises(ActionError, match="there is no"):
        ACTIONS[name].request(nowhere(), "")


def test_kinds_are_those_of_the_contract() -> None:
    assert {action.name: action.kind for action in ACTIONS.values()} == {
        "annotate": "refactor.rewrite.lspAgent.annotate",
        "arrow_braces": "refactor.rewrite.lspAgent.arrowBraces",
        "choice_to_if": "refactor.rewrite.lspAgent.choiceToIf",
        "comprehension_to_loop": "refactor.rewrite.lspAgent.comprehensionToLoop",
        "de_morgan": "refactor.rewrite.lspAgent.deMorgan",
        "destructure": "refactor.rewrite.lspAgent.destructure",
        "change_signature": "refactor.rewrite.lspAgent.changeSignature",
        "document": "refactor.rewrite.lspAgent.document",
        "edit": "refactor.rewrite.lspAgent.edit",
        "explain": "refactor.rewrite.lspAgent.explain",
        "explain_conflict": "refactor.rewrite.lspAgent.explainConflict",
        "extract_constant": "refactor.extract.lspAgent.constant",
        "extract_function": "refactor.extract.lspAgent.function",
        "extract_method": "refactor.extract.lspAgent.method",
        "extract_variable": "refactor.extract.lspAgent.variable",
        "fix": "quickfix.lspAgent",
        "if_to_choice": "refactor.rewrite.lspAgent.ifToChoice",
        "inline_function": "refactor.inline.lspAgent.function",
        "inline_variable": "refactor.inline.lspAgent.variable",
        "invert_if": "refactor.rewrite.lspAgent.invertIf",
        "leave_early": "refactor.rewrite.lspAgent.leaveEarly",
        "loop_to_comprehension": "refactor.rewrite.lspAgent.loopToComprehension",
        "merge_if": "refactor.rewrite.lspAgent.mergeIf",
        "organize_imports": "source.lspAgent.organizeImports",
        "fix_file": "quickfix.lspAgent",
        "fix_workspace": "source.lspAgent.fixAll",
        "move_symbol": "refactor.rewrite.lspAgent.moveSymbol",
        "rename": "refactor.rewrite.lspAgent.rename",
        "fix_test": "refactor.rewrite.lspAgent.fixTest",
        "generate_tests": "refactor.rewrite.lspAgent.generateTests",
        "resolve_conflict": "refactor.rewrite.lspAgent.resolveConflict",
        "swap_quotes": "refactor.rewrite.lspAgent.swapQuotes",
        "swap_template": "refactor.rewrite.lspAgent.swapTemplate",
        "to_f_string": "refactor.rewrite.lspAgent.toFString",
        "unwrap_else": "refactor.rewrite.lspAgent.unwrapElse",
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


def test_a_broken_plugin_costs_one_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.metadata as metadata

    bad = metadata.EntryPoint("bad", "no_such_module:ACTION", "lsp_agent.actions")
    monkeypatch.setattr("lsp_agent.actions.spec.entry_points", lambda group: [bad])
    monkeypatch.setattr("lsp_agent.tools.spec.entry_points", lambda group: [bad])
    from lsp_agent.tools.spec import load_tools

    warnings: list[str] = []
    assert load_actions(warnings.append) == {}
    assert load_tools(warnings.append) == {}
    assert len(warnings) == 2
    assert "no_such_module" in warnings[0]
