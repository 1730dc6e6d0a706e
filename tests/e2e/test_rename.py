"""Renaming and moving over several files through the server, unsaved documents among them."""

from __future__ import annotations

from lsprotocol import types as T

from tests.e2e.conftest import Start, remote
from tests.support.editor import Editor
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint


async def edit_of(editor: Editor, action: T.CodeAction) -> T.WorkspaceEdit:
    """Carry out an action; return its edit, which comes by a command where it takes longer."""
    resolved = await editor.client.code_action_resolve_async(action)
    if resolved.edit is not None:
        editor.carry_out(resolved.edit)
        return resolved.edit
    await editor.command(resolved.command.command, resolved.command.arguments[0])
    await editor.until(lambda: editor.applied or editor.messages)
    assert editor.applied, editor.messages
    return editor.applied[-1].edit


async def test_a_proposed_name_reaches_all_files(start_editor: Start) -> None:
    with ScriptedEndpoint([Reply(text="`product`")]) as endpoint:
        editor = await start_editor("vscode", remote(endpoint.base_url))
        closed = editor.folder / "closed.py"
        closed.write_text("import a\n\nprint(a.calc(1, 2))\n", "utf-8")
        first = editor.open("a.py", "def calc(w, h):\n    return w * h\n")
        second = editor.open("b.py", "x = 1\n")
        editor.change(second, "from a import calc\n\nprint('😀', calc(2, 3))\n")
        place = editor.at(first, "calc")
        actions = await editor.actions(first, place, only=["refactor.rewrite"])
        found = next(one for one in actions if one.kind.endswith(".rename"))
        assert found.title == "Rename calc to a better name"
        edit = await edit_of(editor, found)
        versions = {
            one.text_document.uri: one.text_document.version for one in edit.document_changes
        }
        assert versions == {first: 1, second: 2, closed.as_uri(): None}
    assert editor.texts[first] == "def product(w, h):\n    return w * h\n"
    assert editor.texts[second] == "from a import product\n\nprint('😀', product(2, 3))\n"


async def test_it_is_offered_on_a_definition_s_name_only(start_editor: Start) -> None:
    editor = await start_editor("vscode")
    uri = editor.open("a.py", "def calc(w, h):\n    return w * h\n")
    kinds = [one.kind for one in await editor.actions(uri, editor.at(uri, "return w"))]
    assert not [kind for kind in kinds if kind.endswith(".rename")]


async def test_a_definition_moves_to_a_new_file(start_editor: Start) -> None:
    editor = await start_editor("vscode")
    first = editor.open(
        "a.py", "import math\n\n\ndef Root(x):\n    return math.sqrt(x)\n\n\nX = 1\n"
    )
    second = editor.open("b.py", "")
    editor.change(second, "from a import Root, X\n\nprint(Root(X))\n")
    actions = await editor.actions(first, editor.at(first, "Root"), only=["refactor.rewrite"])
    found = next(one for one in actions if one.kind.endswith(".moveSymbol"))
    assert found.title == "Move Root to root.py"
    await edit_of(editor, found)
    assert editor.texts[first] == "X = 1\n"
    assert editor.texts[second] == "from a import X\nfrom root import Root\n\nprint(Root(X))\n"
    made = (editor.folder / "root.py").read_text("utf-8")
    assert made == "import math\n\n\ndef Root(x):\n    return math.sqrt(x)\n"


async def test_a_parameter_that_nothing_uses_goes(start_editor: Start) -> None:
    editor = await start_editor("helix")
    first = editor.open("a.py", "def size(w, unit):\n    return w\n")
    second = editor.open("b.py", "from a import size\n\nprint('é', size(2, unit='cm'))\n")
    actions = await editor.actions(first, editor.at(first, "unit"), only=["refactor.rewrite"])
    found = next(one for one in actions if one.title == "Remove the unused parameter unit")
    await edit_of(editor, found)
    assert editor.texts[first] == "def size(w):\n    return w\n"
    assert editor.texts[second].endswith("print('é', size(2))\n")
