"""Writing through the quarantine: refs, logs and index as git leaves them; with real git."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lsp_agent.vcs.commits import commit_files, create_branch
from lsp_agent.vcs.place import VcsError
from lsp_agent.vcs.writer import NO_REF, Writer

posix = pytest.mark.skipif(sys.platform == "win32", reason="hooks of POSIX shells, and links")


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)
    return done.stdout.decode()


def identify(folder: Path) -> None:
    git(folder, "config", "user.name", "Ada")
    git(folder, "config", "user.email", "ada@example.org")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    identify(folder)
    (folder / "a.py").write_text("x = 1\n")
    (folder / "b.py").write_text("y = 1\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first")
    return folder


def writer_of(folder: Path) -> Writer:
    writer = Writer.open(folder)
    assert writer is not None
    return writer


def commit(folder: Path, text: str, *, hooks: bool = False) -> str:
    (folder / "a.py").write_text(text)
    return commit_files(writer_of(folder), ["a.py"], "Do it", hooks=hooks)


def state(folder: Path) -> dict[str, str]:
    """Return what tells of a branch and its history, without times and names of objects."""
    head = folder / ".git" / "logs" / "HEAD"
    logs = [head, *sorted((folder / ".git" / "logs" / "refs").rglob("*"))]
    return {
        "status": git(folder, "status", "--porcelain", "--branch"),
        "log": git(folder, "log", "--format=%an %ae %cn %ce %s"),
        "files": git(folder, "ls-files", "--stage"),
        **{
            str(file.relative_to(folder)): "\n".join(
                line.split("\t")[1] for line in file.read_text().splitlines()
            )
            for file in logs
            if file.is_file()
        },
    }


def twin(tmp_path: Path, name: str) -> Path:
    """Return a repository before its first commit."""
    folder = tmp_path / name
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    identify(folder)
    return folder


def test_refs_and_their_logs_are_as_git_leaves_them(tmp_path: Path) -> None:
    ours, theirs = twin(tmp_path, "ours"), twin(tmp_path, "theirs")
    commit(ours, "x = 1\n")
    create_branch(writer_of(ours), "fix/it")
    commit(ours, "x = 2\n")
    (theirs / "a.py").write_text("x = 1\n")
    git(theirs, "add", "a.py")
    git(theirs, "commit", "-qm", "Do it")
    git(theirs, "switch", "-qc", "fix/it")
    (theirs / "a.py").write_text("x = 2\n")
    git(theirs, "commit", "-qam", "Do it")
    assert state(ours) == state(theirs)
    git(ours, "fsck", "--strict")


def test_a_ref_moves_from_the_value_that_was_seen(repository: Path) -> None:
    writer = writer_of(repository)
    first = writer.head()
    assert first is not None
    second = commit(repository, "x = 2\n")
    with pytest.raises(VcsError, match="but expected"):
        writer.move("update-ref", "refs/heads/main", first, first)
    with pytest.raises(VcsError, match="already exists"):
        writer.move("update-ref", "refs/heads/main", first, NO_REF)
    assert writer.head() == second


def test_packed_refs_are_moved_and_removed(repository: Path) -> None:
    git(repository, "branch", "old")
    git(repository, "pack-refs", "--all")
    assert not (repository / ".git" / "refs" / "heads" / "main").exists()
    made = commit(repository, "x = 2\n")
    assert git(repository, "rev-parse", "main").strip() == made
    old = git(repository, "rev-parse", "old").strip()
    writer_of(repository).move("update-ref", "-d", "refs/heads/old", old)
    assert git(repository, "for-each-ref", "--format=%(refname)") == "refs/heads/main\n"
    assert not (repository / ".git" / "packed-refs").is_symlink()


def test_a_detached_head_moves_alone(repository: Path) -> None:
    git(repository, "checkout", "-q", "--detach")
    made = commit(repository, "x = 2\n")
    assert git(repository, "rev-parse", "HEAD").strip() == made
    assert git(repository, "rev-parse", "main").strip() != made
    assert git(repository, "reflog", "-1", "--format=%gs", "HEAD") == "commit: Do it\n"


def test_a_linked_work_tree_has_its_own_head_and_log(repository: Path, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    git(repository, "worktree", "add", "-q", "-b", "other", str(tree))
    made = commit(tree, "x = 3\n")
    assert git(repository, "rev-parse", "other").strip() == made
    assert git(repository, "log", "-1", "--format=%s", "main") == "first\n"
    assert git(tree, "status", "--porcelain") == ""
    assert git(repository, "reflog", "-1", "--format=%gs", "HEAD") != "commit: Do it\n"
    assert git(tree, "reflog", "-1", "--format=%gs", "HEAD") == "commit: Do it\n"
    assert git(tree, "reflog", "-1", "--format=%gs", "other") == "commit: Do it\n"


@pytest.mark.parametrize("form", ["--object-format=sha256", "--ref-format=reftable"])
def test_other_formats(tmp_path: Path, form: str) -> None:
    folder = tmp_path / "repo"
    folder.mkdir()
    made = subprocess.run(["git", "init", "-q", form], cwd=folder, capture_output=True, check=False)
    if made.returncode:
        pytest.skip(f"this git has no {form}")
    identify(folder)
    commit(folder, "x = 1\n")
    create_branch(writer_of(folder), "two")
    second = commit(folder, "x = 2\n")
    assert git(folder, "rev-parse", "two").strip() == second
    assert git(folder, "log", "--format=%s", "two") == "Do it\nDo it\n"
    assert "commit: Do it" in git(folder, "reflog", "two")
    git(folder, "fsck", "--strict")


def test_a_format_that_is_not_known_is_not_written(repository: Path) -> None:
    git(repository, "config", "core.repositoryFormatVersion", "1")
    git(repository, "config", "extensions.future", "1")
    with pytest.raises(VcsError, match="extension future"):
        Writer.open(repository)


def test_a_partial_clone_needs_no_more_objects(repository: Path, tmp_path: Path) -> None:
    git(repository, "config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--filter=blob:none", "--sparse", repository.as_uri(), str(clone))
    identify(clone)
    git(clone, "sparse-checkout", "set", "--no-cone", "/a.py")
    made = commit(clone, "x = 2\n")
    assert git(clone, "show", "--name-status", "--format=%s", made) == "Do it\n\nM\ta.py\n"
    assert git(clone, "status", "--porcelain") == ""


@posix
def test_a_git_file_that_leads_elsewhere_is_refused(repository: Path, tmp_path: Path) -> None:
    for name in ("pointer", "link"):
        inside = tmp_path / name
        inside.mkdir()
        if name == "link":
            (inside / ".git").symlink_to(repository / ".git")
        else:
            (inside / ".git").write_text(f"gitdir: {repository / '.git'}\n")
        with pytest.raises(VcsError, match="does not know of"):
            Writer.open(inside)
    (tmp_path / "pointer" / ".git").write_text("gitdir: nowhere\n")
    with pytest.raises(VcsError, match="no repository"):
        Writer.open(tmp_path / "pointer")
    assert git(repository, "for-each-ref", "--format=%(refname)") == "refs/heads/main\n"


@posix
@pytest.mark.parametrize("part", ["logs/HEAD", "logs/refs/heads", "objects/pack", "refs/heads/x"])
def test_nothing_is_written_where_a_link_leads(repository: Path, tmp_path: Path, part: str) -> None:
    # A line of a log holds the user's name and the message, which a start-up file would run.
    target = tmp_path / "target"
    link = repository / ".git" / part
    if link.is_dir():
        link.rename(target)
    else:
        target.write_text("")
        link.unlink(missing_ok=True)
    # What was found sound before may be another thing now.
    writer_of(repository)
    link.symlink_to(target)
    with pytest.raises(VcsError, match="leads out of the repository"):
        commit(repository, "x = 2\n")
    assert target.is_dir() or target.read_text() == ""


def test_who_commits_is_as_the_repository_or_the_user_says(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".gitconfig").write_text("[user]\n\tname = Own\n[author]\n\tname = Author\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    git(repository, "config", "--unset", "user.name")
    made = commit(repository, "x = 2\n")
    layout = "--format=%an <%ae> %cn <%ce>"
    said = git(repository, "show", "-s", layout, made)
    assert said == "Author <ada@example.org> Own <ada@example.org>\n"


ALL_HOOKS = (
    "applypatch-msg", "commit-msg", "fsmonitor-watchman", "post-checkout", "post-commit",
    "post-index-change", "post-rewrite", "pre-commit", "pre-push", "prepare-commit-msg",
    "reference-transaction",
)  # fmt: skip
SETTINGS = {
    "alias.commit-tree": "!TRAP", "alias.hook": "!TRAP", "alias.update-ref": "!TRAP",
    "alias.write-tree": "!TRAP", "commit.gpgSign": "true", "commit.template": "TRAP",
    "core.alternateRefsCommand": "TRAP", "core.askPass": "TRAP", "core.attributesFile": "ATTR",
    "core.editor": "TRAP", "core.fsmonitor": "TRAP", "core.pager": "TRAP",
    "core.sshCommand": "TRAP", "diff.external": "TRAP", "diff.x.textconv": "TRAP",
    "filter.x.clean": "TRAP", "filter.x.process": "TRAP", "filter.x.smudge": "TRAP",
    "gc.auto": "1", "gc.pruneExpire": "now", "gpg.program": "TRAP", "gpg.ssh.program": "TRAP",
    "gpg.x509.program": "TRAP", "include.path": "MORE", "includeIf.gitdir:**.path": "MORE",
    "trailer.x.command": "TRAP", "user.signingKey": "x",
}  # fmt: skip


@pytest.fixture
def trap(repository: Path, tmp_path: Path) -> Path:
    """Return a program that writes its name to the file ``ran``; the repository names it."""
    script = tmp_path / "trap.sh"
    script.write_text(f"#!/bin/sh\nbasename \"$0\" >> '{tmp_path / 'ran'}'\n")
    script.chmod(0o755)
    more = tmp_path / "more.config"
    more.write_text(f'[filter "x"]\n\tclean = {script}\n[core]\n\thooksPath = {tmp_path}\n')
    (tmp_path / "attributes").write_text("* filter=x diff=x\n")
    for name, value in SETTINGS.items():
        filled = value.replace("TRAP", str(script)).replace("MORE", str(more))
        git(repository, "config", name, filled.replace("ATTR", str(tmp_path / "attributes")))
    return script


def ran(trap: Path) -> list[str]:
    file = trap.parent / "ran"
    return file.read_text().split() if file.exists() else []


def plant(folder: Path, trap: Path, *names: str) -> None:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).unlink(missing_ok=True)
        (folder / name).write_bytes(trap.read_bytes())
        (folder / name).chmod(0o755)


@posix
@pytest.mark.parametrize("where", ["hooks", "hooksPath", "worktree"])
def test_nothing_that_the_repository_names_runs(repository: Path, trap: Path, where: str) -> None:
    elsewhere = trap.parent / "elsewhere"
    if where == "worktree":
        private = trap.parent / "private"
        private.mkdir()
        (private / "a.py").write_text("secret\n")
        git(repository, "config", "core.worktree", str(private))
    elif where == "hooksPath":
        git(repository, "config", "core.hooksPath", str(elsewhere))
    plant(repository / ".git" / "hooks", trap, *ALL_HOOKS)
    plant(elsewhere, trap, *ALL_HOOKS)
    first = commit(repository, "x = 2\n")
    create_branch(writer_of(repository), "two")
    assert ran(trap) == []
    for name in ("core.worktree", "core.fsmonitor"):
        subprocess.run(["git", "config", "--unset", name], cwd=repository, check=False)
    assert git(repository, "-c", "core.hooksPath=", "show", "-s", "--format=%s", first) == "Do it\n"


@posix
@pytest.mark.parametrize("where", [".git/hooks", "hooks of ours"])
def test_where_hooks_are_wanted_nothing_else_runs(repository: Path, trap: Path, where: str) -> None:
    if where != ".git/hooks":
        git(repository, "config", "core.hooksPath", where)
    plant(repository / where, trap, *ALL_HOOKS)
    commit(repository, "x = 2\n", hooks=True)
    assert ran(trap) == ["pre-commit", "commit-msg", "post-commit"]


@posix
def test_a_hook_sees_what_is_committed_and_no_secret(
    repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    hook = repository / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    seen = tmp_path / "seen"
    hook.write_text(
        f"#!/bin/sh\nexec > '{seen}'\n"
        "git diff --cached --name-only -- '*.py'\ngit show :a.py\ngit rev-parse --show-toplevel\n"
        "git symbolic-ref HEAD\npwd\nenv\n"
    )
    hook.chmod(0o755)
    monkeypatch.setenv("OPENAI_API_KEY", "not for hooks")
    monkeypatch.setenv("SSH_AUTH_SOCK", "/not/for/hooks")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "not for hooks")
    commit(repository, "x = 2\n", hooks=True)
    said = seen.read_text().splitlines()
    top = str(repository)
    assert said[:5] == ["a.py", "x = 2", top, "refs/heads/main", top]
    assert not [line for line in said if "not for hooks" in line or "/not/for" in line]
    # Git puts its own folder before it.
    assert next(line for line in said if line.startswith("PATH=")).endswith(os.environ["PATH"])
