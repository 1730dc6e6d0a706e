"""What an editor is told of the checks that an edit passed or failed."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as T

from tests.e2e.conftest import Start, remote
from tests.e2e.test_code_actions import undefined_name
from tests.e2e.test_commands import plain
from tests.support.editor import Editor
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint, call

SOURCE = "def total(items):\n    return sum(itms)\n"
FIXED = SOURCE.replace("itms", "items")
WORSE = SOURCE.replace("itms", "itemz")
GOOD = Reply(tool_calls=(call("edit_file", path="a.py", old_string="itms", new_string="items"),))
BAD = Reply(tool_calls=(call("edit_file", path="a.py", old_string="itms", new_string="itemz"),))
DONE = Reply(text="Done.")


@pytest.fixture(autouse=True)
def _with_ruff(monkeypatch: pytest.MonkeyPatch) -> None:
    folders = [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    monkeypatch.setenv("PATH", os.pathsep.join(folders))


def options(url: str, failing: str = "offer") -> dict[str, Any]:
    found = remote(url, refinePasses=0)
    found["lspAgent"]["verify"] = {"failing": failing, "lintSeconds": 60}
    return found


def opened(editor: Editor) -> str:
    (editor.folder / "ruff.toml").write_text('lint.select = ["F"]\n')
    return editor.open("a.py", SOURCE)


async def listed(editor: Editor, uri: str) -> Any:
    place = editor.at(uri, "itms")
    action, *_ = await editor.actions(uri, place, [undefined_name(place)], ["quickfix"])
    return action


def ending(editor: Editor) -> str:
    """Return what the progress of the only run ended with."""
    (reports,) = editor.client.progress_reports.values()
    return str(reports[-1].message)


async def fix(editor: Editor, uri: str) -> Any:
    return await editor.client.code_action_resolve_async(await listed(editor, uri))


VERDICTS = [
    "checked: scope, syntax, format (ruff), lint (ruff)",
    "not checked: tests: test_a.py: the folder is not trusted: lsp-agent trust ",
]


async def test_an_action_says_what_each_check_said(start_editor: Start) -> None:
    with ScriptedEndpoint([GOOD, DONE]) as endpoint:
        editor = await start_editor("vscode", options(endpoint.base_url))
        uri = opened(editor)
        (editor.folder / "test_a.py").write_text("import a\n\n\ndef test_a():\n    a.total([])\n")
        edit = await editor.take(await listed(editor, uri))
        (annotation,) = edit.change_annotations.values()
        said = annotation.description.split("\n")
        assert [one[: len(known)] for one, known in zip(said, VERDICTS, strict=True)] == VERDICTS
        assert not annotation.needs_confirmation
        assert editor.texts[uri] == FIXED


@pytest.mark.parametrize("client", ["vscode", "neovim", "helix", "emacs"])
async def test_the_progress_ends_with_what_each_check_said(
    start_editor: Start, client: str
) -> None:
    with ScriptedEndpoint([GOOD, DONE]) as endpoint:
        editor = await start_editor(client, options(endpoint.base_url))
        uri = opened(editor)
        await editor.take(await listed(editor, uri))
        await editor.until(lambda: ending(editor).startswith("edited"))
        assert ending(editor) == f"edited; {VERDICTS[0]}"


async def test_the_progress_ends_with_what_fails(start_editor: Start) -> None:
    with ScriptedEndpoint([BAD, DONE]) as endpoint:
        editor = await start_editor("neovim", options(endpoint.base_url))
        editor.answer = lambda _: "Allow"
        uri = opened(editor)
        await editor.take(await listed(editor, uri))
        assert "edited; not verified, it fails lint: a.py:2:16" in ending(editor)
        assert ending(editor).endswith("checked: scope, syntax, format (ruff)")


async def test_an_edit_that_fails_is_refused_by_default(start_editor: Start) -> None:
    with ScriptedEndpoint([BAD, DONE]) as endpoint:
        editor = await start_editor("vscode", options(endpoint.base_url, "refuse"))
        uri = opened(editor)
        result = plain(await editor.command("lspAgent.run", {"task": "t", "uri": uri}))
        assert result["status"] == "rejected"
        assert "itemz" in result["summary"]
        assert editor.applied == []


@pytest.mark.parametrize(("answer", "after"), [("Allow", WORSE), ("Refuse", SOURCE)])
async def test_or_it_is_asked_about_and_marked(
    start_editor: Start, answer: str, after: str
) -> None:
    with ScriptedEndpoint([BAD, DONE]) as endpoint:
        editor = await start_editor("vscode", options(endpoint.base_url))
        editor.answer = lambda _: answer
        uri = opened(editor)
        result = plain(await editor.command("lspAgent.run", {"task": "t", "uri": uri}))
        (question,) = editor.questions
        assert "not verified, it fails lint: a.py:2:16: Undefined name `itemz`" in question.message
        assert editor.texts[uri] == after
        if after == SOURCE:
            assert (result["status"], editor.applied) == ("rejected", [])
            assert "not applied" in result["summary"]
            return
        assert result["status"] == "edited"
        (annotation,) = editor.applied[0].edit.change_annotations.values()
        assert annotation.needs_confirmation
        assert annotation.description.startswith("not verified, it fails lint")


@pytest.mark.parametrize("client", ["vscode", "neovim", "helix"])
async def test_an_action_whose_edit_fails_asks_once_it_is_chosen(
    start_editor: Start, client: str
) -> None:
    with ScriptedEndpoint([BAD, DONE]) as endpoint:
        editor = await start_editor(client, options(endpoint.base_url))
        editor.answer = lambda _: "Allow"
        uri = opened(editor)
        resolved = await fix(editor, uri)
        assert resolved.edit is None
        assert editor.questions == []
        assert isinstance(resolved.command, T.Command)
        await editor.command(resolved.command.command, resolved.command.arguments[0])
        await editor.until(lambda: editor.texts[uri] == WORSE)
        assert len(editor.questions) == 1
