"""Files of secrets are edited where asked for, and shown by their names only."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_agent.workspace.disk import DiskTree
from lsp_agent.workspace.roots import Root
from tests.support.files import write_files
from tests.tools.conftest import Bench
from tests.vcs.test_git import git

SECRET = "swordfish-77"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    write_files(
        tmp_path,
        {
            ".env": f"# mine\nDB_PASSWORD={SECRET}\nDEBUG=1\n",
            "deploy/id_rsa": f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n",
            "a.py": "x = 1\n",
        },
    )
    (tmp_path / "notes.txt").symlink_to(".env")
    return Bench(tmp_path)


@pytest.mark.parametrize("path", [".env", "deploy/id_rsa", "notes.txt"])
def test_values_are_not_read(bench: Bench, path: str) -> None:
    shown = bench.call("read_file", path=path)
    assert shown.ok
    assert SECRET not in shown.text
    if path != "deploy/id_rsa":
        assert "DB_PASSWORD=⟨secret⟩" in shown.text
    searched = bench.call("grep_search", pattern="sword", path=path)
    assert "files of secrets" in searched.text or "file of secrets" in searched.text


def test_they_are_found_by_no_search(bench: Bench, tmp_path: Path) -> None:
    assert "no line" in bench.call("grep_search", pattern="swordfish").text
    assert bench.call("search_files", pattern="**").text.split() == ["a.py"]
    tree = DiskTree(Root(tmp_path))
    assert tree.leaves_out("deploy/id_rsa")
    assert not tree.leaves_out("a.py")


def test_they_can_be_edited(bench: Bench) -> None:
    done = bench.call("edit_file", path=".env", old_string="DEBUG=1", new_string="DEBUG=0")
    assert done.ok, done.text


def test_they_keep_a_name_that_says_so(bench: Bench) -> None:
    for path in (".env", "deploy/id_rsa", "notes.txt"):
        moved = bench.call("move_file", path=path, new_path="plain.txt")
        assert "a file of secrets" in moved.text or "a link" in moved.text, moved.text
    assert bench.call("move_file", path=".env", new_path=".env.local").ok


def test_git_does_not_show_their_lines(bench: Bench, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "first")
    (tmp_path / ".env").write_text(f"# mine\nDB_PASSWORD={SECRET}\nDEBUG=0\n")
    (tmp_path / "a.py").write_text("x = 2\n")
    (tmp_path / "deploy" / "id_rsa").rename(tmp_path / "deploy" / "plain")
    git(tmp_path, "add", "-A")
    for arguments in ({"staged": True}, {"ref": "HEAD"}, {"path": ".env", "ref": "HEAD"}):
        shown = bench.call("git_diff", **arguments).text
        assert SECRET not in shown
        assert " DB_PASSWORD=⟨secret⟩" in shown
        assert "path" in arguments or "-x = 1\n+x = 2\n" in shown
    blamed = bench.call("git_blame", path=".env")
    assert "DB_PASSWORD=⟨secret⟩" in blamed.text
    assert SECRET not in blamed.text
