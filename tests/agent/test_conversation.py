"""Long histories: what is left out, what stays, and that calls keep their results."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_agent.agent.conversation import Conversation
from lsp_agent.agent.environment import Run, RunEnvironment
from lsp_agent.agent.types import RunRequest
from lsp_agent.cancel import CancelToken
from lsp_agent.config.model import Settings
from lsp_agent.engine.types import ContextOverflowError, Message, Request, ToolCall
from lsp_agent.events import EventStream
from lsp_agent.workspace.overlay import Overlay
from tests.agent.conftest import Stage, calls, contents
from tests.support.scripted_engine import ScriptedEngine

TASK = RunRequest("look through big.py")


def reading(count: int, *, end: str = "ok", **info: Any) -> ScriptedEngine:
    """Read a long file piece by piece, with a word on each."""
    numbers = iter(range(1, 999))

    def script(request: Request) -> Any:
        at = next(numbers)
        if at > count:
            return end
        if not request.prompt.tools:
            header = (
                f'{{"name": "read_file", "arguments": {{"path": "big.py", "start_line": {at}}}}}'
            )
            return f"I look at line {at}.\n<tool_call>{header}</tool_call>"
        return calls(("read_file", {"path": "big.py", "start_line": at}))

    return ScriptedEngine(script, **{"n_ctx": 8000, **info})


@pytest.mark.parametrize("native", [True, False])
def test_a_long_run_goes_on_in_a_small_context(stage: Stage, native: bool) -> None:
    stage.file("big.py", "x = 1\n" * 300)
    engine = reading(60, native_tools=native)
    assert stage.run(engine, TASK, max_tokens=500, max_steps=99).status == "answered"
    prompts = [request.prompt.messages for request in engine.requests]
    sizes = [sum(len(one.content) // 4 + 8 for one in prompt) for prompt in prompts]
    assert max(sizes) <= 7500
    last = contents(engine)[1]
    assert last.startswith(prompts[0][1].content)
    assert "- read_file big.py: big.py, lines 40-" in last
    assert ("- I look at line 40." in last) is not native
    # Rarely: most prompts are the one before with something at its end.
    grown = sum(after[: len(before)] == before for before, after in pairwise(prompts))
    assert grown >= 0.7 * (len(prompts) - 1)
    for prompt in prompts:
        assert_paired(prompt)


def assert_paired(messages: Sequence[Message]) -> None:
    """Every result follows the answer with its call, and every call has its result."""
    waiting: list[str] = []
    for message in messages:
        if message.role == "tool":
            assert message.tool_call_id == waiting.pop(0)
        else:
            assert waiting == []
            waiting = [call.id for call in message.tool_calls]
    assert waiting == []


def test_plan_changes_and_files_as_they_are_now_are_kept(stage: Stage) -> None:
    stage.file("big.py", "x = 1\n" * 300)
    stage.file("a.py", "VALUE = 1\n")
    plan = calls(("update_plan", {"steps": ["change a", "read all"], "current": 2}))
    edit = calls(("edit_file", {"path": "a.py", "old_string": "1", "new_string": "2"}))
    rest = reading(40)
    first = iter([plan, edit])
    engine = ScriptedEngine(lambda one: next(first, None) or rest._script(one), n_ctx=8000)
    stage.run(engine, TASK, max_tokens=500, max_steps=99)
    told = contents(engine)[1]
    assert "Your plan:\n- [x] change a\n- [~] read all" in told
    assert "Changed so far: a.py" in told
    assert "As it is now: The file a.py:\nVALUE = 2" in told


def test_a_server_that_counts_otherwise_is_believed(stage: Stage) -> None:
    stage.file("big.py", "x = 1\n" * 300)
    rest = reading(12)

    def script(request: Request) -> Any:
        if sum(len(one.content) for one in request.prompt.messages) > 9000:
            return ContextOverflowError(2400, 2300)
        return rest._script(request)

    engine = ScriptedEngine(script, n_ctx=90_000)
    assert stage.run(engine, TASK).status == "answered"
    always = ScriptedEngine([ContextOverflowError(2400, 2300)], n_ctx=90_000)
    assert "2300" in stage.run(always, TASK).summary


def conversation(n_ctx: int) -> Conversation:
    engine = ScriptedEngine(["x"], n_ctx=n_ctx)
    agent = Settings().agent.model_copy(update={"max_tokens": 200})
    env = RunEnvironment(
        "r", engine, Overlay(None), {}, Settings(agent=agent), EventStream("r"), lambda _: "refuse"
    )
    run = Run(TASK, env, engine.info(), CancelToken())
    system, task = Message("system", "s" * 200), Message("user", "task")
    return Conversation(run, system, task, lambda budget: "file " * (budget // 2))


def test_code_is_nothing_that_was_said() -> None:
    talk = conversation(2000)
    for said in ("<<<code\nx = 1", "I looked.\nMore.", '{"tool_calls": []}', "```\nx\n```"):
        talk.answer(said)
        talk.observe("r" * 3000)
    talk.fit()
    told = talk.messages[1].content
    assert "You said:\n- I looked.\n" in told
    assert "<<<" not in told


turns = st.lists(st.lists(st.integers(0, 1600), max_size=4), max_size=25)


@given(turns)
@settings(max_examples=60, deadline=None)
def test_whatever_is_said_fits_and_stays_paired(sizes: list[list[int]]) -> None:
    talk = conversation(2000)
    for number, results in enumerate(sizes):
        made = tuple(ToolCall(f"{number}.{at}", "t", {}) for at in range(len(results)))
        talk.answer(f"step {number}", made)
        for call, size in zip(made, results, strict=True):
            talk.result(call, "r" * size, native=True)
        talk.fit()
        assert_paired(talk.messages)
        assert talk.messages[1].content.startswith("task")
        assert f"step {number}" in [one.content for one in talk.messages]
        total = sum(len(one.content) // 4 + 8 for one in talk.messages)
        assert total <= 2000


@given(turns)
@settings(max_examples=20, deadline=None)
def test_the_same_history_is_compacted_alike(sizes: list[list[int]]) -> None:
    ends = []
    for _ in range(2):
        talk = conversation(2000)
        for number, results in enumerate(sizes):
            talk.answer(f"step {number}")
            for size in results:
                talk.result(ToolCall("c", "t", {}), "r" * size, native=False)
            talk.fit()
        ends.append(list(talk.messages))
    assert ends[0] == ends[1]
