"""Checkpoints in real repositories: what they hold, and that nothing else moves."""

from __future__ import annotations

import logging
import subprocess
import time
from pathlib import Path

import pytest

from lsp_agent.vcs.checkpoints import REFS, keep, prune
from lsp_agent.vcs.writer import Writer
from lsp_agent.workspace.overlay import FileChange
from lsp_agent.workspace.roots import Root


def git(folder: Path, *arguments: str, **env: str) -> str:
    base = ["git", "-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "init.defaultBranch=main"]
    done = subprocess.run(
        [*base, *arguments], cwd=folder, check=True, capture_output=True, text=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), **env},
    )  # fmt: skip
    return done.stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    (folder / "sub").mkdir(parents=True)
    git(folder, "init", "-q")
    (folder / "a.py").write_text("x = 1\n")
    (folder / "sub" / "b.py").write_text("y = 1\n")
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first")
    return folder


def change(kind: str, path: str, before: str | None, after: str | None, **more: str) -> FileChange:
    return FileChange(kind, path, f"file:///{path}", before, after, **more)  # type: ignore[arg-type]


CHANGES = [
    change("modify", "a.py", "x = 1  # unsaved\n", "x = 2\n"),
    change("create", "new/größe.py", None, "n = 1\n"),
    change("delete", "sub/b.py", "y = 1\n", None),
    change("rename", "run.sh", "#!/bin/sh\n", "#!/bin/sh\ntrue\n", new_path="go.sh"),
]


def tree_of(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {str(path): path.read_bytes() for path in files}


def state(folder: Path) -> list[str]:
    found = [git(folder, "status", "--porcelain"), git(folder, "reflog", "--all")]
    found += [git(folder, "rev-parse", "HEAD"), git(folder, "symbolic-ref", "HEAD")]
    return [*found, (folder / ".git" / "index").read_bytes().hex(), repr(tree_of(folder))]


def test_holds_before_and_after_and_touches_nothing(repository: Path) -> None:
    (repository / "staged.py").write_text("s = 1\n")
    git(repository, "add", "staged.py")
    (repository / "a.py").write_text("x = 2\n")
    before = state(repository)
    ref = f"{REFS}/r1"
    assert keep(Root(repository), "r1", CHANGES, 30) == git(repository, "rev-parse", ref).strip()
    assert state(repository) == before
    assert git(repository, "show", f"{ref}^:a.py") == "x = 1  # unsaved\n"
    shown = git(
        repository, "-c", "core.quotePath=false", "diff", "--name-status", "-M", f"{ref}^", ref
    )
    assert sorted(shown.splitlines()) == [
        "A\tnew/größe.py", "D\tsub/b.py", "M\ta.py", "R066\trun.sh\tgo.sh",
    ]  # fmt: skip
    assert git(repository, "ls-tree", ref, "go.sh").startswith("100755")
    assert git(repository, "rev-parse", f"{ref}~2") == git(repository, "rev-parse", "HEAD")
    who = git(repository, "log", "-2", "--format=%an %ae %cn %ce", ref)
    assert set(who.splitlines()) == {"lsp-agent lsp-agent@localhost lsp-agent lsp-agent@localhost"}
    git(repository, "fsck", "--strict")


def test_of_a_folder_below_the_top_and_before_the_first_commit(tmp_path: Path) -> None:
    folder = tmp_path / "fresh"
    (folder / "sub").mkdir(parents=True)
    git(folder, "init", "-q")
    (folder / "sub" / "l.py").write_bytes("é = 1\n".encode("latin-1"))
    made = keep(Root(folder / "sub"), "r1", [change("modify", "l.py", "é = 1\n", "é = 2\n")], 30)
    assert made
    data = subprocess.check_output(["git", "cat-file", "blob", f"{made}:sub/l.py"], cwd=folder)
    assert data == "é = 2\n".encode("latin-1")


def test_in_a_worktree_and_with_other_names_of_objects(repository: Path, tmp_path: Path) -> None:
    git(repository, "worktree", "add", "-q", str(tmp_path / "second"))
    assert keep(Root(tmp_path / "second"), "r2", CHANGES[:1], 30)
    assert "r2" in git(repository, "for-each-ref", REFS)
    other = tmp_path / "sha256"
    other.mkdir()
    git(other, "init", "-q", "--object-format=sha256")
    assert keep(Root(other), "r3", CHANGES[1:3], 30)


def test_nothing_of_the_repository_is_run(repository: Path, tmp_path: Path) -> None:
    trap = tmp_path / "ran"
    script = tmp_path / "trap.sh"
    script.write_text(f"#!/bin/sh\ntouch '{trap}'\ncat\n")
    script.chmod(0o755)
    hooks = repository / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("reference-transaction", "post-index-change", "pre-commit", "post-commit"):
        hooks.joinpath(name).write_bytes(script.read_bytes())
        hooks.joinpath(name).chmod(0o755)
    for key in ("core.fsmonitor", "filter.x.clean", "filter.x.process", "gpg.program"):
        git(repository, "config", key, str(script))
    git(repository, "config", "commit.gpgSign", "true")
    (repository / ".gitattributes").write_text("*.py filter=x\n")
    assert keep(Root(repository), "r1", CHANGES, 30)
    assert not trap.exists()


def test_old_ones_go(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert keep(Root(repository), "old", CHANGES, 30)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 10 * 86_400)
    assert keep(Root(repository), "kept", CHANGES, 30)
    assert git(repository, "for-each-ref", "--format=%(refname:lstrip=3)", REFS) == "kept\nold\n"
    assert keep(Root(repository), "new", CHANGES, 5)
    assert git(repository, "for-each-ref", "--format=%(refname:lstrip=3)", REFS) == "new\n"
    writer = Writer.open(repository)
    assert writer is not None
    assert prune(writer, -30) == 1


def test_without_a_repository_or_with_somebody_elses(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    work, other = tmp_path / "work", tmp_path / "other"
    work.mkdir()
    assert keep(Root(work), "r1", CHANGES, 30) is None
    assert caplog.records == []
    subprocess.run(["git", "init", "-q", str(other)], check=True)
    (work / ".git").write_text(f"gitdir: {other}/.git\n")
    with caplog.at_level(logging.WARNING):
        assert keep(Root(work), "r1", CHANGES, 30) is None
    assert "no checkpoint of run r1" in caplog.text
    assert len(caplog.records) == 1
