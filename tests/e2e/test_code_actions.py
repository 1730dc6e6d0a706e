"""Code actions from the list to the applied edit, with the capabilities of real editors."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types as T
from pygls.exceptions import JsonRpcException

from lsp_agent.actions.menu import MOST
from tests.e2e.conftest import Start, remote
from tests.support.editor import CLIENTS, capabilities
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint, call

SOURCE = "# é 😀 start\ndef total(items):\n    s = '𝒜😀'; return sum(itms)\n\n\nx = 1\n"
FIXED = SOURCE.replace("itms", "items")
DONE = Reply(text="Mended the name.")
EDITS = Reply(tool_calls=(call("edit_file", path="a.py", old_string="itms", new_string="items"),))


def undefined_name(range_: T.Range) -> T.Diagnostic:
    return T.Diagnostic(range_, "Undefined name `itms`", source="ruff", code="F821")


@pytest.mark.parametrize("client", [path.stem for path in CLIENTS])
async def test_fix_reaches_the_document(start_editor: Start, client: str) -> None:
    with ScriptedEndpoint([EDITS, DONE]) as endpoint:
        editor = await start_editor(client, remote(endpoint.base_url))
        uri = editor.open("a.py", SOURCE)
        place = editor.at(uri, "itms")
        actions = await editor.actions(uri, place, [undefined_name(place)], ["quickfix"])
        assert [action.title for action in actions] == [
            "Fix: Undefined name `itms`",
            "Fix all F821 in this file",
        ]
        assert not endpoint.requests
        assert actions[0].edit is None
        edit = await editor.take(actions[0])
        assert edit.document_changes[0].text_document.version == 1
        assert editor.texts[uri] == FIXED


async def test_kinds_and_filters(start_editor: Start) -> None:
    editor = await start_editor("vscode")
    uri = editor.open("a.py", SOURCE)
    place = editor.at(uri, "itms")
    everything = await editor.actions(uri, place, [undefined_name(place)])
    kinds = [action.kind for action in everything]
    wanted = {f"refactor.rewrite.lspAgent.{name}" for name in ("annotate", "document", "explain")}
    assert kinds == sorted(kinds)
    assert kinds.count("quickfix.lspAgent") == 2
    assert len(kinds) <= 2 + MOST
    assert [list(one.tags) for one in everything if one.kind in wanted] == (
        [[T.CodeActionTag.LlmGenerated]] * len(wanted & set(kinds))
    )
    rewrites = await editor.actions(uri, place, only=["refactor.rewrite"])
    found = {action.kind for action in rewrites}
    assert wanted <= found
    assert all(kind.startswith("refactor.rewrite.") for kind in found)
    assert await editor.actions(uri, place, only=["refactor.rewrit"]) == []
    sources = await editor.actions(uri, place, [undefined_name(place)], ["source"])
    assert [one.kind for one in sources] == ["source.lspAgent.fixAll"]


async def test_instruction_comment_becomes_an_edit(start_editor: Start) -> None:
    answer = Reply(text="```python\ndef f():\n    return 2\n```")
    with ScriptedEndpoint([answer]) as endpoint:
        editor = await start_editor("neovim", remote(endpoint.base_url))
        uri = editor.open("a.py", "def f():\n    # TODO: return 2\n    return 1\n")
        actions = await editor.actions(uri, editor.at(uri, "TODO"), only=["refactor.rewrite"])
        edit = next(one for one in actions if one.title == "Edit: return 2")
        await editor.take(edit)
        assert editor.texts[uri] == "def f():\n    return 2\n"


async def test_client_without_resolve_gets_a_command(start_editor: Start) -> None:
    caps = capabilities("vscode")
    caps.text_document.code_action.resolve_support = None
    with ScriptedEndpoint([EDITS, DONE]) as endpoint:
        editor = await start_editor(caps=caps, options=remote(endpoint.base_url))
        uri = editor.open("a.py", SOURCE)
        place = editor.at(uri, "itms")
        actions = await editor.actions(uri, place, [undefined_name(place)], ["quickfix"])
        command = actions[0].command
        editor.change(uri, SOURCE)
        with pytest.raises(JsonRpcException, match="changed since"):
            await editor.command(command.command, command.arguments[0])
        assert not endpoint.requests
        actions = await editor.actions(uri, place, [undefined_name(place)], ["quickfix"])
        command = actions[0].command
        answer = await editor.command(command.command, command.arguments[0])
        assert set(answer if isinstance(answer, dict) else vars(answer)) == {"runId"}
        await editor.until(lambda: editor.texts[uri] == FIXED)


async def test_slow_run_is_delivered_by_a_command(start_editor: Start) -> None:
    with ScriptedEndpoint([Reply(stall_after=0), DONE]) as endpoint:
        endpoint_replies = iter([EDITS, DONE])

        def script(_body: dict) -> Reply:
            endpoint.release.wait(10)
            return next(endpoint_replies)

        endpoint._script = script
        editor = await start_editor("helix", remote(endpoint.base_url))
        uri = editor.open("a.py", SOURCE)
        place = editor.at(uri, "itms")
        actions = await editor.actions(uri, place, [undefined_name(place)], ["quickfix"])
        resolved = await editor.client.code_action_resolve_async(actions[0])
        assert resolved.edit is None
        assert resolved.command.command == "lspAgent.action"
        await editor.command(resolved.command.command, resolved.command.arguments[0])
        assert editor.texts[uri] == SOURCE
        endpoint.release.set()
        await editor.until(lambda: editor.texts[uri] == FIXED)


async def test_stale_action_is_refused(start_editor: Start) -> None:
    with ScriptedEndpoint([EDITS, DONE]) as endpoint:
        editor = await start_editor("vscode", remote(endpoint.base_url))
        uri = editor.open("a.py", SOURCE)
        place = editor.at(uri, "itms")
        actions = await editor.actions(uri, place, [undefined_name(place)], ["quickfix"])
        editor.change(uri, "# new\n" + SOURCE)
        with pytest.raises(JsonRpcException, match="changed"):
            await editor.client.code_action_resolve_async(actions[0])
        assert not endpoint.requests


async def test_broken_edit_is_rejected_with_one_message(start_editor: Start) -> None:
    broken = Reply(tool_calls=(call("edit_file", path="a.py", old_string="itms", new_string="("),))
    undo = Reply(text="I leave it.")
    with ScriptedEndpoint([broken, undo]) as endpoint:
        editor = await start_editor("vscode", remote(endpoint.base_url, refinePasses=0))
        uri = editor.open("a.py", SOURCE)
        place = editor.at(uri, "itms")
        actions = await editor.actions(uri, place, [undefined_name(place)], ["quickfix"])
        with pytest.raises(JsonRpcException, match="syntax check") as caught:
            await editor.client.code_action_resolve_async(actions[0])
        assert "Traceback" not in str(caught.value)
        assert len([line for line in editor.log() if "syntax check" in line]) == 1


async def test_explain_answers_at_once_and_shows_markdown(start_editor: Start) -> None:
    with ScriptedEndpoint([Reply(text="It **adds** numbers.")]) as endpoint:
        editor = await start_editor("neovim", remote(endpoint.base_url))
        uri = editor.open("a.py", SOURCE)
        actions = await editor.actions(uri, editor.at(uri, "total", 0))
        explain = next(action for action in actions if action.title == "Explain total")
        assert explain.command is None
        resolved = await editor.client.code_action_resolve_async(explain)
        assert not endpoint.requests
        again = await editor.client.code_action_resolve_async(resolved)
        assert again.command == resolved.command
        await editor.command(resolved.command.command, resolved.command.arguments[0])
        await editor.until(lambda: editor.client.shown_documents)
        shown = editor._path(editor.client.shown_documents[0].uri)
        assert "It **adds** numbers." in shown.read_text("utf-8")


async def test_virtual_document_is_edited_alone(start_editor: Start) -> None:
    edits = Reply(
        tool_calls=(call("edit_file", path="Untitled-1", old_string="1", new_string="2"),)
    )
    escape = Reply(tool_calls=(call("read_file", path="other.py"),))
    with ScriptedEndpoint([escape, edits, DONE]) as endpoint:
        editor = await start_editor("vscode", remote(endpoint.base_url))
        (editor.folder / "other.py").write_text("secret = 1\n")
        uri = editor.open_uri("untitled:Untitled-1", "# TODO: make it 2\nx = 1\n")
        actions = await editor.actions(uri, editor.at(uri, "TODO"), only=["refactor.rewrite"])
        edit = next(action for action in actions if action.title == "Edit: make it 2")
        await editor.take(edit)
        assert editor.texts[uri] == "# TODO: make it 2\nx = 2\n"
        told = endpoint.requests[1]["messages"][-1]["content"]
        assert "secret" not in told


async def test_what_needs_a_folder_says_so_where_there_is_none(
    start_editor: Start, tmp_path: Path
) -> None:
    text, needed = "def f(a):\n    return a\n", "open the folder that holds it"
    names = ("generateTests", "moveSymbol", "rename")
    kinds = [f"refactor.rewrite.lspAgent.{name}" for name in names]
    with ScriptedEndpoint([DONE]) as endpoint:
        editor = await start_editor("vscode", remote(endpoint.base_url))
        uri = editor.open_uri((tmp_path / "alone.py").as_uri(), text)
        found = await editor.actions(uri, editor.at(uri, "f(", 0), only=kinds)
        assert [(one.title, one.disabled is not None) for one in found] == [
            ("Generate tests for f", True),
            ("Move f to f.py", True),
            ("Rename f to a better name", False),
        ]
        assert found[0].disabled.reason.endswith(needed)
        start = {"line": 0, "character": 4}
        place = {"uri": uri, "range": {"start": start, "end": start}}
        with pytest.raises(JsonRpcException, match=needed):
            await editor.command("lspAgent.generateTests", place)
        # Nothing can import what has no file, and rules for Python's files are not for it.
        loose = editor.open_uri("untitled:Untitled-1", text)
        assert await editor.actions(loose, editor.at(loose, "f(", 0), only=kinds) == []
        assert not endpoint.requests
