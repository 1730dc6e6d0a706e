"""The plan of a run: an event, and where the run is in front of its progress."""

from __future__ import annotations

import pytest

from lsp_agent.agent.todo import Item, Todo
from lsp_agent.agent.types import Focus, RunRequest
from lsp_agent.events import EventStream
from lsp_agent.workspace.positions import Position, Range
from tests.agent.conftest import Stage, calls, contents
from tests.support.scripted_engine import ScriptedEngine

STEPS = ["write the parser", "use it", "write tests"]
TASK = RunRequest("parse settings")


def plan(current: int, steps: list[str] | None = None) -> object:
    return calls(("update_plan", {"steps": steps or STEPS, "current": current}))


def test_a_plan_is_an_event_and_stands_in_front_of_progress(stage: Stage) -> None:
    look = calls(("list_directory", {}))
    done = calls(("list_directory", {}), ("update_plan", {"steps": STEPS, "current": 4}))
    engine = ScriptedEngine([plan(1), look, plan(2), plan(2), done, "ok"])
    assert stage.run(engine, TASK).status == "answered"
    told = [event.data for event in stage.of("plan")]
    assert [one["text"] for one in told] == ["1/3: write the parser", "2/3: use it", "3/3: done"]
    assert told[1]["items"] == [
        {"step": "write the parser", "state": "completed"},
        {"step": "use it", "state": "in_progress"},
        {"step": "write tests", "state": "pending"},
    ]
    words = list(dict.fromkeys(stage.progress))
    assert words.index("1/3: write the parser – list_directory") < words.index("2/3: use it")
    assert words[-1].startswith("3/3: done – ")
    assert contents(engine)[-1] == "all 3 steps are done"


@pytest.mark.parametrize(
    ("steps", "current", "why"),
    [
        ([], 1, "a plan has steps"),
        (["  "], 1, "a plan has steps"),
        (["a"] * 21, 1, "at most 20"),
        (["a", "b"], 4, "there is no step 4; the plan has 2"),
        (["a"], 0, "greater than or equal to 1"),
    ],
)
def test_what_is_no_plan_is_told(stage: Stage, steps: list[str], current: int, why: str) -> None:
    call = calls(("update_plan", {"steps": steps, "current": current}))
    engine = ScriptedEngine([call, "ok"])
    stage.run(engine, TASK)
    assert why in contents(engine)[-1]
    assert stage.of("plan") == []


def test_whoever_asks_for_one_thing_needs_no_plan(stage: Stage) -> None:
    stage.file("a.py", "x = 1\n")
    at = Range(Position(0, 0), Position(0, 1))
    names = []
    for request in (TASK, RunRequest("t", Focus("a.py", at), at), RunRequest("t", action="fix")):
        engine = ScriptedEngine(["ok"])
        stage.run(engine, request, profile="tools")
        names.append("update_plan" in {tool.name for tool in engine.requests[0].prompt.tools})
    assert names == [True, False, False]


def test_a_plan_as_text() -> None:
    todo = Todo(EventStream("r"), lambda _words, _share: None)
    assert (todo.text(), todo.headline(), todo.left) == ("", "", ())
    todo.take(["a", "b", "c"], 2)
    assert todo.items[1] == Item("b", "in_progress")
    assert todo.text() == "- [x] a\n- [~] b\n- [ ] c"
    assert todo.left == ("b", "c")
