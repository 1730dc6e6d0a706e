"""``lspAgent.undoRun`` with real editors' capabilities: what a run changed, and nothing else."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as T
from pygls.exceptions import JsonRpcException

from lsp_agent.store.journal import Journal
from tests.e2e.conftest import Start, remote
from tests.e2e.test_commands import plain
from tests.support.editor import Editor, capabilities
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint, call

DONE = Reply(text="Done.")
SOURCE = "x = 1\ny = 1\n\n\ndef f():\n    return x\n"


def edit(old: str, new: str, path: str = "a.py") -> Reply:
    return Reply(tool_calls=(call("edit_file", path=path, old_string=old, new_string=new),))


def git(folder: Path, *arguments: str) -> str:
    base = ["git", "-c", "user.name=A", "-c", "user.email=a@b.c"]
    return subprocess.check_output([*base, *arguments], cwd=folder, text=True)


async def ran(editor: Editor, uri: str | None = None) -> dict[str, Any]:
    argument = {"task": "t", **({"uri": uri} if uri else {})}
    result = plain(await editor.command("lspAgent.run", argument))
    assert result["status"] == "edited"
    return result


async def undo(editor: Editor, run_id: str | None = None) -> dict[str, Any]:
    return plain(await editor.command("lspAgent.undoRun", {"runId": run_id} if run_id else {}))


@pytest.mark.parametrize("client", ["vscode", "neovim", "helix", "emacs"])
async def test_the_last_run_is_undone_around_unsaved_text(start_editor: Start, client: str) -> None:
    with ScriptedEndpoint([edit("x = 1", "x = 2"), DONE]) as endpoint:
        editor = await start_editor(client, remote(endpoint.base_url))
        assert "lspAgent.undoRun" in editor.capabilities.execute_command_provider.commands
        uri = editor.open("a.py", SOURCE)
        await ran(editor, uri)
        assert editor.texts[uri].startswith("x = 2\n")
        editor.type(uri, "    return x", "    # mine\n")
        answer = await undo(editor)
        assert answer == {"files": ["a.py"], "conflicts": []}
        assert editor.texts[uri] == SOURCE.replace("    return", "    # mine\n    return")
        sent = editor.applied[-1].edit
        if sent.document_changes:
            assert sent.document_changes[0].text_document.version == editor.versions[uri] - 1
        with pytest.raises(JsonRpcException, match="no run changed anything here"):
            await undo(editor)


async def test_what_was_written_over_it_is_left_and_named(start_editor: Start) -> None:
    with ScriptedEndpoint([edit("x = 1", "x = 2"), DONE]) as endpoint:
        editor = await start_editor("vscode", remote(endpoint.base_url))
        uri = editor.open("a.py", SOURCE)
        run = await ran(editor, uri)
        editor.change(uri, SOURCE.replace("x = 1", "x = 3"))
        answer = await undo(editor, run["runId"])
        assert answer["files"] == []
        assert answer["conflicts"][0]["path"] == "a.py"
        assert answer["conflicts"][0]["lines"] == [[1, 1]]
        assert editor.texts[uri] == SOURCE.replace("x = 1", "x = 3")
        await editor.until(editor.log)
        assert "a.py" in editor.log()[-1]
        assert len(editor.applied) == 1


async def test_runs_are_undone_in_any_order_and_again(start_editor: Start) -> None:
    with ScriptedEndpoint(
        [edit("x = 1", "x = 2"), DONE, edit("return x", "return y"), DONE]
    ) as end:
        editor = await start_editor("vscode", remote(end.base_url))
        uri = editor.open("a.py", SOURCE)
        first = await ran(editor, uri)
        await ran(editor, uri)
        await undo(editor, first["runId"])
        assert editor.texts[uri] == SOURCE.replace("return x", "return y")
        assert (await undo(editor, first["runId"]))["files"] == []
        await undo(editor)
        assert editor.texts[uri] == SOURCE


async def test_files_that_came_and_went(start_editor: Start) -> None:
    calls = (
        call("write_file", path="b.py", content="b = 1\n"),
        call("delete_file", path="gone.py"),
        call("move_file", path="old.py", new_path="new.py"),
    )
    with ScriptedEndpoint([Reply(tool_calls=calls), DONE]) as endpoint:
        editor = await start_editor("vscode", remote(endpoint.base_url))
        (editor.folder / "gone.py").write_text("g = 1\n")
        (editor.folder / "old.py").write_text("o = 1\n")
        run = await ran(editor)
        assert sorted(path.name for path in editor.folder.iterdir()) == ["b.py", "new.py"]
        (editor.folder / "new.py").write_text("o = 1\nmine = 1\n")
        answer = await undo(editor, run["runId"])
        assert answer["files"] == ["b.py", "gone.py", "new.py", "old.py"]
        assert (editor.folder / "gone.py").read_text() == "g = 1\n"
        assert (editor.folder / "old.py").read_text() == "o = 1\nmine = 1\n"
        assert sorted(path.name for path in editor.folder.iterdir()) == ["gone.py", "old.py"]


async def test_an_editor_that_can_not_is_told_the_command(start_editor: Start) -> None:
    caps = capabilities("vscode")
    with ScriptedEndpoint(
        [Reply(tool_calls=(call("write_file", path="b.py", content="b = 1\n"),)), DONE]
    ) as end:
        options = remote(end.base_url)
        first = await start_editor("vscode", options, caps)
        run = await ran(first)
        caps.workspace.workspace_edit.resource_operations = [T.ResourceOperationKind.Create]
        second = await start_editor("vscode", options, caps)
        folder = T.WorkspaceFolder(first.folder.as_uri(), "first")
        second.client.workspace_did_change_workspace_folders(
            T.DidChangeWorkspaceFoldersParams(T.WorkspaceFoldersChangeEvent([folder], []))
        )
        with pytest.raises(JsonRpcException, match=f"lsp-agent runs undo {run['runId']}"):
            await undo(second, run["runId"])
        assert (first.folder / "b.py").exists()


async def test_another_server_undoes_it_after_a_restart(start_editor: Start) -> None:
    with ScriptedEndpoint([edit("x = 1", "x = 2"), DONE]) as endpoint:
        first = await start_editor("vscode", remote(endpoint.base_url))
        uri = first.open("a.py", SOURCE)
        run = await ran(first, uri)
        second = await start_editor("neovim", remote(endpoint.base_url))
        with pytest.raises(JsonRpcException, match="not open here"):
            await undo(second, run["runId"])
        folder = T.WorkspaceFolder(first.folder.as_uri(), "first")
        second.client.workspace_did_change_workspace_folders(
            T.DidChangeWorkspaceFoldersParams(T.WorkspaceFoldersChangeEvent([folder], []))
        )
        second.open_uri(uri, first.texts[uri])
        assert (await undo(second))["files"] == ["a.py"]
        assert second.texts[uri] == SOURCE


@pytest.mark.parametrize("delay", [0.0, 2.5], ids=["soon", "later"])
async def test_a_code_action_is_undone_and_a_checkpoint_left(
    start_editor: Start, home: Path, delay: float
) -> None:
    fixed = Reply(text="<<<code\nx = 2\n>>>code", delay=delay)
    with ScriptedEndpoint([fixed]) as endpoint:
        editor = await start_editor("vscode", remote(endpoint.base_url, profile="direct"))
        git(editor.folder, "init", "-q")
        git(editor.folder, "commit", "-qm", "first", "--allow-empty")
        uri = editor.open("a.py", SOURCE)
        here = editor.at(uri, "x = 1")
        wrong = T.Diagnostic(here, "x is wrong")
        action, *_ = await editor.actions(uri, here, [wrong], ["quickfix"])
        await editor.take(action)
        assert editor.texts[uri].startswith("x = 2\n")

        layout = "--format=%(objectname)"
        commit = await editor.until(
            lambda: git(editor.folder, "for-each-ref", layout, "refs/lsp-agent/").strip()
        )
        assert "+x = 2" in git(editor.folder, "diff", f"{commit}^", commit)
        journal = Journal(home / "journal.sqlite")
        applied = await editor.until(
            lambda: [one.data for one in journal.audit() if one.kind == "edit_applied"]
        )
        assert applied == [{"files": ["a.py"]}]
        assert (await undo(editor))["files"] == ["a.py"]
        assert editor.texts[uri] == SOURCE


async def test_a_document_without_a_folder(start_editor: Start) -> None:
    with ScriptedEndpoint([edit("x = 1", "x = 2", "Untitled-1"), DONE]) as endpoint:
        editor = await start_editor("vscode", remote(endpoint.base_url))
        uri = editor.open_uri("untitled:Untitled-1", SOURCE)
        await ran(editor, uri)
        assert editor.texts[uri].startswith("x = 2\n")
        assert (await undo(editor))["files"] == [uri]
        assert editor.texts[uri] == SOURCE
