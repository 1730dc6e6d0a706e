"""Rewrites, new files and the record of an edit, from the menu to the document."""

from __future__ import annotations

import pytest
from lsprotocol import types as T

from tests.e2e.conftest import Start, remote
from tests.support.editor import CLIENTS, Editor
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint, call

STUB = "# é 😀\ndef double(n: int) -> int:\n    raise NotImplementedError\n\n\nx = 1\n"
DONE = STUB.replace("raise NotImplementedError", "return 2 * n")
EDITS = Reply(
    tool_calls=(
        call("edit_file", path="a.py", old_string="raise NotImplementedError",
             new_string="return 2 * n"),
    )
)  # fmt: skip


async def take(editor: Editor, action: T.CodeAction, uri: str) -> None:
    """Take an action as an editor does: its edit at once, or by a command where it takes longer."""
    before = editor.texts[uri]
    resolved = await editor.client.code_action_resolve_async(action)
    if resolved.edit is not None:
        editor.carry_out(resolved.edit)
    else:
        await editor.command(resolved.command.command, resolved.command.arguments[0])
        await editor.until(lambda: editor.texts[uri] != before)


@pytest.mark.parametrize("client", [path.stem for path in CLIENTS])
async def test_a_stub_is_implemented(start_editor: Start, client: str) -> None:
    with ScriptedEndpoint([EDITS, Reply(text="Done.")]) as endpoint:
        editor = await start_editor(client, remote(endpoint.base_url))
        uri = editor.open("a.py", STUB)
        actions = await editor.actions(uri, editor.at(uri, "double", 0))
        assert not endpoint.requests
        chosen = next(one for one in actions if one.title == "Implement double")
        await take(editor, chosen, uri)
        assert editor.texts[uri] == DONE
        assert "Write the body of double" in str(endpoint.requests[0]["messages"])


async def test_the_edit_that_made_a_line_is_explained(start_editor: Start) -> None:
    with ScriptedEndpoint([EDITS, Reply(text="Done.")]) as endpoint:
        editor = await start_editor("vscode", remote(endpoint.base_url))
        uri = editor.open("a.py", STUB)
        only = ["refactor.rewrite.lspAgent.implement"]
        (chosen,) = await editor.actions(uri, editor.at(uri, "double", 0), only=only)
        await take(editor, chosen, uri)
        asked = len(endpoint.requests)
        only = ["refactor.rewrite.lspAgent.explainEdit"]
        (explain,) = await editor.actions(uri, editor.at(uri, "return 2", 0), only=only)
        resolved = await editor.client.code_action_resolve_async(explain)
        await editor.command(resolved.command.command, resolved.command.arguments[0])
        await editor.until(lambda: editor.client.shown_documents)
        shown = editor._path(editor.client.shown_documents[-1].uri).read_text("utf-8")
    assert "Implement double" in shown
    assert "edit_file" in shown
    assert "syntax passed" in shown
    assert len(endpoint.requests) == asked


async def test_a_component_is_made_without_a_model(start_editor: Start) -> None:
    editor = await start_editor("vscode")
    source = 'export default () => <UserCard name="Ada" />;\n'
    uri = editor.open("App.tsx", source, "typescriptreact")
    actions = await editor.actions(uri, editor.at(uri, "Card", 0))
    create = next(one for one in actions if one.title == "Create component UserCard")
    assert create.kind == "source.lspAgent.scaffold.component"
    await take(editor, create, uri)
    assert editor.texts[uri] == f'import UserCard from "./UserCard";\n\n{source}'
    made = (editor.folder / "UserCard.tsx").read_text("utf-8")
    assert "export default function UserCard({ name }: UserCardProps)" in made


async def test_pasted_json_becomes_types(start_editor: Start) -> None:
    editor = await start_editor("neovim")
    uri = editor.open("a.ts", 'const é = "😀";\n{"id": 1, "tags": ["a"]}\n', "typescript")
    selected = editor.at(uri, '{"id": 1, "tags": ["a"]}')
    actions = await editor.actions(uri, selected, only=["source"])
    assert [one.title for one in actions] == ["Create TypeScript interfaces from JSON"]
    await take(editor, actions[0], uri)
    assert editor.texts[uri] == (
        'const é = "😀";\nexport interface Root {\n  id: number;\n  tags: string[];\n}\n'
    )


async def test_a_menu_shows_eight_and_a_filter_all(start_editor: Start) -> None:
    source = (
        "def f(a, b):\n    # TODO: more\n    if a:\n        return '%s' % g(a)\n"
        "    x = h(b)\n    y = h(x)\n    z = h(y)\n    return (x, y, z)\n"
    )
    with ScriptedEndpoint([Reply(text="-")]) as endpoint:
        editor = await start_editor("vscode", remote(endpoint.base_url))
        uri = editor.open("a.py", source)
        at = editor.at(uri, "f(a", 0)
        menu = await editor.actions(uri, at)
        every = await editor.actions(uri, at, only=["refactor"])
        invoked = await editor.actions(uri, T.Range(at.start, at.start), only=["source"])
    assert len(menu) == 8
    assert len(every) > 8
    assert "Explain the edit that made this" in {one.title for one in every}
    assert [one for one in invoked if "Create" in one.title] == []
