"""Inline completion over LSP, by the embedded model and by one that can't."""

from __future__ import annotations

import asyncio
from pathlib import Path

from lsprotocol import types as T

from lsp_agent.engine.llama.tiny import make_tiny_gguf
from tests.e2e.conftest import Start, remote
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint

SOURCE = "class Box:\n    def __init__(self, width):\n        self.width = width\n        self.\n"


def at(uri: str, line: int, character: int) -> T.InlineCompletionParams:
    return T.InlineCompletionParams(
        context=T.InlineCompletionContext(T.InlineCompletionTriggerKind.Invoked),
        text_document=T.TextDocumentIdentifier(uri),
        position=T.Position(line, character),
    )


async def test_the_embedded_model_completes_a_line(start_editor: Start) -> None:
    editor = await start_editor("vscode")
    uri = editor.open("a.py", SOURCE)
    found = await editor.client.text_document_inline_completion_async(at(uri, 3, 13))
    assert isinstance(found, T.InlineCompletionList)
    for item in found.items:
        assert item.insert_text
        assert "\n" not in item.insert_text
        assert item.range == T.Range(T.Position(3, 13), T.Position(3, 13))


async def test_a_newer_request_ends_the_older_one(start_editor: Start) -> None:
    editor = await start_editor("vscode")
    uri = editor.open("a.py", SOURCE * 20)
    asked = [
        asyncio.ensure_future(editor.client.text_document_inline_completion_async(at(uri, 3, n)))
        for n in (11, 12, 13)
    ]
    answers = await asyncio.gather(*asked)
    assert all(isinstance(one, T.InlineCompletionList) for one in answers)


async def test_nothing_for_a_document_that_is_not_open(start_editor: Start) -> None:
    editor = await start_editor("neovim")
    request = at("file:///none.py", 0, 0)
    assert await editor.client.text_document_inline_completion_async(request) is None


async def test_a_model_that_can_not_is_told_of_once(start_editor: Start, tmp_path: Path) -> None:
    model = tmp_path / "chatty.gguf"
    make_tiny_gguf(model, fim=False)
    local = {"kind": "llama-cpp", "model": str(model)}
    editor = await start_editor("vscode", {"lspAgent": {"engines": {"local": local}}})
    uri = editor.open("a.py", SOURCE)
    for _ in range(2):
        found = await editor.client.text_document_inline_completion_async(at(uri, 3, 13))
        assert not found.items
    await editor.until(editor.log)
    told = [one for one in editor.log() if "no completion" in one]
    assert len(told) == 1
    assert "routes.completion" in told[0]


async def test_a_server_s_model_completes_too(start_editor: Start) -> None:
    with ScriptedEndpoint([Reply(text="height = 0")]) as endpoint:
        editor = await start_editor("neovim", remote(endpoint.base_url))
        uri = editor.open("a.py", SOURCE)
        found = await editor.client.text_document_inline_completion_async(at(uri, 3, 13))
        assert [one.insert_text for one in found.items] == ["height = 0"]


async def test_what_the_embedded_model_can_not_do_is_disabled(start_editor: Start) -> None:
    editor = await start_editor("vscode")
    uri = editor.open("a.py", "def area(w, h):\n    return w * h\n")
    actions = await editor.client.text_document_code_action_async(
        T.CodeActionParams(
            T.TextDocumentIdentifier(uri),
            T.Range(T.Position(0, 5), T.Position(0, 5)),
            T.CodeActionContext(diagnostics=[]),
        )
    )
    by_kind = {str(one.kind).rpartition(".")[2]: one for one in actions}
    assert by_kind["document"].disabled is None
    assert by_kind["annotate"].disabled is None
    reason = by_kind["explain"].disabled.reason
    assert reason.startswith("explain needs a larger model than embedded.gguf")
    assert "lsp-agent models pull" in reason
