"""A session goes on in another server: what was said and done in it is known there."""

from __future__ import annotations

from typing import Any

from lsprotocol import types as T

from tests.e2e.conftest import Start, remote
from tests.e2e.test_undo import DONE, SOURCE, edit
from tests.support.editor import Editor
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint


def asked(endpoint: ScriptedEndpoint) -> str:
    found: str = endpoint.requests[-1]["messages"][1]["content"]
    return found


async def run(editor: Editor, uri: str, task: str, **more: Any) -> None:
    await editor.command("lspAgent.run", {"task": task, "uri": uri, **more})


async def test_a_session_goes_on_after_a_restart(start_editor: Start) -> None:
    replies = [edit("x = 1", "x = 2"), DONE, Reply(text="Yes."), Reply(text="No.")]
    with ScriptedEndpoint(replies) as endpoint:
        first = await start_editor("vscode", remote(endpoint.base_url))
        uri = first.open("a.py", SOURCE)
        await run(first, uri, "raise the counter", session="work")
        second = await start_editor("neovim", remote(endpoint.base_url))
        folder = T.WorkspaceFolder(first.folder.as_uri(), "first")
        second.client.workspace_did_change_workspace_folders(
            T.DidChangeWorkspaceFoldersParams(T.WorkspaceFoldersChangeEvent([folder], []))
        )
        second.open_uri(uri, first.texts[uri])
        await run(second, uri, "is it right?", session="work")
        assert "- asked: raise the counter\n  answered: Done.\n  changed: a.py" in asked(endpoint)
        await run(second, uri, "is it?", session="other")
        assert "raise the counter" not in asked(endpoint)
