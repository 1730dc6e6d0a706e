"""A model's process that dies costs one request; the editor's session goes on."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Any

import pytest
from lsprotocol import types as T

from tests.e2e.conftest import Start
from tests.e2e.test_inline_completion import SOURCE, at
from tests.support.editor import Editor

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="ends a process by a signal")


async def host_of(editor: Editor) -> dict[str, Any]:
    status = await editor.client.workspace_execute_command_async(
        T.ExecuteCommandParams("lspAgent.status", [{}])
    )
    (engine,) = status["engines"]
    return dict(engine)


@pytest.mark.parametrize("isolation", ["process", "shared"])
async def test_a_model_that_dies_is_started_anew(start_editor: Start, isolation: str) -> None:
    local = {"kind": "llama-cpp", "isolation": isolation}
    editor = await start_editor("vscode", {"lspAgent": {"engines": {"local": local}}})
    pids = []
    for name in ("a.py", "b.py"):
        # What was suggested in a document is known there without the model.
        uri = editor.open(name, SOURCE)
        found = await editor.client.text_document_inline_completion_async(at(uri, 3, 13))
        assert isinstance(found, T.InlineCompletionList)
        host = await host_of(editor)
        assert host["isolation"] == isolation
        pids.append(host["pid"])
        os.kill(host["pid"], signal.SIGKILL)
    assert pids[0] != pids[1]
    assert not editor.log()


async def test_a_process_that_is_silent_holds_nothing_up(start_editor: Start) -> None:
    local = {"kind": "llama-cpp", "isolation": "process"}
    editor = await start_editor("vscode", {"lspAgent": {"engines": {"local": local}}})
    uri = editor.open("a.py", SOURCE)
    await editor.client.text_document_inline_completion_async(at(uri, 3, 13))
    pid = (await host_of(editor))["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        # The status waits a moment for the process; the list of actions must not wait for either.
        status = asyncio.ensure_future(host_of(editor))
        await asyncio.sleep(0)  # Lets it be sent first.
        place = T.Range(T.Position(1, 8), T.Position(1, 8))
        actions = await editor.client.text_document_code_action_async(
            T.CodeActionParams(T.TextDocumentIdentifier(uri), place, T.CodeActionContext([]))
        )
        assert actions
        assert not status.done()
        assert (await status)["pid"] == pid
    finally:
        os.kill(pid, signal.SIGCONT)
