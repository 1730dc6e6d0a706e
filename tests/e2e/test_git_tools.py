"""A run that branches, commits and pushes: asked about, and only what runs changed."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.e2e.conftest import Start, remote
from tests.e2e.test_commands import plain
from tests.support.editor import Editor
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint, call

DONE = Reply(text="Done.")
EDIT = Reply(tool_calls=(call("edit_file", path="a.py", old_string="1", new_string="2"),))
PUBLISH = Reply(
    tool_calls=(
        call("create_branch", name="two"),
        call("git_commit", message="Make it two"),
        call("git_push"),
    )
)


def git(folder: Path, *arguments: str) -> str:
    return subprocess.check_output(["git", *arguments], cwd=folder, text=True)


def repository(editor: Editor) -> tuple[Path, Path]:
    folder, bare = editor.folder, editor.folder.parent / "bare.git"
    git(folder, "init", "-q", "-b", "main")
    git(folder, "config", "user.name", "Ada")
    git(folder, "config", "user.email", "a@b.c")
    for name in ("a.py", "mine.py"):
        (folder / name).write_text("x = 1\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first")
    git(folder, "init", "-q", "--bare", str(bare))
    git(folder, "remote", "add", "origin", str(bare))
    return folder, bare


async def test_what_a_run_changed_is_committed_by_the_next(start_editor: Start) -> None:
    with ScriptedEndpoint([EDIT, DONE, PUBLISH, DONE]) as endpoint:
        editor = await start_editor("vscode", remote(endpoint.base_url))
        folder, bare = repository(editor)
        uri = editor.open("a.py", "x = 1\n")
        await editor.command("lspAgent.run", {"task": "edit", "uri": uri})
        (folder / "a.py").write_text(editor.texts[uri])
        (folder / "mine.py").write_text("mine = 1\n")
        editor.answer = lambda _: "Allow"
        result = plain(await editor.command("lspAgent.run", {"task": "publish", "uri": uri}))
        assert result["status"] == "answered"
        assert len(editor.questions) == 3
        assert git(folder, "show", "--name-only", "--format=%s", "HEAD") == "Make it two\n\na.py\n"
        assert git(folder, "status", "--short", "--branch") == "## two\n M mine.py\n"
        assert git(bare, "log", "-1", "--format=%s", "two") == "Make it two\n"
        assert git(bare, "for-each-ref", "--format=%(refname)") == "refs/heads/two\n"


async def test_without_a_yes_nothing_happens(start_editor: Start) -> None:
    with ScriptedEndpoint([EDIT, DONE, PUBLISH, DONE]) as endpoint:
        options = remote(endpoint.base_url)
        editor = await start_editor("vscode", options)
        folder, bare = repository(editor)
        uri = editor.open("a.py", "x = 1\n")
        await editor.command("lspAgent.run", {"task": "edit", "uri": uri})
        (folder / "a.py").write_text(editor.texts[uri])
        await editor.command("lspAgent.run", {"task": "publish", "uri": uri})
        assert len(editor.questions) == 3
        assert git(folder, "status", "--short", "--branch") == "## main\n M a.py\n"
        assert git(folder, "log", "--format=%s") == "first\n"
        assert git(bare, "for-each-ref") == ""


async def test_a_push_is_asked_about_whatever_the_settings(start_editor: Start) -> None:
    with ScriptedEndpoint([Reply(tool_calls=(call("git_push"),)), DONE]) as endpoint:
        options = remote(endpoint.base_url)
        options["lspAgent"]["safety"] = {"approve": "never"}
        editor = await start_editor("vscode", options)
        _, bare = repository(editor)
        await editor.command("lspAgent.run", {"task": "publish"})
        assert len(editor.questions) == 1
        assert git(bare, "for-each-ref") == ""
