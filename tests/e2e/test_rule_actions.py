"""Refactorings that no model is asked for, through the editor."""

from __future__ import annotations

import pytest
from lsprotocol import types as T
from pygls.exceptions import JsonRpcException

from tests.e2e.conftest import Start
from tests.support.editor import Editor

SOURCE = "# é 😀\ndef total(items):\n    s = '𝒜😀'; n = 1\n    return len(items.all) * n\n"


async def take(editor: Editor, action: T.CodeAction) -> None:
    """Carry an action out, by its edit or, where the checks took longer, by its command."""
    resolved = await editor.client.code_action_resolve_async(action)
    if resolved.edit is not None:
        editor.carry_out(resolved.edit)
    else:
        await editor.command(resolved.command.command, resolved.command.arguments[0])


@pytest.mark.parametrize("client", ["vscode", "neovim", "helix"])
async def test_an_expression_gets_a_name(start_editor: Start, client: str) -> None:
    editor = await start_editor(client)
    uri = editor.open("a.py", SOURCE)
    place = editor.at(uri, "len(items.all)")
    actions = await editor.actions(uri, place, only=["refactor.extract"])
    assert [one.title for one in actions] == [
        "Extract function",
        "Extract variable",
    ]
    assert [one.tags for one in actions] == [None, None]
    await take(editor, actions[1])
    assert editor.texts[uri] == SOURCE.replace(
        "    return len(items.all)", "    len_result = len(items.all)\n    return len_result"
    )


async def test_what_is_refused_says_why(start_editor: Start) -> None:
    source = "def f(a):\n    while a.b():\n        x = g()\n        h(x, x)\n"
    editor = await start_editor("neovim")
    uri = editor.open("a.py", source)
    listed = await editor.actions(uri, editor.at(uri, "a.b()"), only=["refactor.extract"])
    reasons = {one.kind: one.disabled.reason for one in listed if one.disabled}
    assert reasons == {
        "refactor.extract.lspAgent.variable": "it is evaluated anew in each round of the loop"
    }
    place = T.Range(T.Position(2, 8), T.Position(2, 8))
    (inline,) = await editor.actions(uri, place, only=["refactor.inline"])
    with pytest.raises(JsonRpcException, match="used more than once"):
        await editor.client.code_action_resolve_async(inline)
    assert editor.texts[uri] == source


async def test_imports_are_a_source_action(start_editor: Start) -> None:
    editor = await start_editor("vscode")
    uri = editor.open("a.py", "import sys\nimport os\n\nprint(os, sys)\n")
    place = editor.at(uri, "print")
    (organize,) = await editor.actions(uri, place, only=["source"])
    assert organize.kind == "source.lspAgent.organizeImports"
    await take(editor, organize)
    assert editor.texts[uri] == "import os\nimport sys\n\nprint(os, sys)\n"
