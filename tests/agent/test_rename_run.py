"""A run that renames: the user's name, or one that the model proposes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lsp_agent.agent.rename_run import read_name
from lsp_agent.agent.types import Focus, RunRequest
from lsp_agent.workspace.positions import Position, Range
from tests.agent.conftest import Stage, contents
from tests.support.scripted_engine import ScriptedEngine

A = "def calc(w, h):\n    return w * h\n\n\ndef area(w):\n    return calc(w, w)\n"
B = "from a import calc\n\nprint(calc(2, 3), getattr(calc, 'calc'))\n"


def request(path: str, line: int, character: int, name: str = "") -> RunRequest:
    at = Position(line, character)
    focus = Focus(path, Range(at, at))
    asked = RunRequest("rename it", focus, form="rename", answer="edit", bounded=False)
    return replace(asked, argument=name, needs_model=not name)


@pytest.fixture
def two(stage: Stage) -> Stage:
    stage.file("a.py", A)
    stage.file("b.py", B)
    return stage


def test_no_model_is_asked_for_the_user_s_name(two: Stage) -> None:
    engine = ScriptedEngine([])
    result = two.run(engine, request("a.py", 0, 5, "product"))
    assert result.status == "edited", result.summary
    assert not engine.requests
    texts = {change.path: change.after for change in result.changes}
    assert texts["a.py"] == A.replace("calc", "product")
    assert texts["b.py"] == B.replace("import calc", "import product").replace(
        "print(calc(2, 3), getattr(calc,", "print(product(2, 3), getattr(product,"
    )
    assert result.summary == (
        "renamed `calc` to `product`: 5 places in 2 files; 1 string names it and stays as it is"
    )
    assert "* b.py:3:" in result.text


def test_a_name_that_the_model_proposes_is_tried_like_any_other(two: Stage) -> None:
    engine = ScriptedEngine(["area", "Better: `product`"], kind="llama-cpp", grammar=True)
    result = two.run(engine, request("a.py", 5, 12))
    assert result.status == "edited", result.summary
    assert result.changes[0].after == A.replace("calc", "product")
    assert len(engine.requests) == 2
    assert engine.requests[0].grammar is not None
    assert "choose another name" in contents(engine)[-1]
    assert "return w * h" in contents(engine)[1] or "calc(w, w)" in contents(engine)[1]


def test_no_good_proposal_is_a_refusal(two: Stage) -> None:
    result = two.run(ScriptedEngine(["I would rather not.", "class"]), request("a.py", 0, 5))
    assert (result.status, result.changes) == ("rejected", ())
    assert "no name" in result.summary


def test_a_refused_name_says_why(two: Stage) -> None:
    result = two.run(ScriptedEngine([]), request("a.py", 0, 5, "area"))
    assert result.status == "rejected"
    assert "choose another name" in result.summary


def test_other_languages_need_a_server(stage: Stage) -> None:
    stage.file("a.ts", "export function calc() {}\n")
    result = stage.run(ScriptedEngine([]), request("a.ts", 0, 18, "product"))
    assert result.status == "rejected"
    assert "language server" in result.summary


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ("area", "area"),
        (" `area`\n", "area"),
        ("I propose `rate`, no: `area`.", "area"),
        ("area of it", ""),
        ("", ""),
        ("2d", ""),
    ],
)
def test_names_are_read_leniently(answer: str, name: str) -> None:
    assert read_name(answer) == name
