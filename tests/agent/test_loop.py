"""Runs from start to end, with a scripted model."""

from __future__ import annotations

import pytest

from lsp_agent.agent.types import DiagnosticNote, Focus, RunRequest
from lsp_agent.engine.types import ContextOverflowError, Delta, EngineUnavailableError, Usage
from lsp_agent.workspace.positions import Position, Range
from tests.agent.conftest import Stage, calls, contents
from tests.support.scripted_engine import ScriptedEngine

EDIT = calls(("edit_file", {"path": "a.py", "old_string": "1", "new_string": "2"}))
BREAK = calls(("edit_file", {"path": "a.py", "old_string": "1", "new_string": "("}))
TASK = RunRequest("make it 2", answer="any")


def at(line: int, end: int | None = None) -> Range:
    return Range(Position(line, 0), Position(line if end is None else end, 0))


def test_tools_run_edits_and_tells_all(stage: Stage) -> None:
    stage.file("a.py", "x = 1\n")
    look = calls(("read_file", {"path": "a.py"}))
    result = stage.run(ScriptedEngine([look, EDIT, "It is 2 now.\nReally."]), TASK)
    assert result.status == "edited"
    assert result.summary == "It is 2 now."
    assert [(one.path, one.after) for one in result.changes] == [("a.py", "x = 2\n")]
    assert stage.types() == [
        "run_started",
        "tool_call",
        "tool_result",
        "tool_call",
        "tool_result",
        "verification",
        "response",
        "edit",
        "run_finished",
    ]
    assert [event.seq for event in stage.events] == list(range(1, 10))
    finished = stage.events[-1].data
    assert finished["status"] == "edited"
    assert finished["tokens"] == 3 * 70
    assert "+x = 2" in stage.of("edit")[0].data["diff"]


def test_textual_calls_work_as_native_ones_do(stage: Stage) -> None:
    stage.file("a.py", "x = 1\n")
    text = (
        'I edit.\n<tool_call>{"name": "edit_file", "arguments": {"path": "a.py", '
        '"old_string": "1", "new_string": "2"}}</tool_call>'
    )
    engine = ScriptedEngine([text, "done"])
    assert stage.run(engine, TASK).status == "edited"
    assert stage.of("plan")[0].data == {"text": "I edit."}
    assert '<tool_result name="edit_file">\nedited a.py at line 1' in contents(engine)[-1]


def test_answer_without_edit(stage: Stage) -> None:
    assert stage.run(ScriptedEngine(["Because."]), TASK).status == "answered"
    wants_edit = RunRequest("t", answer="edit")
    engine = ScriptedEngine(["Nothing to do.", "Still nothing."])
    assert stage.run(engine, wants_edit).status == "no_change"
    assert "No file was changed" in contents(engine)[-1]


def test_broken_edit_goes_back_and_is_mended(stage: Stage) -> None:
    stage.file("a.py", "x = 1\n")
    mend = calls(("edit_file", {"path": "a.py", "old_string": "(", "new_string": "2"}))
    engine = ScriptedEngine([BREAK, "done", mend, "now"])
    assert stage.run(engine, TASK).status == "edited"
    assert [event.data["ok"] for event in stage.of("verification")] == [False, True]
    told = [message.content for message in engine.requests[2].prompt.messages][-1]
    assert "The syntax check failed:\na.py:1:" in told


def test_edit_that_stays_broken_is_rejected(stage: Stage) -> None:
    stage.file("a.py", "x = 1\n")
    result = stage.run(ScriptedEngine([BREAK, "done", "done", "done"]), TASK, refine_passes=1)
    assert result.status == "rejected"
    assert "syntax check" in result.summary
    assert result.changes == ()
    assert stage.events[-1].data["status"] == "rejected"


def test_errors_that_were_there_before_do_not_matter(stage: Stage) -> None:
    stage.file("a.py", "def f(:\n    pass\nx = 1\n")
    assert stage.run(ScriptedEngine([EDIT, "done"]), TASK).status == "edited"


def test_syntax_check_can_be_off(stage: Stage) -> None:
    stage.file("a.py", "x = 1\n")
    assert stage.run(ScriptedEngine([BREAK, "done"]), TASK, **{"verify.syntax": "false"}).changes


@pytest.mark.parametrize(
    ("settings", "code"),
    [({"max_steps": 3}, "step-limit"), ({"token_budget": 150}, "token-budget")],
)
def test_limits_end_a_run(stage: Stage, settings: dict[str, int], code: str) -> None:
    counter = iter(range(99))

    def script(_: object) -> object:
        return calls(("search_files", {"pattern": f"*.{next(counter)}"}))

    result = stage.run(ScriptedEngine(script), TASK, **settings)
    assert result.status == "failed"
    assert stage.of("error")[-1].data["code"] == code


def test_going_in_circles_is_told_then_ended(stage: Stage) -> None:
    engine = ScriptedEngine([calls(("list_directory", {}))])
    result = stage.run(engine, TASK)
    assert stage.of("error")[-1].data["code"] == "repeating"
    assert result.status == "failed"
    assert "You made this very call 4 times" in contents(engine)[-1]


def test_unreadable_calls_are_told_then_ended(stage: Stage) -> None:
    engine = ScriptedEngine(["<tool_call>{</tool_call>"])
    assert stage.run(engine, TASK).status == "failed"
    assert "can't be read" in contents(engine)[-1]
    assert [event.data["code"] for event in stage.of("error")] == ["malformed-answer"] * 4


def test_bad_arguments_are_an_answer_to_the_model(stage: Stage) -> None:
    engine = ScriptedEngine([calls(("read_file", {"": "{broken"})), "sorry"])
    assert stage.run(engine, TASK).status == "answered"
    assert "the argument 'path' is missing" in contents(engine)[-1]
    assert stage.of("tool_result")[0].data["ok"] is False


def test_cancelling_in_mid_run(stage: Stage) -> None:
    def script(_: object) -> str:
        stage.cancel.cancel()
        return "too late"

    assert stage.run(ScriptedEngine(script), TASK).status == "cancelled"
    assert stage.types()[-1] == "run_finished"
    assert stage.types().count("run_finished") == 1


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (EngineUnavailableError("it is down"), "engine-unavailable"),
        (ContextOverflowError(9000, 8000), "context-overflow"),
        (ZeroDivisionError("a bug"), "internal"),
    ],
)
def test_engine_failures_are_one_event(stage: Stage, error: Exception, code: str) -> None:
    result = stage.run(ScriptedEngine([error]), TASK)
    assert result.status == "failed"
    assert [event.data["code"] for event in stage.of("error")] == [code]
    assert stage.events[-1].data["status"] == "failed"


def test_scope_holds(stage: Stage) -> None:
    stage.file("a.py", "x = 1\n")
    request = RunRequest("t", scope=frozenset({"b.py"}))
    engine = ScriptedEngine([EDIT, "no"])
    assert stage.run(engine, request).status == "answered"
    assert "may change b.py" in contents(engine)[-1]


@pytest.mark.parametrize("allow", [True, False])
def test_sensitive_files_are_asked_about(stage: Stage, allow: bool) -> None:
    stage.allow = allow
    write = calls(("write_file", {"path": ".github/w.yml", "content": "a: 1"}))
    engine = ScriptedEngine([write, "done"])
    assert stage.run(engine, TASK).status == ("edited" if allow else "answered")
    assert len(stage.questions) == 1
    assert [event.data["approved"] for event in stage.of("approval")] == [allow]
    if not allow:
        assert "the user refused" in contents(engine)[-1]


@pytest.mark.parametrize("allow", [True, False])
def test_approve_always_asks_before_the_edit_leaves(stage: Stage, allow: bool) -> None:
    stage.file("a.py", "x = 1\n")
    stage.allow = allow
    result = stage.run(ScriptedEngine([EDIT, "done"]), TASK, **{"safety.approve": "always"})
    assert result.status == ("edited" if allow else "rejected")
    assert "+x = 2" in stage.questions[0].detail


def test_prompt_that_can_not_fit_names_both_sizes(stage: Stage) -> None:
    result = stage.run(ScriptedEngine(["x"], n_ctx=300), RunRequest("t" * 4000))
    assert result.status == "failed"
    assert "300" in result.summary


def test_thinking_is_an_event(stage: Stage) -> None:
    answer = Delta(thinking="hm", text="42", finish="stop", usage=Usage())
    assert stage.run(ScriptedEngine([answer]), TASK).text == "42"
    assert stage.of("thinking")[0].data == {"text": "hm"}


SOURCE = "import os\n\n\nclass A:\n    def f(self):\n        return undefined\n\n\ny = 1\n"
LOCAL = {"kind": "llama-cpp", "native_tools": False, "grammar": True, "n_params": 10_000}


def direct(line: int = 5, **rest: object) -> RunRequest:
    note = DiagnosticNote(at(line), "undefined name", "error", "ruff", "F821")
    return RunRequest("Fix it.", focus=Focus("a.py", at(line), (note,)), answer="edit", **rest)


def test_direct_answer_replaces_the_symbol(stage: Stage) -> None:
    stage.file("a.py", SOURCE)
    engine = ScriptedEngine(["<<<code\ndef f(self):\n    return 0\n>>>code"], **LOCAL)
    result = stage.run(engine, direct())
    assert result.status == "edited"
    assert result.changes[0].after == SOURCE.replace("undefined", "0")
    assert engine.requests[0].grammar
    question = contents(engine)[1]
    assert "<<<code\n    def f(self):\n        return undefined\n>>>code" in question
    assert "line 6: error: undefined name (ruff) | return undefined" in question
    assert question.endswith("Task: Fix it.")


def test_direct_prompt_is_byte_stable(stage: Stage) -> None:
    stage.file("a.py", SOURCE)
    first, second = (ScriptedEngine(["<<<code\n>>>code"], **LOCAL) for _ in range(2))
    stage.run(first, direct())
    stage.run(second, direct())
    assert first.requests[0] == second.requests[0]


def test_direct_answer_is_refined(stage: Stage) -> None:
    stage.file("a.py", SOURCE)
    good = "<<<code\ndef f(self):\n    return 0\n>>>code"
    engine = ScriptedEngine(["words only", "<<<code\ndef f(self:\n>>>code", good], **LOCAL)
    assert stage.run(engine, direct()).status == "edited"
    assert "holds no block" in [m.content for m in engine.requests[1].prompt.messages][-1]
    assert "syntax check failed" in [m.content for m in engine.requests[2].prompt.messages][-1]


def test_direct_answer_that_was_cut_off_is_not_taken(stage: Stage) -> None:
    stage.file("a.py", SOURCE)
    cut = Delta(text="<<<code\ndef f(self):\n    return 0", finish="length", usage=Usage())
    result = stage.run(ScriptedEngine([cut], **LOCAL), direct())
    assert result.status == "rejected"
    assert "cut off" in result.summary


def test_direct_answer_may_change_nothing_or_be_a_call(stage: Stage) -> None:
    stage.file("a.py", SOURCE)
    same = "<<<code\n    def f(self):\n        return undefined\n>>>code"
    assert stage.run(ScriptedEngine([same], **LOCAL), direct()).status == "no_change"
    call = (
        '<tool_call>{"name": "edit_file", "arguments": {"path": "a.py", '
        '"old_string": "undefined", "new_string": "1"}}</tool_call>'
    )
    assert stage.run(ScriptedEngine([call], **LOCAL), direct()).status == "edited"


def test_direct_explanation_is_free_text(stage: Stage) -> None:
    stage.file("a.py", SOURCE)
    engine = ScriptedEngine(["It returns **nothing**."], **LOCAL)
    request = RunRequest("Explain this code.", focus=Focus("a.py", at(5)), answer="text")
    result = stage.run(engine, request)
    assert (result.status, result.text) == ("answered", "It returns **nothing**.")
    assert engine.requests[0].grammar is None


def test_long_files_are_shown_around_the_place(stage: Stage) -> None:
    body = "".join(f"def f{n}():\n    return {n}\n\n\n" for n in range(600))
    stage.file("a.py", body)
    engine = ScriptedEngine(["<<<code\ndef f300():\n    return 1\n>>>code"], n_ctx=4000, **LOCAL)
    result = stage.run(engine, direct(line=1201), max_tokens=500)
    assert result.status == "edited"
    question = contents(engine)[1]
    assert "def f299():" in question
    assert "def f301():" in question
    assert "return 599" not in question
    assert "Defined in a.py:" in question


def test_explicit_profiles_win(stage: Stage) -> None:
    stage.file("a.py", SOURCE)
    code = "<<<code\ndef f(self):\n    return 0\n>>>code"
    engine = ScriptedEngine([code])
    assert stage.run(engine, direct(), profile="direct").status == "edited"
    assert engine.requests[0].prompt.tools == ()
    engine = ScriptedEngine(["done"], **LOCAL)
    stage.run(engine, direct(), profile="tools")
    assert "<<<content" in contents(engine)[0]
