"""Calls of one answer: those that only read go side by side, and no result tells of it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import Field

from lsp_agent.agent.types import RunRequest
from lsp_agent.tools.spec import Arguments, Tool, ToolContext
from tests.agent.conftest import Stage, calls
from tests.support.scripted_engine import ScriptedEngine

TASK = RunRequest("look around")


class Numbered(Arguments):
    n: int = Field(description="a number")


@dataclass
class Meeting:
    """A tool whose calls wait for each other: ``size`` must be under way at once."""

    size: int
    seconds: float = 20.0
    order: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._barrier = threading.Barrier(self.size)

    def run(self, _context: ToolContext, arguments: Numbered) -> str:
        self._barrier.wait(self.seconds)
        self.order.append(arguments.n)
        return f"met {arguments.n}"

    def tool(self, **rest: Any) -> dict[str, Tool[Any]]:
        tool = Tool("meet", "Meet.", Numbered, "low", self.run, {"n": 1}, **rest)
        return {"meet": tool}


def meet(*numbers: int) -> Any:
    return calls(*(("meet", {"n": n}) for n in numbers))


def results(stage: Stage) -> list[str]:
    return [event.data["preview"] for event in stage.of("tool_result")]


def test_reads_of_one_answer_go_side_by_side(stage: Stage) -> None:
    stage.tools = Meeting(4).tool()
    engine = ScriptedEngine([meet(1, 2, 3, 4, 5, 6, 7, 8), "ok"])
    assert stage.run(engine, TASK).status == "answered"
    assert results(stage) == [f"met {n}" for n in range(1, 9)]
    sent = engine.requests[-1].prompt.messages
    assert [one.tool_call_id for one in sent if one.role == "tool"] == [f"c{n}" for n in range(8)]


@pytest.mark.parametrize("settings", [{"parallel_reads": 1}, {}])
def test_one_at_a_time_where_told(stage: Stage, settings: dict[str, int]) -> None:
    meeting = Meeting(2, seconds=0.2)
    stage.tools = meeting.tool(ordered=not settings)
    stage.run(ScriptedEngine([meet(1, 2), "ok"]), TASK, **settings)
    assert all("failed" in one for one in results(stage))
    assert meeting.order == []


def test_an_edit_comes_between_the_reads_around_it(stage: Stage) -> None:
    stage.file("a.py", "x = 1\n")
    read = ("read_file", {"path": "a.py"})
    edit = ("edit_file", {"path": "a.py", "old_string": "1", "new_string": "2"})
    stage.run(ScriptedEngine([calls(read, read, edit, read), "ok"]), TASK)
    shown = ["x = 1" in results(stage)[at] for at in (0, 1)], "x = 2" in results(stage)[3]
    assert shown == ([True, True], True)


def test_cancelling_ends_the_reads_under_way(stage: Stage) -> None:
    there = threading.Barrier(3)

    def run(context: ToolContext, _: Numbered) -> str:
        if there.wait(20) == 0:
            stage.cancel.cancel()
        assert context.cancel.wait(20)
        context.cancel.check()
        return "never"

    stage.tools = {"meet": Tool("meet", "Meet.", Numbered, "low", run, {"n": 1})}
    assert stage.run(ScriptedEngine([meet(1, 2, 3)]), TASK).status == "cancelled"
    assert stage.of("tool_result") == []


def test_all_that_reads_can_be_asked_at_once(stage: Stage) -> None:
    """Every tool of the class low, sixteen calls at a time, says what it says alone."""
    for n in range(12):
        stage.file(f"m{n}.py", f"import os\n\n\ndef f{n}():\n    return {n}\n")
    asked = [
        ("read_file", {"path": "m1.py"}),
        ("grep_search", {"pattern": "def f"}),
        ("parse_code", {"path": "m2.py"}),
        ("find_definitions", {"name": "f3"}),
        ("find_references", {"name": "f4"}),
        ("search_files", {"pattern": "*.py"}),
        ("list_directory", {}),
        ("validate_syntax", {"path": "m5.py"}),
        ("analyze_dependencies", {"path": "m6.py"}),
        ("git_status", {}),
    ] * 2
    said = []
    for most in (1, 16):
        stage.run(ScriptedEngine([calls(*asked), "ok"]), TASK, parallel_reads=most)
        said.append(results(stage))
    assert said[0] == said[1]
    assert len(said[0]) == 20
