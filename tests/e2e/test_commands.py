"""Commands: runs, progress, cancelling, status, configuration."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest
from gguf import GGUFReader
from lsprotocol import types as T
from pygls.exceptions import JsonRpcException

from lsp_agent.engine.llama.tiny import make_tiny_gguf
from tests.e2e.conftest import Start, remote
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint, call

CREATE = Reply(tool_calls=(call("write_file", path="new/b.py", content="y = 2\n"),))
DONE = Reply(text="Done.")


def plain(value: object) -> dict:
    """Return a command's result as a dictionary, however pygls decoded it."""
    return json.loads(json.dumps(value, default=lambda o: getattr(o, "_asdict", lambda: vars(o))()))


async def test_run_applies_and_reports(start_editor: Start) -> None:
    edits = Reply(tool_calls=(call("edit_file", path="a.py", old_string="1", new_string="2"),))
    with ScriptedEndpoint([edits, DONE]) as endpoint:
        editor = await start_editor("vscode", remote(endpoint.base_url))
        uri = editor.open("a.py", "x = 1\n")
        result = plain(
            await editor.command("lspAgent.run", {"task": "make it 2", "uri": uri}, "t1")
        )
        assert result["status"] == "edited"
        assert result["summary"] == "Done."
        assert result["runId"]
        assert result["edit"]
        assert editor.texts[uri] == "x = 2\n"
        reports = editor.client.progress_reports["t1"]
        assert isinstance(reports[0], T.WorkDoneProgressBegin)
        assert any("edit_file a.py" in (one.message or "") for one in reports[1:])
        assert isinstance(reports[-1], T.WorkDoneProgressEnd)


async def test_a_plan_shows_as_progress(start_editor: Start) -> None:
    steps = ["write b", "tell"]
    first, second = (
        Reply(tool_calls=(call("update_plan", steps=steps, current=at),)) for at in (1, 2)
    )
    with ScriptedEndpoint([first, CREATE, second, DONE]) as endpoint:
        editor = await start_editor("vscode", remote(endpoint.base_url))
        await editor.command("lspAgent.run", {"task": "add b"}, "t1")
        said = [one.message for one in editor.client.progress_reports["t1"][1:-1]]
        assert "1/2: write b" in said
        assert said.index("1/2: write b – write_file new/b.py") < said.index("2/2: tell")


async def test_run_creates_a_file_without_emptying_one(start_editor: Start) -> None:
    with ScriptedEndpoint([CREATE, DONE]) as endpoint:
        editor = await start_editor("neovim", remote(endpoint.base_url))
        (editor.folder / "new").mkdir()
        await editor.command("lspAgent.run", {"task": "add b"})
        create = editor.applied[0].edit.document_changes[0]
        assert isinstance(create, T.CreateFile)
        assert create.options.ignore_if_exists
        assert (editor.folder / "new" / "b.py").read_text() == "y = 2\n"


async def test_run_takes_its_task_from_a_comment(start_editor: Start) -> None:
    with ScriptedEndpoint([DONE]) as endpoint:
        editor = await start_editor("helix", remote(endpoint.base_url))
        editor.open("a.py", "x = 1\n# TODO: say hello\n")
        result = plain(await editor.command("lspAgent.run"))
        assert result["status"] == "answered"
        assert "Task: say hello" in endpoint.requests[0]["messages"][1]["content"]


async def test_missing_task_is_named(start_editor: Start) -> None:
    editor = await start_editor("vscode")
    editor.open("a.py", "x = 1\n")
    with pytest.raises(JsonRpcException, match="there is no task"):
        await editor.command("lspAgent.run", {})
    with pytest.raises(JsonRpcException, match="'task' must be a string"):
        await editor.command("lspAgent.run", {"task": 3})
    with pytest.raises(JsonRpcException, match="no command"):
        await editor.command("lspAgent.nothing", {})


@pytest.mark.parametrize(
    ("newer", "status", "after"),
    [
        ("x = 1\ny = 1\nz = 3\n", "edited", "x = 2\ny = 1\nz = 3\n"),
        ("x = 7\ny = 1\nz = 1\n", "rejected", "x = 7\ny = 1\nz = 1\n"),
    ],
    ids=["rebased", "refused"],
)
async def test_text_that_changed_meanwhile(
    start_editor: Start, newer: str, status: str, after: str
) -> None:
    edit = call("edit_file", path="a.py", old_string="x = 1", new_string="x = 2")
    replies = iter([Reply(tool_calls=(edit,)), DONE])

    def script(_body: dict) -> Reply:
        endpoint.release.wait(10)
        return next(replies)

    with ScriptedEndpoint(script) as endpoint:
        editor = await start_editor("vscode", remote(endpoint.base_url))
        uri = editor.open("a.py", "x = 1\ny = 1\nz = 1\n")
        task = asyncio.ensure_future(editor.command("lspAgent.run", {"task": "t", "uri": uri}))
        await asyncio.to_thread(endpoint.arrived.wait, 10)
        editor.change(uri, newer)
        endpoint.release.set()
        result = plain(await task)
        assert result["status"] == status
        assert editor.texts[uri] == after
        if status == "edited":
            assert editor.applied[0].edit.document_changes[0].text_document.version == 2
        else:
            assert "a.py" in result["summary"]
            assert editor.applied == []


async def test_approve_always_asks_and_marks_the_edit(start_editor: Start) -> None:
    edit = call("edit_file", path="a.py", old_string="1", new_string="2")
    with ScriptedEndpoint([Reply(tool_calls=(edit,)), DONE]) as endpoint:
        options = remote(endpoint.base_url)
        options["lspAgent"]["safety"] = {"approve": "always"}
        editor = await start_editor("vscode", options)
        editor.answer = lambda _: "Allow"
        uri = editor.open("a.py", "x = 1\n")
        result = plain(await editor.command("lspAgent.run", {"task": "t", "uri": uri}))
        assert result["status"] == "edited"
        assert len(editor.questions) == 1
        (annotation,) = editor.applied[0].edit.change_annotations.values()
        assert annotation.needs_confirmation


async def test_folders_come_and_go(start_editor: Start) -> None:
    read = call("read_file", path="only_there.py")
    with ScriptedEndpoint([Reply(tool_calls=(read,)), DONE]) as endpoint:
        editor = await start_editor("vscode", remote(endpoint.base_url))
        second = editor.folder.parent / "second"
        second.mkdir()
        (second / "only_there.py").write_text("here = 1\n")
        folder = T.WorkspaceFolder(second.as_uri(), "second")
        event = T.WorkspaceFoldersChangeEvent(added=[folder], removed=[])
        editor.client.workspace_did_change_workspace_folders(
            T.DidChangeWorkspaceFoldersParams(event)
        )
        uri = editor.open_uri((second / "a.py").as_uri(), "x = 1\n")
        await editor.command("lspAgent.run", {"task": "t", "uri": uri})
        assert "here = 1" in endpoint.requests[1]["messages"][-1]["content"]


@pytest.mark.parametrize("mode", ["refuse", "lie"])
async def test_applied_flag_is_not_believed(start_editor: Start, mode: str) -> None:
    edits = Reply(tool_calls=(call("edit_file", path="a.py", old_string="1", new_string="2"),))
    with ScriptedEndpoint([edits, DONE]) as endpoint:
        editor = await start_editor("vscode", remote(endpoint.base_url))
        editor.apply_mode = mode
        uri = editor.open("a.py", "x = 1\n")
        result = plain(await editor.command("lspAgent.run", {"task": "t", "uri": uri}))
        assert result["status"] == "rejected"
        assert "did not apply" in result["summary"]


@pytest.mark.parametrize("way", ["request", "progress", "command"])
async def test_cancel_stops_a_run(start_editor: Start, way: str) -> None:
    with ScriptedEndpoint([Reply(stall_after=0)]) as endpoint:
        editor = await start_editor("vscode", remote(endpoint.base_url))
        editor.open("a.py", "x = 1\n")
        params = T.ExecuteCommandParams("lspAgent.run", [{"task": "t"}], work_done_token="tok")
        future = editor.client.protocol.send_request_async(T.WORKSPACE_EXECUTE_COMMAND, params)
        task = asyncio.ensure_future(future)
        await asyncio.to_thread(endpoint.arrived.wait, 10)
        asked = time.monotonic()
        if way == "request":
            id_ = next(iter(editor.client.protocol._request_futures))
            editor.client.protocol.notify(T.CANCEL_REQUEST, T.CancelParams(id_))
            with pytest.raises(JsonRpcException) as caught:
                await task
            assert caught.value.code == T.LSPErrorCodes.RequestCancelled
        else:
            if way == "progress":
                editor.client.window_work_done_progress_cancel(
                    T.WorkDoneProgressCancelParams("tok")
                )
            else:
                await editor.command("lspAgent.cancel")
            assert plain(await task)["status"] == "cancelled"
        await asyncio.to_thread(endpoint.closed_by_client.wait, 10)
        assert endpoint.closed_by_client.is_set()
        assert time.monotonic() - asked < 5


async def test_status_and_switching_models(start_editor: Start) -> None:
    editor = await start_editor("vscode")
    status = plain(await editor.command("lspAgent.status"))
    assert status["model"] == "embedded"
    assert status["engine"] == "local"
    assert {"version", "context", "queue", "cache_hit_ratio", "index", "sandbox"} <= set(status)
    with pytest.raises(JsonRpcException, match="no model named 'other'"):
        await editor.command("lspAgent.switchModel", {"model": "other"})
    assert plain(await editor.command("lspAgent.status"))["model"] == "embedded"
    model = editor.folder / "mine.gguf"
    make_tiny_gguf(model)
    switched = plain(await editor.command("lspAgent.switchModel", {"model": str(model)}))
    assert switched["model"] == "mine.gguf"
    with pytest.raises(JsonRpcException, match="'model' is missing"):
        await editor.command("lspAgent.switchModel")


def talkative(path: Path) -> None:
    """Make a slow model that never ends an answer by itself: no control token is ever likeliest."""
    make_tiny_gguf(path, n_embd=256, n_layer=8, n_ff=1024)
    for tensor in GGUFReader(path, "r+").tensors:
        if tensor.name == "output.weight":
            tensor.data[256 + 17 :] = 0


async def test_a_model_is_switched_while_a_run_goes_on(start_editor: Start, tmp_path: Path) -> None:
    first, second, broken = (tmp_path / f"{name}.gguf" for name in ("first", "second", "broken"))
    talkative(first)
    make_tiny_gguf(second)
    broken.write_bytes(first.read_bytes()[:5000])
    local = {"kind": "llama-cpp", "model": str(first), "nCtx": 8192, "nThreads": 1}
    settings = {"engines": {"local": local}, "agent": {"maxTokens": 800, "profile": "direct"}}
    editor = await start_editor("vscode", {"lspAgent": settings})

    async def status() -> dict:
        return plain(await editor.command("lspAgent.status"))

    uri = editor.open("a.py", "x = 1\n")
    line = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 5}}
    run = asyncio.ensure_future(editor.command("lspAgent.explain", {"uri": uri, "range": line}))
    while not (await status())["context"]["used"]:
        assert not run.done()
    with pytest.raises(JsonRpcException, match="truncated"):
        await editor.command("lspAgent.switchModel", {"model": str(broken)})
    assert (await status())["model"] == "first.gguf"
    switched = plain(await editor.command("lspAgent.switchModel", {"model": str(second)}))
    assert (switched["model"], switched["loaded"]) == ("second.gguf", True)
    assert len(switched["runs"]) == 1
    assert len(await run) > 400
    assert (await status())["runs"] == []


@pytest.mark.parametrize("count", [0, 5])
async def test_candidates_share_an_evaluated_prompt(
    start_editor: Start, tmp_path: Path, count: int
) -> None:
    """Three by default; of each prompt but the first nearly all is known."""
    model = tmp_path / "tiny.gguf"
    make_tiny_gguf(model)
    local = {"kind": "llama-cpp", "model": str(model), "nCtx": 4096, "nThreads": 1}
    agent = {"profile": "direct", "maxTokens": 24, "refinePasses": 0, "candidates": count}
    editor = await start_editor(
        "vscode", {"lspAgent": {"engines": {"local": local}, "agent": agent}}
    )
    uri = editor.open("a.py", "def f():\n    return 1\n" * 20)
    line = {"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 5}}
    await editor.command("lspAgent.run", {"task": "return 2", "uri": uri, "range": line})
    (engine,) = plain(await editor.command("lspAgent.status"))["engines"]
    evaluated, reused = engine["prompt_tokens_evaluated"], engine["prompt_tokens_reused"]
    asked = count or 3
    prompt = (evaluated + reused) / asked
    assert prompt == int(prompt) > 200
    assert reused >= (asked - 1) * prompt * 0.9


async def test_bad_settings_are_told_and_the_good_ones_hold(start_editor: Start) -> None:
    options = {"lspAgent": {"agent": {"maxStepz": 3, "refinePasses": 1}}}
    editor = await start_editor("neovim", options)
    await editor.until(editor.log)
    assert "agent.max_stepz is not a setting; did you mean 'agent.max_steps'?" in editor.log()[0]
    (editor.folder / "lsp-agent.toml").write_text('style = "short"\n[engines.x]\nkind = "openai"\n')
    await editor.command("lspAgent.reloadConfig")
    await editor.until(lambda: len(editor.log()) > 1)
    assert "lsp-agent.toml:3" in editor.log()[1]
    assert "lsp-agent trust" in editor.log()[1]


async def test_approval_is_asked_and_silence_refuses(start_editor: Start) -> None:
    risky = Reply(tool_calls=(call("write_file", path=".github/workflows/x.yml", content="a: 1"),))
    with ScriptedEndpoint([risky, DONE, risky, DONE]) as endpoint:
        editor = await start_editor("vscode", remote(endpoint.base_url))
        (editor.folder / ".github" / "workflows").mkdir(parents=True)
        result = plain(await editor.command("lspAgent.run", {"task": "t"}))
        assert result["status"] == "answered"
        assert editor.questions[0].message.startswith("lsp-agent: Allow write_file?")
        editor.answer = lambda _: "Allow"
        result = plain(await editor.command("lspAgent.run", {"task": "t"}))
        assert result["status"] == "edited"
