"""``textDocument/completion``: there only where the setting asks for it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as T

from lsp_agent.config.paths import Home
from tests.e2e.conftest import Start, remote
from tests.support.editor import Editor, capabilities
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint

ON = {"completion": {"lsp": True, "debounceMs": 0}}


def with_settings(url: str, more: Mapping[str, Any]) -> dict[str, Any]:
    return {"lspAgent": remote(url)["lspAgent"] | more}


async def complete(editor: Editor, uri: str, line: int, character: int) -> Any:
    return await editor.client.text_document_completion_async(
        T.CompletionParams(T.TextDocumentIdentifier(uri), T.Position(line, character))
    )


def dynamic() -> T.ClientCapabilities:
    found = capabilities("vscode")
    assert found.text_document is not None
    assert found.text_document.completion is not None
    found.text_document.completion.dynamic_registration = True
    return found


async def test_a_client_that_has_inline_completion_is_not_bothered(start_editor: Start) -> None:
    editor = await start_editor("helix")
    assert editor.capabilities.completion_provider is None
    assert editor.capabilities.inline_completion_provider is not None


@pytest.mark.parametrize("client", ["helix", "emacs", "neovim"])
async def test_one_item_that_no_editor_filters_away(start_editor: Start, client: str) -> None:
    with ScriptedEndpoint([Reply(text="th * 2")]) as endpoint:
        editor = await start_editor(client, with_settings(endpoint.base_url, ON))
        assert editor.capabilities.completion_provider.trigger_characters
        uri = editor.open("a.py", "ünï = self.wid\n")
        found = await complete(editor, uri, 0, editor.at(uri, "wid").end.character)
        assert found.is_incomplete
        (item,) = found.items
        assert (item.label, item.filter_text) == ("width * 2", "width * 2")
        assert item.preselect
        assert item.text_edit.new_text == "width * 2"
        assert item.text_edit.range == editor.at(uri, "wid")


async def test_the_setting_may_stand_in_a_file(start_editor: Start, home: Path) -> None:
    config = Home.find({"LSP_AGENT_HOME": str(home)}).config_file
    config.write_text("[routes]\ncompletion = 'local'\n", "utf-8")
    assert (await start_editor("helix")).capabilities.completion_provider is None
    config.write_text("[completion]\nlsp = true\n", "utf-8")
    assert (await start_editor("helix")).capabilities.completion_provider is not None


async def test_a_block_is_one_item(start_editor: Start) -> None:
    with ScriptedEndpoint([Reply(text="x = 1\n    return x")]) as endpoint:
        editor = await start_editor("helix", with_settings(endpoint.base_url, ON))
        uri = editor.open("a.py", "def f():\n    \n")
        (item,) = (await complete(editor, uri, 1, 4)).items
        assert item.label == "x = 1"
        assert item.text_edit.new_text == item.documentation == "x = 1\n    return x"


async def test_nothing_to_offer_and_no_document(start_editor: Start) -> None:
    with ScriptedEndpoint([Reply(text="  ")]) as endpoint:
        editor = await start_editor("helix", with_settings(endpoint.base_url, ON))
        uri = editor.open("a.py", "x = \n")
        assert not (await complete(editor, uri, 0, 4)).items
        assert await complete(editor, "file:///none.py", 0, 0) is None


async def test_it_comes_and_goes_with_the_setting(start_editor: Start) -> None:
    with ScriptedEndpoint([Reply(text="1")]) as endpoint:
        editor = await start_editor("vscode", remote(endpoint.base_url), dynamic())
        assert editor.capabilities.completion_provider is None
        seen = editor.registered

        async def configure(more: Mapping[str, Any]) -> None:
            settings = with_settings(endpoint.base_url, more)
            editor.client.workspace_did_change_configuration(
                T.DidChangeConfigurationParams(settings)
            )

        await configure(ON)
        await editor.until(lambda: "textDocument/completion" in seen)
        uri = editor.open("a.py", "x = \n")
        assert (await complete(editor, uri, 0, 4)).items[0].label == "1"
        await configure({})
        await editor.until(lambda: "textDocument/completion" not in seen)
        assert await complete(editor, uri, 0, 4) is None


async def test_the_newest_request_counts(start_editor: Start) -> None:
    with ScriptedEndpoint([Reply(stall_after=0), Reply(text="1")]) as endpoint:
        editor = await start_editor("helix", with_settings(endpoint.base_url, ON))
        uri = editor.open("a.py", "x = \n")
        older = asyncio.ensure_future(complete(editor, uri, 0, 4))
        await asyncio.to_thread(endpoint.wait_for_requests, 1)
        assert len((await complete(editor, uri, 0, 4)).items) == 1
        assert not (await older).items
