"""An edit looked at hunk by hunk, in real editors' capabilities: kept, undone, asked about."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from lsprotocol import types as T
from pygls.exceptions import JsonRpcException

from tests.e2e.conftest import Start, remote
from tests.e2e.test_commands import plain
from tests.support.editor import Editor
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint, call

LINES = [f"v{number} = {number}" for number in range(20)]
SOURCE = "\n".join(LINES) + "\n"
DONE = Reply(text="Done.")


def edits(*pairs: tuple[str, str], path: str = "a.py") -> tuple[dict[str, Any], ...]:
    return tuple(call("edit_file", path=path, old_string=old, new_string=new) for old, new in pairs)


TWO = Reply(tool_calls=edits(("v2 = 2\n", "v2 = 22\n"), ("v15 = 15\n", "v15 = 0\nw = 1\n")))


async def lenses(editor: Editor, uri: str) -> list[tuple[int, str]]:
    found = await editor.client.text_document_code_lens_async(
        T.CodeLensParams(T.TextDocumentIdentifier(uri))
    )
    return [(one.range.start.line, one.command.title) for one in found or []]


async def offered(editor: Editor, uri: str, needle: str) -> dict[str, T.CodeAction]:
    rows = await editor.actions(uri, editor.at(uri, needle), only=["refactor.rewrite"])
    kind = "refactor.rewrite.lspAgent.hunk"
    return {row.title.partition(" (")[0]: row for row in rows if row.kind == kind}


async def choose(editor: Editor, uri: str, needle: str, title: str) -> dict[str, Any]:
    command = (await offered(editor, uri, needle))[title].command
    return plain(await editor.command(command.command, command.arguments[0]))


async def ran(editor: Editor, uri: str) -> str:
    result = plain(await editor.command("lspAgent.run", {"task": "renumber them", "uri": uri}))
    assert result["status"] == "edited"
    return result["runId"]


@pytest.mark.parametrize("client", ["vscode", "neovim", "helix", "emacs"])
async def test_one_is_kept_and_the_other_undone_with_typing_between(
    start_editor: Start, client: str
) -> None:
    with ScriptedEndpoint([TWO, DONE]) as endpoint:
        editor = await start_editor(client, remote(endpoint.base_url))
        uri = editor.open("a.py", SOURCE)
        assert await offered(editor, uri, "v2 = 2") == {}
        run = await ran(editor, uri)
        assert set(await offered(editor, uri, "v2 = 22")) == {
            "Keep this change", "Undo this change", "Why this change?", "Keep all changes",
        }  # fmt: skip
        assert await offered(editor, uri, "v9 = 9") == {}
        assert (await choose(editor, uri, "v2 = 22", "Keep this change"))["left"] == 1
        assert await offered(editor, uri, "v2 = 22") == {}
        editor.type(uri, "v2 = 22", "# größe 😀\n")
        editor.type(uri, "v16 = 16", "mine = 1\n")
        answer = await choose(editor, uri, "w = 1", "Undo this change")
        assert answer == {"runId": run, "left": 0}
        wanted = SOURCE.replace("v2 = 2\n", "# größe 😀\nv2 = 22\n")
        assert editor.texts[uri] == wanted.replace("v16", "mine = 1\nv16")
        undone = plain(await editor.command("lspAgent.undoRun", {"runId": run}))
        assert undone == {"files": ["a.py"], "conflicts": []}
        left = SOURCE.replace("v2 = 2\n", "# größe 😀\nv2 = 2\n").replace("v16", "mine = 1\nv16")
        assert editor.texts[uri] == left


async def test_lenses_follow_the_text_and_the_decisions(start_editor: Start) -> None:
    with ScriptedEndpoint([TWO, DONE]) as endpoint:
        editor = await start_editor("vscode", remote(endpoint.base_url))
        refreshed: list[bool] = []

        @editor.client.feature(T.WORKSPACE_CODE_LENS_REFRESH)
        def _(_params: None) -> None:
            refreshed.append(True)

        assert editor.capabilities.code_lens_provider is not None
        uri = editor.open("a.py", SOURCE)
        assert await lenses(editor, uri) == []
        await ran(editor, uri)
        await editor.until(lambda: refreshed)
        three = ["Keep this change", "Undo this change", "Why this change?"]
        first, second = [(2, one) for one in three], [(15, one) for one in three]
        assert await lenses(editor, uri) == [*first, (2, "Keep all changes (2)"), *second]
        editor.type(uri, "v0 = 0", "top = 1\n")
        assert {line for line, _ in await lenses(editor, uri)} == {3, 16}
        await choose(editor, uri, "v2 = 22", "Undo this change")
        assert await lenses(editor, uri) == [(16, one) for one in three]
        await choose(editor, uri, "w = 1", "Keep this change")
        assert await lenses(editor, uri) == []


async def test_a_client_without_lenses_is_not_told_of_any(start_editor: Start) -> None:
    editor = await start_editor("helix")
    assert editor.capabilities.code_lens_provider is None


async def test_lines_that_were_changed_are_left(start_editor: Start) -> None:
    with ScriptedEndpoint([TWO, DONE]) as endpoint:
        editor = await start_editor("vscode", remote(endpoint.base_url))
        uri = editor.open("a.py", SOURCE)
        await ran(editor, uri)
        chosen = (await offered(editor, uri, "v15 = 0"))["Undo this change"].command
        editor.change(uri, editor.texts[uri].replace("v15 = 0", "v15 = 1"))
        before = editor.texts[uri]
        with pytest.raises(JsonRpcException, match="16-17"):
            await editor.command(chosen.command, chosen.arguments[0])
        assert editor.texts[uri] == before


@pytest.mark.parametrize("end", ["save", "close", "keep all", "undo run"])
async def test_a_review_ends(start_editor: Start, end: str) -> None:
    with ScriptedEndpoint([TWO, DONE]) as endpoint:
        editor = await start_editor("vscode", remote(endpoint.base_url))
        uri = editor.open("a.py", SOURCE)
        await ran(editor, uri)
        chosen = (await offered(editor, uri, "v2 = 22"))["Keep this change"].command
        item = T.TextDocumentIdentifier(uri)
        if end == "save":
            editor.client.text_document_did_save(T.DidSaveTextDocumentParams(item))
        elif end == "close":
            editor.client.text_document_did_close(T.DidCloseTextDocumentParams(item))
            editor.open_uri(uri, editor.texts[uri])
        elif end == "keep all":
            await choose(editor, uri, "v2 = 22", "Keep all changes")
        else:
            await editor.command("lspAgent.undoRun", {})
            assert editor.texts[uri] == SOURCE
            assert await lenses(editor, uri) == []
            return
        assert await offered(editor, uri, "v2 = 22") == {}
        with pytest.raises(JsonRpcException, match="not reviewed any more"):
            await editor.command(chosen.command, chosen.arguments[0])


async def test_every_file_of_a_run_is_reviewed(start_editor: Start) -> None:
    both = Reply(
        tool_calls=(
            *edits(("v2 = 2\n", "v2 = 22\n")),
            *edits(("v3 = 3\n", "v3 = 33\n"), path="b.py"),
        )
    )
    with ScriptedEndpoint([both, DONE]) as endpoint:
        editor = await start_editor("vscode", remote(endpoint.base_url))
        one, two = editor.open("a.py", SOURCE), editor.open("b.py", SOURCE)
        run = await ran(editor, one)
        assert (await choose(editor, two, "v3 = 33", "Undo this change"))["left"] == 1
        assert editor.texts[two] == SOURCE
        assert editor.texts[one] != SOURCE
        undone = plain(await editor.command("lspAgent.undoRun", {"runId": run}))
        assert undone == {"files": ["a.py"], "conflicts": []}
        assert editor.texts[one] == SOURCE


async def test_one_hunk_is_no_review_and_it_can_be_turned_off(start_editor: Start) -> None:
    one = Reply(tool_calls=edits(("v2 = 2\n", "v2 = 22\n")))
    with ScriptedEndpoint([one, DONE, TWO, DONE]) as endpoint:
        editor = await start_editor("vscode", remote(endpoint.base_url))
        uri = editor.open("a.py", SOURCE)
        await ran(editor, uri)
        assert await lenses(editor, uri) == []
        other = await start_editor("vscode", remote(endpoint.base_url, hunks=False))
        uri = other.open("a.py", SOURCE)
        await ran(other, uri)
        assert await lenses(other, uri) == []
        assert await offered(other, uri, "v2 = 22") == {}


async def test_why_is_asked_of_the_model_about_this_hunk(start_editor: Start) -> None:
    told = Reply(text="Because **it** counts.")
    with ScriptedEndpoint([TWO, DONE, told]) as endpoint:
        editor = await start_editor("vscode", remote(endpoint.base_url))
        uri = editor.open("a.py", SOURCE)
        await ran(editor, uri)
        answer = await choose(editor, uri, "w = 1", "Why this change?")
        assert answer["runId"]
        await asyncio.to_thread(endpoint.wait_for_requests, 3)
        asked = endpoint.requests[-1]["messages"][-1]["content"]
        assert "+w = 1" in asked
        assert "v2 = 22\n+" not in asked
        assert '"renumber them"' in asked
        await editor.until(lambda: editor.client.shown_documents)
        shown = editor._path(editor.client.shown_documents[0].uri).read_text("utf-8")
        assert shown.startswith("# Why this change?")
        assert "Because **it** counts." in shown
        assert await offered(editor, uri, "w = 1") != {}
