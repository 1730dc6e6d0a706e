"""Files of secrets are edited where asked for, and shown by their names only."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_agent.workspace.disk import DiskTree
from lsp_agent.workspace.roots import Root
from tests.support.files import write_files
from tests.tools.conftest import Bench

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
