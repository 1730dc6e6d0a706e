"""Reviews on save and on demand: what is asked, what is shown, and what makes it stop."""

from __future__ import annotations

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as T
from pygls.exceptions import JsonRpcException

from tests.e2e.conftest import Start, remote
from tests.support.editor import Editor
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint

OLD = "import math\n\n\ndef area(w, h):\n    return w * h\n"
NEW = OLD.replace("w * h", "w + h")
ROW = {
    "quote": "w + h", "severity": "warning", "category": "bug",
    "message": "An area is a product.", "confidence": 0.9, "fix": "w * h",
}  # fmt: skip
UNUSED = {**ROW, "quote": "spare = 1", "category": "unused", "message": "`spare` is never used."}
ANSWER = Reply(text=json.dumps([ROW]))


def git(folder: Path, *arguments: str) -> None:
    base = ["git", "-c", "user.name=A", "-c", "user.email=a@b.c"]
    subprocess.run([*base, *arguments], cwd=folder, check=True, capture_output=True)


def commit(editor: Editor, **files: str) -> None:
    """Make the editor's folder a repository with some modules."""
    git(editor.folder, "init", "-q", "-b", "main")
    for name, text in files.items():
        (editor.folder / f"{name}.py").write_text(text, "utf-8")
    git(editor.folder, "add", "-A")
    git(editor.folder, "commit", "-qm", "first")


def save(editor: Editor, uri: str) -> None:
    path = editor._path(uri)
    path.write_text(editor.texts[uri], "utf-8")
    editor.client.text_document_did_save(T.DidSaveTextDocumentParams(T.TextDocumentIdentifier(uri)))


def shown(editor: Editor, uri: str) -> list[T.Diagnostic]:
    return [one for one in editor.diagnostics(uri) or [] if one.code != "syntax"]


async def reviewed(editor: Editor, uri: str) -> T.Diagnostic:
    """Save, and wait for the one finding."""
    save(editor, uri)
    (one,) = await editor.until(lambda: shown(editor, uri))
    return one


def named(actions: list[Any], start: str) -> Any:
    (found,) = [one for one in actions if one.title.startswith(start)]
    return found


async def test_a_save_is_reviewed_and_an_unchanged_hunk_is_not_asked_about_again(
    start_editor: Start,
) -> None:
    with ScriptedEndpoint([ANSWER]) as endpoint:
        options = remote(endpoint.base_url)
        editor = await start_editor("vscode", options)
        commit(editor, a=OLD)
        uri = editor.open("a.py", NEW)
        one = await reviewed(editor, uri)
        assert one.message == "An area is a product."
        assert (one.source, one.code) == ("lsp-agent", "bug")
        assert one.severity == T.DiagnosticSeverity.Information
        assert one.range == editor.at(uri, "w + h")
        (request,) = endpoint.requests
        asked = request["messages"][1]["content"]
        assert "-    return w * h\n+    return w + h" in asked
        # What is typed above moves it, without a model.
        editor.type(uri, "import math", '"""😀"""\n')
        await editor.until(
            lambda: [x.range for x in shown(editor, uri)] == [editor.at(uri, "w + h")]
        )
        editor.change(uri, NEW + "\n\n")
        save(editor, uri)
        assert await editor.command("lspAgent.review", {"uri": uri}) == 1
        assert len(endpoint.requests) == 1
        second = await start_editor("neovim", options)
        commit(second, a=OLD)
        other = second.open("a.py", NEW)
        await reviewed(second, other)
        assert len(endpoint.requests) == 1
        # Gone with its text.
        editor.change(uri, OLD)
        await editor.until(lambda: not shown(editor, uri))


async def test_the_next_key_cancels_a_review(start_editor: Start) -> None:
    with ScriptedEndpoint([Reply(text="[]" * 50, stall_after=3), ANSWER]) as endpoint:
        editor = await start_editor("vscode", remote(endpoint.base_url))
        commit(editor, a=OLD)
        uri = editor.open("a.py", NEW)
        save(editor, uri)
        await asyncio.to_thread(endpoint.arrived.wait, 20)
        editor.type(uri, "import", "# typed\n")
        assert await asyncio.to_thread(endpoint.closed_by_client.wait, 20)
        assert shown(editor, uri) == []
        await reviewed(editor, uri)
        assert len(endpoint.requests) == 2


async def test_a_ready_fix_takes_no_inference(start_editor: Start) -> None:
    with ScriptedEndpoint([ANSWER]) as endpoint:
        editor = await start_editor("vscode", remote(endpoint.base_url))
        commit(editor, a=OLD)
        uri = editor.open("a.py", NEW)
        one = await reviewed(editor, uri)
        # Some clients keep no data of a diagnostic.
        one.data = None
        actions = await editor.actions(uri, one.range, [one], only=["quickfix"])
        fix = named(actions, "Fix: An area is a product.")
        assert fix.is_preferred
        resolved = await editor.client.code_action_resolve_async(fix)
        if resolved.edit is not None:
            editor.carry_out(resolved.edit)
        else:
            # On a busy machine the checks take longer than an answer may.
            await editor.command(resolved.command.command, resolved.command.arguments[0])
        await editor.until(lambda: editor.texts[uri] == OLD)
        assert len(endpoint.requests) == 1
        await editor.until(lambda: not shown(editor, uri))


async def test_what_is_dismissed_stays_away_also_after_a_restart(start_editor: Start) -> None:
    with ScriptedEndpoint([ANSWER]) as endpoint:
        options = remote(endpoint.base_url)
        editor = await start_editor("vscode", options)
        commit(editor, a=OLD)
        uri = editor.open("a.py", NEW)
        one = await reviewed(editor, uri)
        action = named(await editor.actions(uri, one.range, [one]), "Dismiss: An area")
        assert action.kind == "quickfix.lspAgent.dismiss"
        assert (await editor.client.code_action_resolve_async(action)).edit is None
        await editor.command(action.command.command, action.command.arguments[0])
        await editor.until(lambda: not shown(editor, uri))
        assert await editor.command("lspAgent.review", {"uri": uri}) == 0
        await editor.client.shutdown_session()
        again = await start_editor("vscode", options, folder=editor.folder)
        uri = again.open("a.py", NEW)
        assert await again.command("lspAgent.review", {"uri": uri}) == 0
        assert len(endpoint.requests) == 1
        with pytest.raises(JsonRpcException, match="findingId"):
            await again.command("lspAgent.dismiss", {"uri": uri})


async def test_a_client_that_pulls_is_not_pushed_to(start_editor: Start) -> None:
    with ScriptedEndpoint([ANSWER]) as endpoint:
        editor = await start_editor("vscode", remote(endpoint.base_url))
        commit(editor, a=OLD)
        uri = editor.open("a.py", NEW)
        first = await pull(editor, uri)
        assert not first.items
        save(editor, uri)
        async with asyncio.timeout(20):
            while (second := await pull(editor, uri, first.result_id)).kind == "unchanged":
                pass
        assert [one.code for one in second.items] == ["bug"]
        assert shown(editor, uri) == []
        third = await pull(editor, uri, second.result_id)
        assert third.kind == "unchanged"


async def pull(editor: Editor, uri: str, previous: str | None = None) -> Any:
    return await editor.client.text_document_diagnostic_async(
        T.DocumentDiagnosticParams(T.TextDocumentIdentifier(uri), previous_result_id=previous)
    )


async def test_a_review_on_demand_of_all_that_changed(start_editor: Start) -> None:
    def script(request: dict[str, Any]) -> Reply:
        text = request["messages"][1]["content"]
        return Reply(text=json.dumps([UNUSED if "spare" in text else ROW]))

    with ScriptedEndpoint(script) as endpoint:
        editor = await start_editor("vscode", remote(endpoint.base_url))
        commit(editor, a=OLD, b=OLD, c=OLD)
        uri = editor.open("a.py", NEW)
        closed = editor.folder / "b.py"
        closed.write_text(OLD.replace("    return", "    spare = 1\n    return"), "utf-8")
        assert await editor.command("lspAgent.review") == 2
        assert [one.code for one in shown(editor, uri)] == ["bug"]
        (found,) = await editor.until(lambda: shown(editor, closed.as_uri()))
        assert found.severity == T.DiagnosticSeverity.Warning
        assert found.message == "`spare` is never used."
        assert len(endpoint.requests) == 2
        git(editor.folder, "checkout", "-qb", "topic")
        git(editor.folder, "commit", "-qam", "second")
        assert await editor.command("lspAgent.review", {"uri": closed.as_uri()}) == 0
        await editor.until(lambda: not shown(editor, closed.as_uri()))
        assert await editor.command("lspAgent.review") == 0
        await editor.until(lambda: not shown(editor, uri))
        assert await editor.command("lspAgent.review", {"base": "main"}) == 2
        assert len(endpoint.requests) == 2
        with pytest.raises(JsonRpcException, match="not a revision"):
            await editor.command("lspAgent.review", {"base": "no such thing"})


async def test_a_text_that_is_not_saved_is_among_what_changed(start_editor: Start) -> None:
    with ScriptedEndpoint([ANSWER]) as endpoint:
        editor = await start_editor("vscode", remote(endpoint.base_url))
        commit(editor, a=OLD)
        uri = editor.open("a.py", OLD)
        editor.change(uri, NEW)
        assert await editor.command("lspAgent.review") == 1
        (found,) = shown(editor, uri)
        # A category is no linter's code, of which all could be fixed.
        actions = await editor.actions(uri, found.range, [found])
        titles = [one.title for one in actions]
        assert {"Fix: An area is a product.", "Dismiss: An area is a product."} <= {*titles}
        assert [title for title in titles if title.startswith("Fix all")] == []


async def test_a_review_on_demand_is_cancelled(start_editor: Start) -> None:
    with ScriptedEndpoint([Reply(text="[]" * 50, stall_after=3)]) as endpoint:
        editor = await start_editor("vscode", remote(endpoint.base_url))
        commit(editor, a=OLD)
        editor.open("a.py", NEW)
        asked = asyncio.ensure_future(editor.command("lspAgent.review", token="t"))
        await asyncio.to_thread(endpoint.arrived.wait, 20)
        editor.client.window_work_done_progress_cancel(T.WorkDoneProgressCancelParams("t"))
        with pytest.raises(JsonRpcException, match="cancelled"):
            await asked
        assert await asyncio.to_thread(endpoint.closed_by_client.wait, 20)
        ends = [one for one in editor.client.progress_reports["t"] if one.kind == "end"]
        assert [one.message for one in ends] == ["cancelled"]


async def test_without_git_a_document_is_compared_with_what_it_was(start_editor: Start) -> None:
    with ScriptedEndpoint([ANSWER]) as endpoint:
        editor = await start_editor("vscode", remote(endpoint.base_url))
        uri = editor.open("a.py", OLD)
        editor.change(uri, NEW)
        await reviewed(editor, uri)
        assert "-    return w * h\n+    return w + h" in str(
            endpoint.requests[0]["messages"][1]["content"]
        )
        assert await editor.command("lspAgent.review") == 1


@pytest.mark.parametrize("why", ["narrow", "off", "unreachable", "secret"])
async def test_there_is_no_noise(start_editor: Start, why: str) -> None:
    with ScriptedEndpoint([ANSWER]) as endpoint:
        options: dict[str, Any] = remote(endpoint.base_url)
        if why == "narrow":
            options = {}
        elif why == "unreachable":
            options = remote("http://127.0.0.1:9/v1")
        elif why == "off":
            options["lspAgent"]["review"] = {"onSave": False}
        editor = await start_editor("vscode", options)
        commit(editor, a=OLD)
        uri = editor.open(".env.sh" if why == "secret" else "a.py", NEW)
        save(editor, uri)
        # Requests that are answered later than the save was seen, by the same threads.
        for _ in range(10):
            await editor.command("lspAgent.status")
        if why == "narrow":
            with pytest.raises(JsonRpcException, match="needs a larger model"):
                await editor.command("lspAgent.review", {"uri": uri})
        assert endpoint.requests == []
        assert shown(editor, uri) == []
        assert editor.log() == []
