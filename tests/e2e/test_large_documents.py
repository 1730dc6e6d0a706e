"""Typing in a large file: what is wrong is told where it is, and what spans it is understood."""

from __future__ import annotations

from lsprotocol import types as T

from tests.e2e.conftest import Start
from tests.support.editor import Editor, capabilities

CALLS = "".join(f"call({n})\n\n\n" for n in range(600))


async def pull(editor: Editor, uri: str, known: str | None = None) -> T.DocumentDiagnosticReport:
    return await editor.client.text_document_diagnostic_async(
        T.DocumentDiagnosticParams(T.TextDocumentIdentifier(uri), previous_result_id=known)
    )


async def nothing_is_wrong(editor: Editor, uri: str) -> None:
    await editor.until(lambda: editor.diagnostics(uri) is not None and not editor.diagnostics(uri))


async def test_pushed_findings_stay_where_they_are_and_go(start_editor: Start) -> None:
    editor = await start_editor("helix")
    uri = editor.open("big.py", CALLS)
    await nothing_is_wrong(editor, uri)
    editor.type(uri, "call(5)", "total = compute(a[\n")
    found = await editor.until(lambda: editor.diagnostics(uri))
    line = editor.at(uri, "total").start.line
    assert {one.range.start.line for one in found} <= set(range(line, line + 60))
    editor.type(uri, "\ncall(5)", "0])")
    await nothing_is_wrong(editor, uri)


async def test_a_string_over_half_the_file_is_no_error_in_the_end(start_editor: Start) -> None:
    editor = await start_editor("helix")
    uri = editor.open("big.py", CALLS)
    editor.type(uri, "call(20)", 's = """\n')
    await editor.until(lambda: editor.diagnostics(uri))
    editor.type(uri, "call(500)", '"""\n')
    await nothing_is_wrong(editor, uri)


async def test_a_client_that_pulls_is_told_to_pull_again(start_editor: Start) -> None:
    caps = capabilities("vscode")
    assert caps.workspace is not None
    caps.workspace.diagnostics = T.DiagnosticWorkspaceClientCapabilities(refresh_support=True)
    editor = await start_editor(caps=caps)
    uri = editor.open("big.py", CALLS)
    editor.type(uri, "call(20)", 's = """\n')
    editor.type(uri, "call(500)", '"""\n')
    first = await pull(editor, uri)
    assert isinstance(first, T.RelatedFullDocumentDiagnosticReport)
    assert first.items
    await editor.until(lambda: editor.client.diagnostic_refresh_count)
    second = await pull(editor, uri, first.result_id)
    assert isinstance(second, T.RelatedFullDocumentDiagnosticReport)
    assert not second.items
