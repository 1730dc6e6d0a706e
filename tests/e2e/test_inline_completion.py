"""Inline completion over LSP, by the embedded model and by one that can't."""

from __future__ import annotations

import asyncio
from pathlib import Path

from lsprotocol import types as T

from lsp_agent.engine.llama.tiny import make_tiny_gguf
from tests.e2e.conftest import Start, remote
from tests.support.editor import Editor
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint

SOURCE = "class Box:\n    def __init__(self, width):\n        self.width = width\n        self.\n"


INVOKED = T.InlineCompletionTriggerKind.Invoked
AUTOMATIC = T.InlineCompletionTriggerKind.Automatic


def at(
    uri: str, line: int, character: int, kind: T.InlineCompletionTriggerKind = INVOKED
) -> T.InlineCompletionParams:
    return T.InlineCompletionParams(
        context=T.InlineCompletionContext(kind),
        text_document=T.TextDocumentIdentifier(uri),
        position=T.Position(line, character),
    )


async def test_the_embedded_model_completes_a_line(start_editor: Start) -> None:
    editor = await start_editor("vscode")
    uri = editor.open("a.py", SOURCE)
    found = await editor.client.text_document_inline_completion_async(at(uri, 3, 13))
    assert isinstance(found, T.InlineCompletionList)
    assert found.items
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


async def offered(editor: Editor, uri: str, line: int, character: int) -> list[str]:
    found = await editor.client.text_document_inline_completion_async(at(uri, line, character))
    return [one.insert_text for one in found.items]


async def test_what_was_suggested_is_typed_through_without_a_model(start_editor: Start) -> None:
    with ScriptedEndpoint([Reply(text="height = 0"), Reply(text="other")]) as endpoint:
        editor = await start_editor("neovim", remote(endpoint.base_url))
        uri = editor.open("a.py", SOURCE)
        assert await offered(editor, uri, 3, 13) == ["height = 0"]
        for typed in ("h", "heigh", "", "height ="):
            editor.change(uri, SOURCE.replace("self.\n", f"self.{typed}\n"))
            rest = "height = 0".removeprefix(typed)
            assert await offered(editor, uri, 3, 13 + len(typed)) == [rest]
        assert len(endpoint.requests) == 1
        editor.change(uri, SOURCE.replace("self.\n", "self.w\n"))
        assert await offered(editor, uri, 3, 14) == ["other"]
        assert len(endpoint.requests) == 2


async def test_the_embedded_model_s_suggestion_is_typed_through(start_editor: Start) -> None:
    editor = await start_editor("vscode")
    source = SOURCE + SOURCE.replace("Box", "Room").replace("width", "length")
    uri = editor.open("a.py", source)
    line = source.count("\n") - 1
    (first,) = await offered(editor, uri, line, 13)
    editor.change(uri, source[:-1] + first[:3] + "\n")
    assert await offered(editor, uri, line, 16) == [first[3:]]


async def test_a_new_model_has_its_own_ideas(start_editor: Start) -> None:
    with ScriptedEndpoint([Reply(text="one"), Reply(text="two")]) as endpoint:
        settings = remote(endpoint.base_url)
        editor = await start_editor("neovim", settings)
        uri = editor.open("a.py", "x = \n")
        assert await offered(editor, uri, 0, 4) == ["one"]
        settings["lspAgent"]["engines"]["remote"]["model"] = "another"
        editor.client.workspace_did_change_configuration(T.DidChangeConfigurationParams(settings))
        assert await offered(editor, uri, 0, 4) == ["two"]


async def test_an_older_request_is_stopped_in_mid_answer(start_editor: Start) -> None:
    with ScriptedEndpoint([Reply(stall_after=0), Reply(text="1")]) as endpoint:
        editor = await start_editor("neovim", remote(endpoint.base_url))
        uri = editor.open("a.py", "x = \n")
        older = asyncio.ensure_future(offered(editor, uri, 0, 4))
        await asyncio.to_thread(endpoint.wait_for_requests, 1)
        assert await offered(editor, uri, 0, 4) == ["1"]
        assert await older == []
        assert await asyncio.to_thread(endpoint.closed_by_client.wait, 20)


async def test_a_slow_model_is_not_asked_at_every_key(start_editor: Start) -> None:
    with ScriptedEndpoint([Reply(text="one", delay=0.5), Reply(text="two")]) as endpoint:
        editor = await start_editor("neovim", remote(endpoint.base_url))
        uri = editor.open("a.py", "x = \nyear = \n")
        assert await offered(editor, uri, 0, 4) == ["one"]
        # Three keys at once: only the last is followed by a pause.
        asked = [
            editor.client.text_document_inline_completion_async(at(uri, 1, 7, AUTOMATIC))
            for _ in range(3)
        ]
        answers = await asyncio.gather(*asked)
        assert [len(one.items) for one in answers] == [0, 0, 1]
        assert len(endpoint.requests) == 2


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


async def test_what_was_evaluated_once_is_found_again(start_editor: Start) -> None:
    editor = await start_editor("vscode")
    for name in ("a.py", "b.py", "c.py", "d.py", "e.py", "f.py", "g.py"):
        uri = editor.open(name, SOURCE)
        await editor.client.text_document_inline_completion_async(at(uri, 3, 13))
    status = await editor.client.workspace_execute_command_async(
        T.ExecuteCommandParams("lspAgent.status", [{}])
    )
    assert status["cache_hit_ratio"] > 0.6
