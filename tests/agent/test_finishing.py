"""The stages of a larger task, the report at its end, and what becomes of a run at a limit."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from lsp_agent.agent.query import Budget, LimitError
from lsp_agent.agent.types import ApprovalQuestion, Focus, Reply, RunRequest
from lsp_agent.cancel import CancelToken
from lsp_agent.config.model import AgentSettings
from lsp_agent.engine.types import Delta, Request
from lsp_agent.verify.programs import Programs
from lsp_agent.workspace.positions import Position, Range
from tests.agent.conftest import Stage, calls, contents
from tests.support.open_workshop import OpenWorkshop
from tests.support.scripted_engine import ScriptedEngine

TASK = RunRequest("write the parser")
CODE = "".join(f"def f{n}():\n    return {n}\n\n\n" for n in range(12))
WRITE = calls(("write_file", {"path": "parser.py", "content": CODE}))
TEST = calls(("write_file", {"path": "tests/test_parser.py", "content": "def test_a(): pass\n"}))
STEPS = ["write parser.py", "write tests", "tell"]


def plan(current: int, steps: list[str] = STEPS) -> object:
    return calls(("update_plan", {"steps": steps, "current": current}))


def test_a_larger_task_is_held_to_its_stages(stage: Stage) -> None:
    engine = ScriptedEngine([plan(1), WRITE, "Written.", TEST, plan(4), "All is there."])
    result = stage.run(engine, TASK)
    assert result.status == "edited"
    asked = engine.requests[3].prompt.messages[-1].content
    assert "Steps of your plan are left: write parser.py; write tests; tell." in asked
    assert "no tests yet of what you wrote in parser.py" in asked
    assert result.text == (
        "All is there.\n\nDone: created parser.py; created tests/test_parser.py.\nChecked: syntax."
    )
    assert result.summary == "All is there."
    assert "goes in stages" in contents(engine)[0]


def test_the_whole_pipeline_with_tests_that_run(
    stage: Stage, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Plan, code, tests, a failing run, mending, a summary: the tests are run for real."""
    stage.programs = Programs(dict(os.environ), lambda _: True)
    stage.workshop = OpenWorkshop(tmp_path_factory.mktemp("copy") / "ws")
    wrong = CODE.replace("return 3", "return 4")
    code = calls(("write_file", {"path": "parser.py", "content": wrong}))
    text = "from parser import f3\n\n\ndef test_f3():\n    assert f3() == 3\n"
    test = calls(("write_file", {"path": "test_parser.py", "content": text}))
    rewrite = calls(("write_file", {"path": "parser.py", "content": CODE}))
    script = [plan(1), code, plan(2), test, plan(3), "Done.", "Told.", rewrite, plan(4), "Mended."]
    engine = ScriptedEngine(script)
    result = stage.run(engine, TASK, **{"verify.lint": "false"})
    assert result.changes[0].after == CODE
    failed = [one.data for one in stage.of("verification") if not one.data["ok"]]
    assert [one["check"] for one in failed] == ["tests"]
    assert "assert 4 == 3" in failed[0]["detail"]
    assert "Checked: syntax, tests (1 test)" in result.text
    assert "Not done" not in result.text
    assert result.verdicts[-1].ok


def test_each_stage_is_asked_for_once_and_what_is_left_is_told(stage: Stage) -> None:
    engine = ScriptedEngine([plan(2), WRITE, "Written.", "There is nothing to test."])
    result = stage.run(engine, TASK)
    assert result.text.endswith("Not done: write tests; tell.")
    assert len(engine.requests) == 4


@pytest.mark.parametrize(
    ("request_", "settings"),
    [
        (TASK, {"verify.tests": "off"}),
        (RunRequest("t", action="scaffold"), {}),
        (TASK, {"max_steps": 4}),
    ],
)
def test_no_tests_are_asked_for(
    stage: Stage, request_: RunRequest, settings: dict[str, object]
) -> None:
    engine = ScriptedEngine([WRITE, "Written."])
    assert stage.run(engine, request_, **settings).status == "edited"
    assert len(engine.requests) == 2


def test_a_small_change_is_left_alone(stage: Stage) -> None:
    stage.file("a.py", "x = 1\n")
    edit = calls(("edit_file", {"path": "a.py", "old_string": "1", "new_string": "2"}))
    engine = ScriptedEngine([edit, "It is 2."])
    assert stage.run(engine, TASK).text == "It is 2."
    at = Range(Position(0, 0), Position(0, 5))
    focused = RunRequest("t", Focus("a.py", at), at)
    engine = ScriptedEngine([edit, "It is 2."])
    stage.run(engine, focused, profile="tools")
    assert "goes in stages" not in contents(engine)[0]


LIMITS = [{"max_steps": 2}, {"token_budget": 130}]


@pytest.mark.parametrize("limit", LIMITS)
def test_what_is_verified_at_a_limit_is_offered_with_a_remark(
    stage: Stage, limit: dict[str, int]
) -> None:
    engine = ScriptedEngine([plan(2), WRITE, plan(3)])
    result = stage.run(engine, TASK, **limit)
    assert result.status == "edited"
    assert [change.path for change in result.changes] == ["parser.py"]
    assert result.remark.startswith("not verified, it fails finished: the run used")
    assert result.text.startswith("Cut off: the run used")
    assert "Not done: write tests; tell." in result.text
    assert [event.data["code"] for event in stage.of("error")][-1].endswith(("limit", "budget"))


@pytest.mark.parametrize("limit", LIMITS)
def test_what_is_broken_at_a_limit_is_not(stage: Stage, limit: dict[str, int]) -> None:
    broken = calls(("write_file", {"path": "parser.py", "content": "def f(:\n"}))
    result = stage.run(ScriptedEngine([plan(2), broken, plan(3)]), TASK, **limit)
    assert (result.status, result.changes) == ("failed", ())
    assert "or ask for less" in result.summary


class _Slow(ScriptedEngine):
    """Writes on and on."""

    def generate(self, request: Request, cancel: CancelToken) -> Iterator[Delta]:
        while True:
            cancel.check()
            yield Delta(text="and on ")
            cancel.wait(0.01)


def test_waiting_for_the_user_is_no_time_of_the_run() -> None:
    now = 0.0

    def ask(_: ApprovalQuestion) -> Reply:
        nonlocal now
        now += 100
        return "allow"

    budget = Budget(AgentSettings(max_seconds=60), lambda: now)
    assert budget.timed(ask)(ApprovalQuestion("Allow?", "")) == "allow"
    budget.check_time()
    now += 59
    budget.step()
    now += 1
    with pytest.raises(LimitError, match="60 seconds"):
        budget.step()


def test_time_is_a_limit_too(stage: Stage) -> None:
    result = stage.run(_Slow([]), TASK, max_seconds=0.2)
    assert result.status == "failed"
    assert "used its 0.2 seconds" in result.summary
    assert stage.of("error")[-1].data["code"] == "time-limit"
