"""A run that changes parameters: by rule, or as the model writes them."""

from __future__ import annotations

import pytest

from lsp_agent.actions.change_signature import ACTION
from lsp_agent.actions.spec import ActionError, Place
from lsp_agent.agent.types import RunResult
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.workspace.positions import Position, Range
from tests.agent.conftest import Stage, contents
from tests.support.scripted_engine import ScriptedEngine

A = "def load(path, mode):\n    return open(path, mode)\n"
B = "from a import load\n\nload('x', 'r')\nload(mode='w', path='y')\n"


@pytest.fixture
def two(stage: Stage) -> Stage:
    stage.file("a.py", A)
    stage.file("b.py", B)
    return stage


def ask(stage: Stage, engine: ScriptedEngine, instruction: str) -> RunResult:
    at = Position(0, 6)
    place = Place("a.py", SyntaxDocument.read("a.py", A), Range(at, at))
    return stage.run(engine, ACTION.request(place, instruction))


def test_by_rule(two: Stage) -> None:
    engine = ScriptedEngine([])
    result = ask(two, engine, "order mode, path; add retries: int = 3")
    assert result.status == "edited", result.summary
    assert not engine.requests
    texts = {change.path: change.after for change in result.changes}
    assert texts["a.py"].startswith("def load(mode, path, retries: int = 3):\n")
    assert texts["b.py"].endswith("load('r', 'x')\nload(mode='w', path='y')\n")
    assert "1 call changed" in result.summary


def test_the_model_writes_the_line(two: Stage) -> None:
    answers = ["def save(path):", "def load(path):", "def load(path, mode, *, encoding='utf-8'):"]
    engine = ScriptedEngine(answers, kind="llama-cpp", grammar=True)
    result = ask(two, engine, "the encoding should be given by callers who care")
    assert result.status == "edited", result.summary
    assert result.changes[0].after.startswith("def load(path, mode, *, encoding='utf-8'):\n")
    assert len(result.changes) == 1
    said = contents(engine)
    assert "name is not save" in said[3]
    assert "mode is still used at a.py:2" in said[5]


def test_refused(two: Stage) -> None:
    result = ask(two, ScriptedEngine([]), "remove mode")
    assert (result.status, result.changes) == ("rejected", ())
    assert "mode is still used at a.py:2" in result.summary


def test_what_can_t_be_is_said_before_the_run(two: Stage) -> None:
    with pytest.raises(ActionError, match="no parameter nothing"):
        ask(two, ScriptedEngine([]), "remove nothing")


def test_offers_need_no_words() -> None:
    at = Position(0, 12)
    place = Place("a.py", SyntaxDocument.read("a.py", A), Range(at, at))
    assert [one.argument for one in ACTION.offers(place)] == []
    at = Position(0, 15)
    place = Place("a.py", SyntaxDocument.read("a.py", A), Range(at, at))
    assert [one.argument for one in ACTION.offers(place)] == ["move mode before path"]
