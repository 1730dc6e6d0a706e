"""Another way of editing after two equal failures, instead of the same call again."""

from __future__ import annotations

from typing import Any

from lsp_agent.agent.types import DiagnosticNote, Focus, RunRequest
from lsp_agent.engine.types import Request
from lsp_agent.workspace.positions import Position, Range
from tests.agent.conftest import Stage, calls, contents
from tests.support.scripted_engine import ScriptedEngine

TASK = RunRequest("return 2")
SOURCE = "def f():\n    return 1\n"


def edit(old: str, path: str = "a.py") -> Any:
    return calls(("edit_file", {"path": path, "old_string": old, "new_string": "x"}))


def rewrite(name: str) -> Any:
    code = "def f():\n    return 2"
    return calls(("rewrite_symbol", {"path": "a.py", "symbol": name, "content": code}))


def offered(request: Request) -> set[str]:
    return {tool.name for tool in request.prompt.tools} & {
        "edit_file", "rewrite_symbol", "write_file",
    }  # fmt: skip


def test_the_next_way_is_the_larger_one(stage: Stage) -> None:
    stage.file("a.py", SOURCE)
    whole = calls(("write_file", {"path": "a.py", "content": "def f():\n    return 3\n"}))
    read = calls(("read_file", {"path": "a.py"}))
    ways = [read, edit("gone"), edit("gone"), rewrite("g"), rewrite("g"), whole, "done"]
    engine = ScriptedEngine(ways)
    result = stage.run(engine, TASK)
    assert result.changes[0].after == "def f():\n    return 3\n"
    first, second = (event.data["text"] for event in stage.of("plan"))
    assert first.startswith("edit_file failed 2 times on a.py; write the whole function, method")
    assert second == (
        "rewrite_symbol failed 2 times on a.py; write the whole file anew with write_file"
    )
    everything = {"edit_file", "rewrite_symbol", "write_file"}
    assert [offered(request) for request in engine.requests] == [
        everything,
        everything,
        everything,
        everything - {"edit_file"},
        everything - {"edit_file"},
        {"write_file"},
        # The file was edited: small edits may go on from there.
        everything,
    ]


def test_a_way_that_is_closed_is_not_gone_by_asking_again(stage: Stage) -> None:
    stage.file("a.py", SOURCE)
    stage.file("b.py", SOURCE)
    ways = [edit("gone"), edit("gone"), edit("1"), edit("1", "b.py"), rewrite("f"), "done"]
    engine = ScriptedEngine(ways)
    result = stage.run(engine, TASK)
    asked = [one.content for one in engine.requests[3].prompt.messages]
    assert asked[-1].startswith("error: edit_file failed 2 times on a.py; write the whole function")
    assert [change.path for change in result.changes] == ["a.py", "b.py"]


def test_other_failures_are_other_failures(stage: Stage) -> None:
    stage.file("a.py", SOURCE)
    engine = ScriptedEngine([edit("gone"), edit("e"), edit("1"), "done"])
    assert stage.run(engine, TASK).status == "edited"
    assert stage.of("plan") == []


def test_asking_for_a_closed_way_closes_no_other(stage: Stage) -> None:
    stage.file("a.py", SOURCE)
    stage.file("b.py", SOURCE)
    ways = [*[edit("gone")] * 4, rewrite("g"), edit("gone", "b.py"), "sorry"]
    engine = ScriptedEngine(ways)
    stage.run(engine, TASK)
    assert len(stage.of("plan")) == 1
    assert offered(engine.requests[-1]) == {"rewrite_symbol", "write_file"}


def test_a_file_without_definitions_is_written_whole(stage: Stage) -> None:
    stage.file("a.txt", "one\n")
    engine = ScriptedEngine([edit("two", "a.txt"), edit("two", "a.txt"), "sorry"])
    stage.run(engine, TASK)
    assert offered(engine.requests[-1]) == {"write_file"}
    assert contents(engine)[-1].endswith("write the whole file anew with write_file")


def test_the_grammar_offers_no_closed_way(stage: Stage) -> None:
    stage.file("a.py", SOURCE)
    call = (
        '<tool_call>\n{"name": "edit_file", "arguments": {"path": "a.py"}}\n<<<old_string\ngone\n'
        ">>>old_string\n<<<new_string\nx\n>>>new_string\n</tool_call>"
    )
    local = {"kind": "llama-cpp", "native_tools": False, "grammar": True}
    engine = ScriptedEngine([call, call, "done"], **local)
    stage.run(engine, TASK, profile="tools")
    grammars = ["call-edit-file ::=" in (request.grammar or "") for request in engine.requests]
    assert grammars == [True, True, False]
    assert len({request.prompt.messages[0] for request in engine.requests}) == 1


def test_a_form_that_fails_twice_alike_gives_way_to_the_whole_piece(stage: Stage) -> None:
    stage.file("a.py", "def total(items):\n    return sum(itms)\n")
    at = Range(Position(1, 4), Position(1, 4))
    focus = Focus("a.py", at, (DiagnosticNote(at, "Undefined name `itms`"),))
    request = RunRequest("fix", focus, form="changes", answer="edit", action="fix")
    whole = "<<<code\ndef total(items):\n    return sum(items)\n>>>code"
    answers = ["2|    return sum( itms)", "2|    return  sum(itms)", whole]
    info = {"kind": "llama-cpp", "native_tools": False, "grammar": True, "n_params": 10_000}
    engine = ScriptedEngine(answers, **info)
    result = stage.run(engine, request)
    assert result.changes[0].after == "def total(items):\n    return sum(items)\n"
    assert stage.of("plan")[0].data["text"].startswith("two answers failed alike")
