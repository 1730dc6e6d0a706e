"""Branches, commits and pushes in real repositories: only what is theirs, nothing forced."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from lsp_agent.cancel import CancelToken
from lsp_agent.tools.call import ToolOutcome, call_tool
from lsp_agent.tools.git_changes import TOOLS
from lsp_agent.tools.spec import ToolContext
from lsp_agent.vcs.commits import GitRules
from lsp_agent.workspace.overlay import Buffer, FileChange, Overlay
from lsp_agent.workspace.roots import Root

posix = pytest.mark.skipif(os.name == "nt", reason="hooks of POSIX shells")


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)
    return done.stdout.decode()


class Desk:
    """Tools in one repository, and what recorded runs changed in it."""

    def __init__(self, top: Path, folder: Path | None = None) -> None:
        self.top = top
        self.folder = folder or top
        self.changes: list[FileChange] = []
        self.overlay = Overlay(Root(self.folder))

    def apply(self, path: str, after: str | None) -> None:
        """Do what an applied run does."""
        file = self.folder / path
        before = file.read_text() if file.exists() else None
        kind = "create" if before is None else "delete" if after is None else "modify"
        self.changes.insert(0, FileChange(kind, path, "", before, after))  # type: ignore[arg-type]
        if after is None:
            file.unlink()
        else:
            file.parent.mkdir(exist_ok=True)
            file.write_text(after)

    def call(
        self, tool: str, /, *, hooks: bool = False, network: bool = False, **arguments: object
    ) -> ToolOutcome:
        rules = GitRules(lambda: self.changes, hooks, network)
        context = ToolContext(self.overlay, CancelToken(), git=rules)
        return call_tool({one.name: one for one in TOOLS}, tool, arguments, context)

    def commit(self, paths: Sequence[str] | None = None, **more: bool) -> ToolOutcome:
        named = {} if paths is None else {"paths": list(paths)}
        return self.call("git_commit", message="Do it\n\nBecause.", **named, **more)  # type: ignore[arg-type]

    def shown(self) -> list[str]:
        """Return subject and files of HEAD."""
        layout = ("--format=%an: %s", "--name-status", "--no-renames", "HEAD")
        return [line for line in git(self.top, "show", *layout).splitlines() if line]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    top = tmp_path / "repo"
    (top / "sub").mkdir(parents=True)
    git(top, "init", "-q", "-b", "main")
    git(top, "config", "user.name", "Ada")
    git(top, "config", "user.email", "ada@example.org")
    for name in ("a.py", "b.py", "c.py", "sub/d.py"):
        (top / name).write_text("x = 1\n")
    git(top, "add", "-A")
    git(top, "commit", "-qm", "first")
    return Desk(top)


class TestCommit:
    def test_only_what_runs_changed(self, desk: Desk) -> None:
        desk.apply("a.py", "x = 2\n")
        desk.apply("new/n.py", "n = 1\n")
        desk.apply("c.py", None)
        (desk.top / "b.py").write_text("mine = 1\n")
        (desk.top / "sub" / "d.py").write_text("staged = 1\n")
        git(desk.top, "add", "sub/d.py")
        done = desk.commit()
        assert done.ok, done.text
        assert desk.shown() == ["Ada: Do it", "M\ta.py", "D\tc.py", "A\tnew/n.py"]
        assert git(desk.top, "status", "--porcelain") == " M b.py\nM  sub/d.py\n"
        assert git(desk.top, "log", "-1", "--format=%b").strip() == "Because."
        assert "commit: Do it" in git(desk.top, "reflog", "-1")
        assert git(desk.top, "symbolic-ref", "HEAD").strip() == "refs/heads/main"
        git(desk.top, "fsck", "--strict")
        assert "no earlier run left" in desk.commit().text

    @pytest.mark.parametrize("paths", [["b.py"], ["a.py", "b.py"]])
    def test_a_file_of_the_users_is_refused(self, desk: Desk, paths: list[str]) -> None:
        desk.apply("a.py", "x = 2\n")
        (desk.top / "b.py").write_text("mine = 1\n")
        done = desk.commit(paths)
        assert not done.ok
        assert "b.py: no recorded run changed it" in done.text
        assert desk.shown()[0] == "Ada: first"

    def test_a_run_that_was_committed_gives_no_right_to_later_changes(self, desk: Desk) -> None:
        desk.apply("a.py", "x = 2\n")
        git(desk.top, "commit", "-qam", "by hand")
        (desk.top / "a.py").write_text("x = 2\nmine = 1\n")
        assert "commit the rest yourself" in desk.commit(["a.py"]).text
        assert desk.shown()[0] == "Ada: by hand"

    def test_what_this_run_edits_has_to_be_applied_first(self, desk: Desk) -> None:
        desk.overlay.write("a.py", "x = 3\n")
        assert "applied when it ends" in desk.commit(["a.py"]).text
        assert "applied when it ends" in desk.commit().text
        assert git(desk.top, "status", "--porcelain") == ""

    def test_unsaved_text_has_to_be_saved_first(self, desk: Desk) -> None:
        desk.apply("a.py", "x = 2\n")
        buffer = Buffer("a.py", (desk.top / "a.py").as_uri(), "x = 2\nmine\n", 2)
        desk.overlay = Overlay(Root(desk.top), [buffer])
        assert "save it first" in desk.commit(["a.py"]).text

    def test_another_state_in_the_index_is_not_lost(self, desk: Desk) -> None:
        (desk.top / "a.py").write_text("x = 1\n\n\nhalf = 1\n")
        git(desk.top, "add", "a.py")
        desk.apply("a.py", "x = 2\n\n\nhalf = 1\n")
        assert "staged in another state" in desk.commit().text
        assert git(desk.top, "show", ":a.py") == "x = 1\n\n\nhalf = 1\n"

    def test_below_the_top_before_the_first_commit_and_in_a_worktree(
        self, desk: Desk, tmp_path: Path
    ) -> None:
        below = Desk(desk.top, desk.top / "sub")
        below.apply("d.py", "x = 2\n")
        assert below.commit().ok
        assert below.shown() == ["Ada: Do it", "M\tsub/d.py"]
        git(desk.top, "worktree", "add", "-q", "-b", "other", str(tmp_path / "tree"))
        tree = Desk(tmp_path / "tree")
        tree.apply("a.py", "x = 9\n")
        assert tree.commit().ok
        assert git(desk.top, "log", "-1", "--format=%s", "other") == "Do it\n"
        assert git(tree.top, "status", "--porcelain") == ""
        fresh = tmp_path / "fresh"
        fresh.mkdir()
        git(fresh, "init", "-q")
        git(fresh, "config", "user.name", "Ada")
        git(fresh, "config", "user.email", "a@b.c")
        unborn = Desk(fresh)
        unborn.apply("a.py", "x = 1\n")
        assert unborn.commit().ok
        assert unborn.shown() == ["Ada: Do it", "A\ta.py"]

    @posix
    def test_nothing_of_the_repository_runs(self, desk: Desk, tmp_path: Path) -> None:
        trap, script = tmp_path / "ran", tmp_path / "trap.sh"
        script.write_text(f"#!/bin/sh\ntouch '{trap}'\ncat\n")
        script.chmod(0o755)
        desk.apply("a.py", "x = 2\n")
        hooks = desk.top / ".git" / "hooks"
        hooks.mkdir(exist_ok=True)
        for name in ("pre-commit", "commit-msg", "post-commit", "reference-transaction",
                     "post-index-change", "prepare-commit-msg", "post-checkout"):  # fmt: skip
            (hooks / name).write_bytes(script.read_bytes())
            (hooks / name).chmod(0o755)
        for key in ("core.fsmonitor", "filter.x.clean", "filter.x.process", "gpg.program",
                    "core.editor", "alias.commit-tree", "alias.write-tree"):  # fmt: skip
            git(desk.top, "config", key, f"!{script}" if key.startswith("alias") else str(script))
        git(desk.top, "config", "commit.gpgSign", "true")
        trap.unlink(missing_ok=True)
        assert desk.commit().ok
        assert desk.call("create_branch", name="two").ok
        desk.apply("a.py", "x = 3\n")
        (desk.top / ".gitattributes").write_text("*.py filter=x\n")
        assert "goes through the filter x" in desk.commit().text
        assert not trap.exists()

    @posix
    def test_hooks_run_where_the_user_wants_them(self, desk: Desk) -> None:
        hooks = desk.top / ".git" / "hooks"
        hooks.mkdir(exist_ok=True)
        (hooks / "pre-commit").write_text("#!/bin/sh\ngit diff --cached --name-only > seen\n")
        (hooks / "commit-msg").write_text('#!/bin/sh\necho "Checked: yes" >> "$1"\n')
        for hook in ("pre-commit", "commit-msg"):
            (hooks / hook).chmod(0o755)
        desk.apply("a.py", "x = 2\n")
        assert desk.commit(hooks=True).ok
        assert (desk.top / "seen").read_text() == "a.py\n"
        assert "Checked: yes" in git(desk.top, "log", "-1", "--format=%B")
        (hooks / "pre-commit").write_text("#!/bin/sh\necho 'not like this' >&2\nexit 1\n")
        desk.apply("b.py", "x = 2\n")
        assert "not like this" in desk.commit(hooks=True).text
        assert git(desk.top, "status", "--porcelain", "b.py") == " M b.py\n"

    def test_not_in_the_middle_of_a_merge(self, desk: Desk) -> None:
        desk.apply("a.py", "x = 2\n")
        (desk.top / ".git" / "MERGE_HEAD").write_text(git(desk.top, "rev-parse", "HEAD"))
        assert "a merge is under way" in desk.commit().text
        assert "a merge is under way" in desk.call("create_branch", name="x").text

    @posix
    def test_a_link_is_left(self, desk: Desk, tmp_path: Path) -> None:
        desk.apply("a.py", "x = 2\n")
        (tmp_path / "secret").write_text("x = 2\nsecret\n")
        (desk.top / "a.py").unlink()
        (desk.top / "a.py").symlink_to(tmp_path / "secret")
        assert not desk.commit().ok
        assert desk.shown()[0] == "Ada: first"


class TestBranch:
    def test_is_made_at_head_with_the_files_as_they_are(self, desk: Desk) -> None:
        (desk.top / "b.py").write_text("mine = 1\n")
        assert desk.call("create_branch", name="fix/it").ok
        assert git(desk.top, "status", "--short", "--branch") == "## fix/it\n M b.py\n"
        assert git(desk.top, "rev-parse", "main") == git(desk.top, "rev-parse", "fix/it")

    @pytest.mark.parametrize(
        "name",
        ["main", "-f", "--force", "a..b", "a b", "@{-1}", "HEAD", "", "a~1", "x.lock", "main/x"],
    )
    def test_bad_and_taken_names(self, desk: Desk, name: str) -> None:
        assert not desk.call("create_branch", name=name).ok
        assert git(desk.top, "for-each-ref", "--format=%(refname)") == "refs/heads/main\n"
        assert git(desk.top, "symbolic-ref", "HEAD") == "refs/heads/main\n"


class TestPush:
    @pytest.fixture
    def remote(self, desk: Desk, tmp_path: Path) -> Path:
        bare = tmp_path / "remote.git"
        git(tmp_path, "init", "-q", "--bare", str(bare))
        git(desk.top, "remote", "add", "origin", str(bare))
        return bare

    def test_the_present_branch_goes_to_origin(self, desk: Desk, remote: Path) -> None:
        done = desk.call("git_push")
        assert done.ok, done.text
        assert git(remote, "rev-parse", "main") == git(desk.top, "rev-parse", "main")
        assert git(desk.top, "rev-parse", "origin/main") == git(desk.top, "rev-parse", "main")
        assert git(remote, "for-each-ref", "--format=%(refname)") == "refs/heads/main\n"

    def test_is_never_forced(self, desk: Desk, remote: Path) -> None:
        assert desk.call("git_push").ok
        there = git(remote, "rev-parse", "main")
        git(desk.top, "config", "remote.origin.push", "+refs/heads/*:refs/heads/*")
        git(desk.top, "commit", "-q", "--amend", "-m", "rewritten")
        done = desk.call("git_push", remote="origin", branch="main")
        assert not done.ok
        assert "never forced" in done.text
        assert git(remote, "rev-parse", "main") == there

    @pytest.mark.parametrize(
        ("remote_name", "branch", "words"),
        [
            ("origin", "+main", "nothing is forced"),
            ("origin", ":main", "nothing is forced"),
            ("origin", "main:other", "nothing is forced"),
            ("origin", "--mirror", "no name for a branch"),
            ("--mirror", "main", "no remote's name"),
            ("https://example.org/x.git", "main", "no remote's name"),
            ("../remote.git", "main", "no remote's name"),
            ("origin", "nowhere", "failed"),
            ("nowhere", "main", "no remote nowhere"),
        ],
    )
    def test_only_a_branch_to_a_configured_remote(
        self, desk: Desk, remote: Path, remote_name: str, branch: str, words: str
    ) -> None:
        done = desk.call("git_push", remote=remote_name, branch=branch)
        assert not done.ok
        assert words in done.text
        assert git(remote, "for-each-ref") == ""

    @pytest.mark.parametrize(
        "address",
        [
            "ext::sh -c 'touch ran'", "http://example.org/x", "git://example.org/x", "-oProxy=x:y",
            "ssh://-oProxyCommand=x/y", "fd::7", "https://a\nb/x", "./inside.git", "sub",
            "file::/x", "http::https://example.org",
        ],
    )  # fmt: skip
    def test_other_addresses_are_refused(self, desk: Desk, address: str) -> None:
        git(desk.top, "config", "remote.evil.url", address)
        done = desk.call("git_push", remote="evil", network=True)
        assert not done.ok
        assert "push it yourself" in done.text or "address" in done.text
        assert not (desk.top / "ran").exists()

    @pytest.mark.parametrize("address", ["https://u:pw@example.invalid/x", "git@example.invalid:x"])
    def test_the_network_is_off_unless_the_user_says_so(self, desk: Desk, address: str) -> None:
        git(desk.top, "config", "remote.origin.url", address)
        done = desk.call("git_push")
        assert "safety.network = true" in done.text
        assert "pw" not in done.text

    @posix
    def test_nothing_of_the_repository_runs(self, desk: Desk, remote: Path, tmp_path: Path) -> None:
        trap, script = tmp_path / "ran", tmp_path / "trap.sh"
        script.write_text(f"#!/bin/sh\ntouch '{trap}'\nexit 1\n")
        script.chmod(0o755)
        hooks = desk.top / ".git" / "hooks"
        hooks.mkdir(exist_ok=True)
        (hooks / "pre-push").write_bytes(script.read_bytes())
        (hooks / "pre-push").chmod(0o755)
        for key in ("core.sshCommand", "credential.helper", "remote.origin.receivepack",
                    "core.gitProxy", "core.askPass"):  # fmt: skip
            git(desk.top, "config", key, str(script))
        git(desk.top, "config", f"url.ext::{script} .insteadOf", str(remote))
        git(desk.top, "config", "protocol.ext.allow", "always")
        done = desk.call("git_push")
        assert done.ok, done.text
        assert not trap.exists()

    @posix
    @pytest.mark.parametrize("where", ["hooks", "hooksPath"])
    def test_a_remote_on_this_machine_runs_nothing(
        self, desk: Desk, remote: Path, tmp_path: Path, where: str
    ) -> None:
        trap, script = tmp_path / "ran", tmp_path / "trap.sh"
        script.write_text(f"#!/bin/sh\ntouch '{trap}'\n")
        script.chmod(0o755)
        for key in ("core.alternateRefsCommand", "core.fsmonitor", "core.sshCommand"):
            git(remote, "config", key, str(script))
        (remote / "objects" / "info" / "alternates").write_text(f"{desk.top}/.git/objects\n")
        assert desk.call("git_push").ok
        assert not trap.exists()
        if where == "hooks":
            (remote / "hooks").mkdir(exist_ok=True)
            (remote / "hooks" / "post-receive").symlink_to(script)
        else:
            git(remote, "config", "core.hooksPath", str(tmp_path))
        desk.apply("a.py", "x = 2\n")
        assert desk.commit().ok
        assert "hooks of its own; push it yourself" in desk.call("git_push").text
        assert not trap.exists()


def test_without_a_repository(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for name, arguments in (("create_branch", {"name": "x"}), ("git_push", {})):
        assert "not in a git repository" in desk.call(name, **arguments).text
