"""Nothing that a repository names is run or followed, whatever is read of it; with real git."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lsp_agent.vcs.git import Repository, VcsError
from tests.vcs.test_git import git

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the traps are shell scripts")

# Settings that name a program; TRAP is its path. Each is set in the repository's own file.
PROGRAMS = {
    "filter clean": {"filter.x.clean": "TRAP", "filter.x.required": "true"},
    "filter smudge": {"filter.x.smudge": "TRAP"},
    "filter process": {"filter.x.process": "TRAP"},
    "filter with odd name": {'filter.a=b "c".clean': "TRAP"},
    "textconv": {"diff.x.textconv": "TRAP", "diff.x.cachetextconv": "true"},
    "diff command": {"diff.x.command": "TRAP"},
    "external diff": {"diff.external": "TRAP"},
    "fsmonitor": {"core.fsmonitor": "TRAP", "core.fsmonitorHookVersion": "1"},
    "hooks": {"core.hooksPath": "HOOKS"},
    "pager": {"core.pager": "TRAP", "pager.log": "TRAP", "pager.diff": "true"},
    "pager of status": {"pager.status": "TRAP", "pager.blame": "TRAP"},
    "alias": {"alias.status": "!TRAP", "alias.diff": "!TRAP", "alias.log": "!TRAP"},
    "ssh": {"core.sshCommand": "TRAP", "ssh.variant": "simple"},
    "askpass": {"core.askPass": "TRAP", "credential.helper": "!TRAP"},
    "editor": {"core.editor": "TRAP", "sequence.editor": "TRAP"},
    "signature": {
        "log.showSignature": "true",
        "gpg.program": "TRAP",
        "gpg.ssh.program": "TRAP",
        "gpg.x509.program": "TRAP",
    },
    "git proxy": {"core.gitProxy": "TRAP", "remote.origin.url": "git://localhost/x"},
    "remote helper": {
        "remote.origin.url": "ext::TRAP",
        "remote.origin.uploadpack": "TRAP",
        "remote.origin.vcs": "ext",
        "protocol.ext.allow": "always",
    },
    "alternate refs": {"core.alternateRefsCommand": "TRAP"},
    "submodule": {"submodule.s.update": "!TRAP", "status.submoduleSummary": "true"},
    "merge driver": {"merge.x.driver": "TRAP"},
    "trailer": {"trailer.x.command": "TRAP", "log.format": "%(trailers:key=x)"},
    "format": {"format.pretty": "%G?", "gpg.program": "TRAP"},
    "interactive": {"interactive.diffFilter": "TRAP", "difftool.x.cmd": "TRAP"},
}


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """Return a program that leaves a mark: the file ``ran`` beside it."""
    script = tmp_path / "trap.sh"
    script.write_text(f"#!/bin/sh\ntouch '{tmp_path / 'ran'}'\ncat\n")
    script.chmod(0o755)
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("post-index-change", "fsmonitor-watchman", "reference-transaction", "pre-commit"):
        (hooks / name).symlink_to(script)
    return script


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a repository with a file that was changed, touched and committed."""
    folder = tmp_path / "repo"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "a.py").write_text("x = 1\n")
    (folder / "same.py").write_text("y = 1\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first")
    (folder / ".gitattributes").write_text(
        '* filter=x diff=x merge=x\nb.py filter=a=b\\ "c"\n"c d.py" filter=y\n'
    )
    (folder / "a.py").write_text("x = 2\n")
    # The same content with another time: git looks into it, through the clean filter.
    os.utime(folder / "same.py", (1, 1))
    return folder


def read_everything(folder: Path) -> str:
    """Ask every question there is; return all answers."""
    found = Repository.open(folder)
    assert found is not None
    return "".join(
        [
            found.status(),
            found.diff(),
            found.diff(staged=True),
            found.diff("HEAD"),
            found.diff(path="a.py"),
            found.log(),
            found.log(5, "a.py"),
            found.blame("a.py"),
            found.blame("same.py", 1, 1),
            found.head() or "",
            found.records(10),
        ]
    )


@pytest.mark.parametrize("settings", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_no_program_of_the_repository_runs(
    repository: Path, trap: Path, settings: dict[str, str]
) -> None:
    for key, value in settings.items():
        filled = value.replace("TRAP", str(trap)).replace("HOOKS", str(trap.parent / "hooks"))
        git(repository, "config", key, filled)
    said = read_everything(repository)
    assert "-x = 1\n+x = 2\n" in said
    assert " M a.py" in said
    assert not (trap.parent / "ran").exists()


@pytest.mark.parametrize(
    ("key", "command"),
    [
        ("filter.x.clean", ["diff"]),
        ("filter.x.clean", ["blame", "a.py"]),
        ("filter.x.process", ["status"]),
        ("diff.x.textconv", ["diff"]),
        ("diff.x.command", ["diff"]),
        ("core.fsmonitor", ["status"]),
    ],
)
def test_the_traps_are_real(repository: Path, trap: Path, key: str, command: list[str]) -> None:
    subprocess.run(["git", "config", key, str(trap)], cwd=repository, check=True)
    subprocess.run(["git", *command], cwd=repository, capture_output=True, timeout=20, check=False)
    assert (trap.parent / "ran").exists()


@pytest.mark.parametrize("where", ["include.path", "includeIf.gitdir:**.path"])
def test_included_files_are_not_read(repository: Path, trap: Path, where: str) -> None:
    more = trap.parent / "more.config"
    more.write_text(f'[filter "x"]\n\tclean = {trap}\n[core]\n\tfsmonitor = {trap}\n')
    git(repository, "config", where, str(more))
    assert "+x = 2" in read_everything(repository)
    assert not (trap.parent / "ran").exists()


def test_settings_of_a_worktree_are_not_read(repository: Path, trap: Path) -> None:
    git(repository, "config", "extensions.worktreeConfig", "true")
    git(repository, "config", "--worktree", "filter.x.clean", str(trap))
    git(repository, "config", "--worktree", "core.fsmonitor", str(trap))
    assert "+x = 2" in read_everything(repository)
    assert not (trap.parent / "ran").exists()


def test_hooks_in_the_repository_do_not_run(repository: Path, trap: Path) -> None:
    hooks = repository / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-index-change", "reference-transaction", "fsmonitor-watchman"):
        (hooks / name).unlink(missing_ok=True)
        (hooks / name).symlink_to(trap)
    read_everything(repository)
    assert not (trap.parent / "ran").exists()


def test_settings_that_change_meanwhile_are_not_read(repository: Path, trap: Path) -> None:
    found = Repository.open(repository)
    assert found is not None
    found.status()
    git(repository, "config", "filter.x.clean", str(trap))
    assert "+x = 2" in found.diff()
    assert not (trap.parent / "ran").exists()


def test_another_work_tree_is_not_shown(repository: Path, tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir()
    (private / "a.py").write_text("secret\n")
    git(repository, "config", "core.worktree", str(private))
    git(repository, "config", "core.attributesFile", str(private / "a.py"))
    git(repository, "config", "blame.ignoreRevsFile", str(private / "a.py"))
    found = Repository.open(repository)
    assert found is not None
    assert found.root == repository
    assert "secret" not in read_everything(repository)


VARIABLES = {
    "GIT_DIR": "OTHER/.git",
    "GIT_WORK_TREE": "OTHER",
    "GIT_INDEX_FILE": "OTHER/.git/index",
    "GIT_COMMON_DIR": "OTHER/.git",
    "GIT_OBJECT_DIRECTORY": "OTHER/.git/objects",
    "GIT_EXTERNAL_DIFF": "TRAP",
    "GIT_PAGER": "TRAP",
    "GIT_SSH_COMMAND": "TRAP",
    "GIT_ASKPASS": "TRAP",
    "GIT_EXEC_PATH": "OTHER",
    "GIT_CONFIG_PARAMETERS": "'core.fsmonitor'='TRAP'",
    "GIT_TRACE": "OTHER/trace",
    "GIT_NAMESPACE": "elsewhere",
}


@pytest.mark.parametrize(("name", "value"), VARIABLES.items())
def test_the_users_variables_do_not_reach_git(
    repository: Path, trap: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    other = trap.parent / "other"
    other.mkdir()
    git(other, "init", "-q")
    (other / "b.py").write_text("elsewhere\n")
    git(other, "add", "-A")
    git(other, "commit", "-qm", "elsewhere")
    monkeypatch.setenv(name, value.replace("TRAP", str(trap)).replace("OTHER", str(other)))
    said = read_everything(repository)
    assert "+x = 2" in said
    assert "first" in said
    assert "elsewhere" not in said
    assert not (trap.parent / "ran").exists()
    assert not (other / "trace").exists()


def test_the_users_own_settings_hold_where_they_are_harmless(
    repository: Path, trap: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = trap.parent / "home"
    home.mkdir()
    ignored = home / "ignored"
    ignored.write_text("*.log\n")
    (home / ".gitconfig").write_text(
        f"[core]\n\texcludesFile = {ignored}\n\tfsmonitor = {trap}\n"
        f'[diff]\n\texternal = {trap}\n[filter "x"]\n\tclean = {trap}\n'
    )
    monkeypatch.setenv("HOME", str(home))
    (repository / "noise.log").write_text("")
    assert "noise.log" not in read_everything(repository)
    assert not (trap.parent / "ran").exists()


def private_repository(folder: Path) -> None:
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "key.txt").write_text("secret\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "secret history")


def pointer_file(inside: Path, private: Path) -> None:
    (inside / ".git").write_text(f"gitdir: {private / '.git'}\n")


def link(inside: Path, private: Path) -> None:
    (inside / ".git").symlink_to(private / ".git")


def common_folder(inside: Path, private: Path) -> None:
    git(inside, "init", "-q")
    (inside / ".git" / "commondir").write_text(str(private / ".git"))


def links_inside(inside: Path, private: Path) -> None:
    git(inside, "init", "-q")
    for name in ("refs", "objects"):
        subprocess.run(["rm", "-r", str(inside / ".git" / name)], check=True)
        (inside / ".git" / name).symlink_to(private / ".git" / name)


def linked_branch(inside: Path, private: Path) -> None:
    git(inside, "init", "-q")
    heads = inside / ".git" / "refs" / "heads"
    heads.rmdir()
    heads.symlink_to(private / ".git" / "refs" / "heads")
    alternates = inside / ".git" / "objects" / "info" / "alternates"
    alternates.write_text(f"{private / '.git' / 'objects'}\n")


def linked_settings(inside: Path, private: Path) -> None:
    git(inside, "init", "-q")
    (inside / ".git" / "config").unlink()
    (inside / ".git" / "config").symlink_to(private / ".git" / "config")


@pytest.mark.parametrize(
    "lead", [pointer_file, link, common_folder, links_inside, linked_branch, linked_settings]
)
def test_another_repository_is_not_shown(
    tmp_path: Path, lead: Callable[[Path, Path], None]
) -> None:
    private = tmp_path / "private"
    private_repository(private)
    inside = tmp_path / "unpacked"
    inside.mkdir()
    lead(inside, private)
    with pytest.raises(VcsError, match=r"leads|which does not|no configuration"):
        read_everything(inside)


def test_worktrees_and_submodules_are_read(tmp_path: Path, repository: Path) -> None:
    git(repository, "worktree", "add", "-q", "-b", "other", str(tmp_path / "tree"))
    assert "## other" in read_everything(tmp_path / "tree")
    inner = tmp_path / "inner"
    private_repository(inner)
    git(repository, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "sub")
    found = Repository.open(repository / "sub")
    assert found is not None
    assert found.root == repository / "sub"
    assert "secret history" in found.log()


def test_missing_objects_are_not_fetched(repository: Path, trap: Path) -> None:
    git(repository, "config", "extensions.partialClone", "origin")
    git(repository, "config", "remote.origin.promisor", "true")
    git(repository, "config", "remote.origin.url", f"ext::{trap}")
    git(repository, "config", "protocol.ext.allow", "always")
    tree = subprocess.check_output(["git", "rev-parse", "HEAD:a.py"], cwd=repository, text=True)
    (repository / ".git" / "objects" / tree[:2] / tree[2:].strip()).unlink()
    found = Repository.open(repository)
    assert found is not None
    with pytest.raises(VcsError):
        found.diff()
    assert not (trap.parent / "ran").exists()


def test_a_repository_of_another_hash_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "sha256"
    folder.mkdir()
    git(folder, "init", "-q", "--object-format=sha256")
    (folder / "a.py").write_text("x = 1\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "long")
    found = Repository.open(folder)
    assert found is not None
    assert len(found.head() or "") == 64


def test_packed_refs_and_upstreams_are_seen(repository: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    git(tmp_path, "init", "-q", "--bare", str(bare))
    git(repository, "remote", "add", "origin", str(bare))
    git(repository, "push", "-q", "-u", "origin", "main")
    git(repository, "pack-refs", "--all")
    said = read_everything(repository)
    assert "## main...origin/main" in said
    assert "first" in said
