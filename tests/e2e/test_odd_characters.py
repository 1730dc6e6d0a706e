"""Characters that a reader does not see, in an editor."""

from __future__ import annotations

from tests.e2e.conftest import Start, remote
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint

HOSTILE = "See ![x](https://evil.example/?d=1) and [y](command:z)."


async def test_they_are_reported_where_they_stand(start_editor: Start) -> None:
    editor = await start_editor("neovim")
    uri = editor.open("a.py", "x = 1\ny = 'é'\nz = '🎉\u202e'\n\u0430dmin = p\u0430ss\n")
    found = await editor.until(lambda: editor.diagnostics(uri))
    assert {one.code for one in found} == {"characters"}
    assert {one.source for one in found} == {"lsp-agent"}
    first = found[0]
    assert first.range == editor.at(uri, "\u202e")
    assert "U+202E" in first.message
    assert len(found) == 3
    editor.change(uri, "x = 1\n")
    await editor.until(lambda: not editor.diagnostics(uri))


async def test_an_explanation_holds_nothing_to_follow(start_editor: Start) -> None:
    with ScriptedEndpoint([Reply(text=HOSTILE)]) as endpoint:
        editor = await start_editor("vscode", remote(endpoint.base_url))
        uri = editor.open("a.py", "x = 1\n")
        range_ = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 1}}
        text = await editor.command("lspAgent.explain", {"uri": uri, "range": range_})
    assert text == "See picture: x `https://evil.example/…` and y `command:z`."
