"""Outlines, folds, selections and workspace symbols: there only for the languages that are set."""

from __future__ import annotations

from typing import Any

import pytest
from lsprotocol import types as T

from lsp_agent.config.paths import Home
from tests.e2e.conftest import Start
from tests.support.editor import Editor, capabilities

LUA = "-- größe 😀\nlocal M = {}\n\nfunction M.größe(n)\n  return n\nend\n\nreturn M\n"
PYTHON = (
    "import os\nimport sys\n\n\nclass Till:\n    '''😀'''; x = 1\n\n"
    "    def pay(self):\n        def inner():\n            return '😀' + self.name\n\n"
    "        return inner()\n\n\ndef total(): return 1\n"
)


def on(*languages: str) -> dict[str, Any]:
    return {"lspAgent": {"symbols": {"languages": list(languages)}}}


def client(
    *, nested: bool = True, dynamic: bool = False, encoding: str = "utf-16"
) -> T.ClientCapabilities:
    found = capabilities("vscode")
    assert found.text_document is not None
    assert found.workspace is not None
    found.general = T.GeneralClientCapabilities(position_encodings=[encoding])
    found.text_document.document_symbol = T.DocumentSymbolClientCapabilities(
        dynamic_registration=dynamic, hierarchical_document_symbol_support=nested
    )
    found.text_document.folding_range = T.FoldingRangeClientCapabilities(dynamic)
    found.text_document.selection_range = T.SelectionRangeClientCapabilities(dynamic)
    found.workspace.symbol = T.WorkspaceSymbolClientCapabilities(dynamic)
    return found


async def outline(editor: Editor, uri: str) -> Any:
    return await editor.client.text_document_document_symbol_async(
        T.DocumentSymbolParams(T.TextDocumentIdentifier(uri))
    )


async def search(editor: Editor, query: str) -> list[Any]:
    found = await editor.client.workspace_symbol_async(T.WorkspaceSymbolParams(query))
    return list(found or [])


@pytest.mark.parametrize("name", ["vscode", "helix", "neovim", "emacs"])
async def test_no_editor_gets_them_unasked(start_editor: Start, name: str) -> None:
    editor = await start_editor(name)
    found = editor.capabilities
    assert found.document_symbol_provider is None
    assert found.workspace_symbol_provider is None
    assert found.folding_range_provider is None
    assert found.selection_range_provider is None
    await editor.until(lambda: "workspace/didChangeWatchedFiles" in editor.registered
                       or name in ("neovim", "emacs"))  # fmt: skip
    assert not any("ymbol" in one for one in editor.registered)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_an_outline_with_one_in_another(start_editor: Start, encoding: str) -> None:
    editor = await start_editor(options=on("python"), caps=client(encoding=encoding))
    assert editor.encoding == encoding
    uri = editor.open("a.py", PYTHON)
    till, total = [one for one in await outline(editor, uri) if one.kind != T.SymbolKind.Variable]
    assert (till.name, till.kind) == ("Till", T.SymbolKind.Class)
    (pay,) = [one for one in till.children if one.kind == T.SymbolKind.Method]
    assert pay.name == "pay"
    assert pay.selection_range == editor.at(uri, "pay")
    assert [one.name for one in pay.children] == ["inner"]
    assert (total.name, total.selection_range) == ("total", editor.at(uri, "total"))
    assert total.range.end == editor.at(uri, "return 1").end


async def test_an_outline_for_an_old_client(start_editor: Start) -> None:
    editor = await start_editor(options=on("lua"), caps=client(nested=False))
    uri = editor.open("a.lua", LUA, "lua")
    found = [one for one in await outline(editor, uri) if one.kind != T.SymbolKind.Variable]
    assert [(one.name, one.location.uri) for one in found] == [("größe", uri)]
    assert found[0].location.range.start.line == 3


async def test_other_languages_get_nothing(start_editor: Start) -> None:
    editor = await start_editor("helix", on("lua"))
    assert editor.capabilities.document_symbol_provider
    lua, python = editor.open("a.lua", LUA, "lua"), editor.open("a.py", PYTHON)
    assert await outline(editor, lua)
    assert await outline(editor, python) is None
    identifier = T.TextDocumentIdentifier(python)
    client_ = editor.client
    assert await client_.text_document_folding_range_async(T.FoldingRangeParams(identifier)) is None
    start = T.Position(0, 0)
    assert (
        await client_.text_document_selection_range_async(
            T.SelectionRangeParams(identifier, [start])
        )
        is None
    )
    assert await outline(editor, "file:///not/open.lua") is None


async def test_folds(start_editor: Start) -> None:
    editor = await start_editor("helix", on("*"))
    uri = editor.open("a.py", PYTHON)
    found = await editor.client.text_document_folding_range_async(
        T.FoldingRangeParams(T.TextDocumentIdentifier(uri))
    )
    folds = {(one.start_line, one.end_line): one.kind for one in found}
    assert folds[0, 1] == T.FoldingRangeKind.Imports
    assert folds[4, 11] is None
    assert folds[7, 11] is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_a_selection_grows(start_editor: Start, encoding: str) -> None:
    editor = await start_editor(options=on("*"), caps=client(encoding=encoding))
    uri = editor.open("a.py", PYTHON)
    at = [editor.at(uri, "name").start, T.Position(0, 0), T.Position(999, 999)]
    found = await editor.client.text_document_selection_range_async(
        T.SelectionRangeParams(T.TextDocumentIdentifier(uri), at)
    )
    assert len(found) == 3
    assert found[0].range == editor.at(uri, "name")
    chain = []
    one = found[0]
    while one is not None:
        chain.append(one.range)
        one = one.parent
    assert editor.at(uri, "self.name") in chain
    assert editor.at(uri, "'😀' + self.name") in chain
    assert chain[-1].start == T.Position(0, 0)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_workspace_symbols(start_editor: Start, encoding: str) -> None:
    editor = await start_editor(options=on("python", "lua"), caps=client(encoding=encoding))
    (editor.folder / "saved.py").write_text("'😀'; x = 1\ndef pay_out(): pass\n", "utf-8")
    (editor.folder / "other.go").write_text("package a\nfunc payGo() {}\n", "utf-8")
    editor.client.workspace_did_change_watched_files(
        T.DidChangeWatchedFilesParams(
            [
                T.FileEvent((editor.folder / name).as_uri(), T.FileChangeType.Created)
                for name in ("saved.py", "other.go")
            ]
        )
    )
    uri = editor.open("open.py", "def x(): pass\n")
    editor.change(uri, "'😀'\ndef größer_pay(): pass\n")

    async def names(query: str, count: int) -> list[Any]:
        found = await search(editor, query)
        while len(found) != count:
            found = await search(editor, query)
        return found

    out, ours = await names("pay", 2)
    assert (out.name, out.location.uri) == ("pay_out", (editor.folder / "saved.py").as_uri())
    assert out.location.range == T.Range(T.Position(1, 4), T.Position(1, 11))
    assert ours.name == "größer_pay"
    assert ours.location.range == editor.at(uri, "größer_pay")
    assert await search(editor, "payGo") == []
    assert await search(editor, "zzz") == []


async def test_they_come_and_go_with_the_setting(start_editor: Start) -> None:
    editor = await start_editor(caps=client(dynamic=True))
    assert editor.capabilities.document_symbol_provider is None

    def configure(*languages: str) -> None:
        editor.client.workspace_did_change_configuration(
            T.DidChangeConfigurationParams(on(*languages))
        )

    methods = {
        "textDocument/documentSymbol", "textDocument/foldingRange",
        "textDocument/selectionRange", "workspace/symbol",
    }  # fmt: skip

    def selector() -> list[str]:
        options = editor.options["textDocument/documentSymbol"]
        return [one["language"] for one in options["documentSelector"]]

    configure("lua")
    await editor.until(lambda: methods <= editor.registered)
    assert selector() == ["lua"]
    uri = editor.open("a.lua", LUA, "lua")
    assert await outline(editor, uri)
    configure("python")
    await editor.until(lambda: selector() == ["python"])
    assert await outline(editor, uri) is None
    configure()
    await editor.until(lambda: not methods & editor.registered)
    assert await search(editor, "x") == []


async def test_the_setting_may_stand_in_a_file(start_editor: Start, home: Any) -> None:
    config = Home.find({"LSP_AGENT_HOME": str(home)}).config_file
    config.write_text("[symbols]\nlanguages = ['lua']\n", "utf-8")
    assert (await start_editor("helix")).capabilities.folding_range_provider
