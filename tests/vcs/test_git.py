"""Reading real repositories, hostile ones included."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from lsp_agent.vcs.git import Repository, VcsError
from tests.tools.conftest import Bench


def git(folder: Path, *arguments: str) -> None:
    base = ["git", "-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "init.defaultBranch=main"]
    subprocess.run([*base, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    (folder / "sub dir").mkdir(parents=True)
    git(folder, "init", "-q")
    (folder / "a.py").write_text("x = 1\n")
    (folder / "sub dir" / "b.py").write_text("y = 1\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first")
    return folder


def test_status_diff_log_blame(repository: Path) -> None:
    (repository / "a.py").write_text("x = 2\n")
    found = Repository.open(repository / "sub dir")
    assert found is not None
    assert found.status() == "## main\n M a.py\n"
    assert "-x = 1\n+x = 2\n" in found.diff()
    assert found.diff(staged=True) == ""
    assert "first" in found.log(1, "a.py")
    assert "(Not Committed Yet " in found.blame("a.py", 1, 1)
    assert "(A " in found.blame("sub dir/b.py")


def test_files_of_a_commit(repository: Path) -> None:
    (repository / "link.py").symlink_to("a.py")
    (repository / "bom.py").write_text("\ufeffz = 1\n", "utf-8")
    (repository / ".gitattributes").write_text("*.py filter=evil ident\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "second")
    (repository / "a.py").write_text("x = 2\n")
    (repository / "new *.py").write_text("n\n")
    found = Repository.open(repository)
    assert found is not None
    assert found.text("HEAD", "a.py") == "x = 1\n"
    assert found.text("HEAD", "sub dir/b.py") == "y = 1\n"
    assert found.text("HEAD", "bom.py") == "z = 1\n"
    for path in ("link.py", "sub dir", "none.py", "*.py"):
        assert found.text("HEAD", path) is None
    assert found.changed_paths("HEAD") == ["a.py", "new *.py"]
    assert "sub dir/b.py" in found.changed_paths(None)
    assert found.fork_point("HEAD") == found.head()
    with pytest.raises(VcsError, match="'nothing' names no commit here"):
        found.fork_point("nothing")
    with pytest.raises(VcsError):
        found.text("HEAD:sub dir", "b.py")


def test_no_repository(tmp_path: Path) -> None:
    assert Repository.open(tmp_path) is None


@pytest.mark.parametrize("ref", ["--output=/tmp/x", "-p", "a b", "x\0y"])
def test_options_are_not_revisions(repository: Path, ref: str) -> None:
    found = Repository.open(repository)
    assert found is not None
    with pytest.raises(VcsError, match="not a revision"):
        found.diff(ref)


def test_unborn_and_unknown_are_errors(repository: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    git(empty, "init", "-q")
    unborn = Repository.open(empty)
    assert unborn is not None
    with pytest.raises(VcsError, match="git log failed"):
        unborn.log()
    found = Repository.open(repository)
    assert found is not None
    with pytest.raises(VcsError, match="nowhere"):
        found.blame("nowhere.py")


def test_nothing_of_the_repository_is_run(repository: Path, tmp_path: Path) -> None:
    trap = tmp_path / "ran"
    script = tmp_path / "trap.sh"
    script.write_text(f"#!/bin/sh\ntouch '{trap}'\ncat\n")
    script.chmod(0o755)
    for key in (
        "core.fsmonitor",
        "core.pager",
        "diff.external",
        "diff.x.textconv",
        "diff.x.command",
    ):
        git(repository, "config", key, str(script))
    (repository / ".gitattributes").write_text("*.py diff=x\n")
    (repository / "a.py").write_text("x = 3\n")
    found = Repository.open(repository)
    assert found is not None
    assert "+x = 3" in found.diff()
    found.status()
    found.log()
    found.blame("a.py")
    assert not trap.exists()


def test_tools_speak_of_the_workspace_below_the_top(repository: Path) -> None:
    bench = Bench(repository / "sub dir")
    (repository / "sub dir" / "b.py").write_text("y = 2\n")
    assert "+y = 2" in bench.call("git_diff", path="b.py").text
    assert "b.py" in bench.call("git_status").text
    assert "first" in bench.call("git_log", count=1).text
    assert "first" in bench.call("git_log", path="b.py").text
    assert "y = " in bench.call("git_blame", path="b.py").text
    assert not bench.call("git_diff", path="../a.py").ok


def test_tools_without_a_repository(bench_folder: Path) -> None:
    assert "not in a git repository" in Bench(bench_folder).call("git_status").text


@pytest.fixture
def bench_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "plain"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("name", [".env", "a b.pem", "sub dir/.env.local", "ü.env", "x.env"])
def test_the_values_of_secret_files_are_not_shown(repository: Path, name: str) -> None:
    file = repository / name
    file.write_text("# A=old-a1\nKEY=old-b2\nold-c3\n\nold-d4\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "second")
    git(repository, "mv", name, "plain.txt")
    file.write_text("# A=new-a1\nKEY=new-b2\nnew-c3\n\nnew-d4\n")
    (repository / "a.py").write_text("@@ -1 +1 @@ x\n--- old\n")
    git(repository, "add", "-A")
    found = Repository.open(repository)
    assert found is not None
    for shown in (found.diff(staged=True), found.diff("HEAD"), found.diff("HEAD~1")):
        assert "new-" not in shown
        assert "+@@ -1 +1 @@ x\n+--- old" in shown
    assert "KEY=" in found.diff(staged=True)
    assert "old-" not in found.diff("HEAD", name)
    blame = found.blame(name)
    assert "new-" not in blame
    assert "KEY=⟨secret⟩" in blame


def test_a_conflict_in_a_secret_file_tells_no_value(repository: Path) -> None:
    file = repository / ".env"
    for branch, value in (("main", "base-1"), ("other", "theirs-2"), ("main", "ours-3")):
        git(
            repository,
            "checkout",
            "-q",
            "-B" if branch == "other" else branch,
            *([branch] if branch == "other" else []),
        )
        file.write_text(f"KEY={value}\n")
        git(repository, "add", "-A")
        git(repository, "commit", "-qm", value)
    with pytest.raises(subprocess.CalledProcessError):
        git(repository, "merge", "other")
    found = Repository.open(repository)
    assert found is not None
    shown = found.diff()
    assert "diff --cc .env" in shown
    assert "ours-3" not in shown
    assert "theirs-2" not in shown
