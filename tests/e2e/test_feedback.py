"""What became of edits, as an editor's saves and undos tell: kept only where that is wanted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as T

from lsp_agent.store.feedback import Became, Feedback
from lsp_agent.store.journal import Journal
from tests.e2e.conftest import Start, remote
from tests.e2e.test_undo import DONE, SOURCE, edit, ran, undo
from tests.e2e.test_verified_edits import BAD, opened
from tests.e2e.test_verified_edits import options as checked
from tests.support.editor import Editor
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint


def wanting(url: str, **memory: Any) -> dict[str, Any]:
    options = remote(url)
    options["lspAgent"]["memory"] = {"feedback": True, **memory}
    # A review of what is saved would take one of the scripted replies.
    options["lspAgent"]["review"] = {"onSave": False}
    return options


def save(editor: Editor, uri: str) -> None:
    item = T.TextDocumentIdentifier(uri)
    editor.client.text_document_did_save(T.DidSaveTextDocumentParams(item))


def kept(home: Path) -> list[Became]:
    return Feedback(Journal(home / "journal.sqlite")).rows()


def memory(editor: Editor, *arguments: str) -> str:
    command = [sys.executable, "-m", "lsp_agent", "memory", *arguments]
    return subprocess.check_output(command, cwd=editor.folder, text=True)


async def test_accepted_edited_and_rejected(start_editor: Start, home: Path) -> None:
    replies = [edit("x = 1", "x = 2"), DONE, edit("y = 1", "y = 2"), DONE, edit("f()", "g()"), DONE]
    with ScriptedEndpoint(replies) as endpoint:
        editor = await start_editor("vscode", wanting(endpoint.base_url))
        uri = editor.open("a.py", SOURCE)
        first = await ran(editor, uri)
        save(editor, uri)
        (row,) = await editor.until(lambda: kept(home))
        assert (row.run, row.verdict, row.language, row.task) == (
            first["runId"], "accepted", "python", "t",
        )  # fmt: skip
        assert row.before.startswith("x = 1\ny = 1\n")
        assert row.answer.startswith("x = 2\ny = 1\n")
        assert row.final == ""

        await ran(editor, uri)
        editor.change(uri, editor.texts[uri].replace("y = 2", "y = 3"))
        save(editor, uri)
        rows = await editor.until(lambda: (found := kept(home))[1:] and found)
        assert rows[0].verdict == "rejected"

        run = await ran(editor, uri)
        await undo(editor, run["runId"])
        rows = await editor.until(lambda: (found := kept(home))[2:] and found)
        assert [one.verdict for one in rows] == ["rejected", "rejected", "accepted"]
        assert "g()" in rows[0].answer
        assert memory(editor, "export").count("\n") == 1

        await undo(editor, first["runId"])
        assert [one.verdict for one in kept(home)] == ["rejected"] * 3
        assert memory(editor, "export") == ""


async def test_an_edit_that_was_mended_is_kept_as_it_was_saved(
    start_editor: Start, home: Path
) -> None:
    with ScriptedEndpoint([edit("y = 1", "y = 2\nz = 3"), DONE]) as endpoint:
        editor = await start_editor("vscode", wanting(endpoint.base_url))
        uri = editor.open("a.py", SOURCE)
        await ran(editor, uri)
        editor.change(uri, editor.texts[uri].replace("z = 3", "z = 4"))
        save(editor, uri)
        (row,) = await editor.until(lambda: kept(home))
        assert row.verdict == "edited"
        assert row.final == row.answer.replace("z = 3", "z = 4")
        (chat,) = [json.loads(line) for line in memory(editor, "export").splitlines()]
        assert [one["role"] for one in chat["messages"]] == ["user", "assistant"]
        assert "x = 1\ny = 1\n" in chat["messages"][0]["content"]
        assert "z = 4" in chat["messages"][1]["content"]

        assert "  edited " in memory(editor, "feedback")
        memory(editor, "forget", "--feedback")
        assert kept(home) == []


async def test_nothing_is_kept_unless_wanted(start_editor: Start, home: Path) -> None:
    with ScriptedEndpoint([edit("x = 1", "x = 2"), DONE, Reply(text="Said.")]) as endpoint:
        editor = await start_editor("vscode", remote(endpoint.base_url))
        uri = editor.open("a.py", SOURCE)
        await ran(editor, uri)
        save(editor, uri)
        await undo(editor)
        assert editor.texts[uri] == SOURCE
        assert kept(home) == []


async def test_what_the_user_refuses_is_rejected(
    start_editor: Start, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    monkeypatch.setenv("PATH", os.pathsep.join(folders))
    with ScriptedEndpoint([BAD, DONE]) as endpoint:
        options = checked(endpoint.base_url)
        options["lspAgent"]["memory"] = {"feedback": True}
        editor = await start_editor("vscode", options)
        editor.answer = lambda _: "Refuse"
        uri = opened(editor)
        await editor.command("lspAgent.run", {"task": "t", "uri": uri})
        (row,) = await editor.until(lambda: kept(home))
        assert row.verdict == "rejected"
        assert "itemz" in row.answer
        assert "itms" in row.before


async def test_accepted_edits_are_examples(start_editor: Start, home: Path) -> None:
    replies = [edit("x = 1", "x = 2"), DONE, Reply(text="Nothing.")]
    with ScriptedEndpoint(replies) as endpoint:
        editor = await start_editor("vscode", wanting(endpoint.base_url, examples=2))
        uri = editor.open("a.py", SOURCE)
        argument = {"task": "raise the counter", "uri": uri}
        await editor.command("lspAgent.run", argument)
        save(editor, uri)
        await editor.until(lambda: kept(home))
        await editor.command("lspAgent.run", {"task": "raise the other counter", "uri": uri})
    asked = endpoint.requests[-1]["messages"][-1]["content"]
    assert "- raise the counter\nbefore:\nx = 1" in asked
    assert "after:\nx = 2" in asked
    assert "before:" not in endpoint.requests[0]["messages"][-1]["content"]
