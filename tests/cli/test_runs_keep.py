"""``runs audit``, ``purge``, ``export`` and ``resume``, as a person calls them."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint, call

EDIT = Reply(tool_calls=(call("write_file", path="new.txt", content="größe\n"),))
ESCAPE = Reply(tool_calls=(call("read_file", path="../outside.txt"),))
STALL = Reply(stall_after=0)


def git(folder: Path, *words: str) -> list[str]:
    command = ["git", "-c", "user.name=A", "-c", "user.email=a@b.c", *words]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.split()


@pytest.fixture
def two_runs(lsp_agent: Command, use_remote: Callable[..., None]) -> None:
    with ScriptedEndpoint([EDIT, Reply(text="Made it."), Reply(text="An answer.")]) as endpoint:
        use_remote(endpoint.base_url)
        assert lsp_agent("run", "make a file", "--apply").status == 0
        assert lsp_agent("run", "say something").status == 0


def kinds(lsp_agent: Command) -> list[str]:
    return [row["kind"] for row in json.loads(lsp_agent("runs", "audit", "--json").out)]


class TestAudit:
    def test_it_lists_what_was_done(self, lsp_agent: Command, two_runs: None) -> None:
        assert kinds(lsp_agent) == [
            "run_started", "edit_offered", "run_finished", "edit_applying", "edit_applied",
            "run_started", "run_finished",
        ]  # fmt: skip
        lines = lsp_agent("runs", "audit").out.splitlines()
        assert len(lines) == 7
        assert "files=['new.txt']" in lines[4]

    def test_it_verifies(self, lsp_agent: Command, two_runs: None, home: Path) -> None:
        whole = lsp_agent("runs", "audit", "--verify")
        assert (whole.status, whole.out) == (0, "")
        connection = sqlite3.connect(home / "journal.sqlite")
        connection.execute("drop trigger audit_keeps")
        connection.execute("update audit set kind = 'approval' where id = 2")
        connection.commit()
        connection.close()
        broken = lsp_agent("runs", "audit", "--verify")
        assert broken.status == 1
        assert "broken at row 2: it was changed" in broken.err
        told = json.loads(lsp_agent("runs", "audit", "--verify", "--json").out)
        assert (told["ok"], told["id"]) == (False, 2)

    def test_a_path_that_leaves_the_folder_is_a_row(
        self, lsp_agent: Command, use_remote: Callable[..., None]
    ) -> None:
        with ScriptedEndpoint([ESCAPE, Reply(text="I can't.")]) as endpoint:
            use_remote(endpoint.base_url)
            assert lsp_agent("run", "look around").status == 0
        rows = json.loads(lsp_agent("runs", "audit", "--json").out)
        (refused,) = [row for row in rows if row["kind"] == "path_refused"]
        assert refused["data"]["tool"] == "read_file"
        assert "../outside.txt" in refused["data"]["why"]
        assert refused["run"] == rows[0]["run"]

    def test_trust_is_a_row(self, lsp_agent: Command, work: Path) -> None:
        lsp_agent("trust", ".")
        lsp_agent("untrust", ".")
        rows = json.loads(lsp_agent("runs", "audit", "--json").out)
        assert [row["data"] for row in rows] == [
            {"folder": str(work), "trusted": True},
            {"folder": str(work), "trusted": False},
        ]


class TestPurge:
    def test_all_goes_but_what_tells_of_it(self, lsp_agent: Command, two_runs: None) -> None:
        done = lsp_agent("runs", "purge", "--all", "--yes")
        assert done.status == 0
        assert "2 runs" in done.err
        assert lsp_agent("runs", "list").err == "no runs yet\n"
        assert kinds(lsp_agent) == ["purged"]
        assert lsp_agent("runs", "audit", "--verify").status == 0

    def test_a_named_run_and_a_date(self, lsp_agent: Command, two_runs: None) -> None:
        newest, oldest = json.loads(lsp_agent("runs", "list", "--json").out)
        assert lsp_agent("runs", "purge", "--before", "2020-01-01", "--yes").status == 0
        assert lsp_agent("runs", "purge", newest["id"], "--yes").status == 0
        assert [row["id"] for row in json.loads(lsp_agent("runs", "list", "--json").out)] == [
            oldest["id"]
        ]
        assert lsp_agent("runs", "audit", "--verify").status == 0

    def test_checkpoints_in_git_go_too(
        self, lsp_agent: Command, use_remote: Callable[..., None], work: Path, tmp_path: Path
    ) -> None:
        def refs(folder: Path) -> list[str]:
            return git(folder, "for-each-ref", "--format=%(refname:lstrip=3)", "refs/lsp-agent")

        other = tmp_path / "other"
        other.mkdir()
        for folder in (work, other):
            git(folder, "init", "-q")
        with ScriptedEndpoint([EDIT, Reply(text="ok")] * 3) as endpoint:
            use_remote(endpoint.base_url)
            assert lsp_agent("run", "a", "--apply").status == 0
            assert lsp_agent("run", "b", "--apply", cwd=other).status == 0
            (work / "new.txt").unlink()
            assert lsp_agent("run", "c", "--apply").status == 0
        newest, _, oldest = [
            row["id"] for row in json.loads(lsp_agent("runs", "list", "--json").out)
        ]
        assert refs(work) == [oldest, newest]
        mine = git(
            work,
            "commit-tree",
            git(work, "rev-parse", f"refs/lsp-agent/runs/{newest}^{{tree}}")[0],
            "-m",
            "x",
        )
        git(work, "update-ref", "refs/lsp-agent/runs/mine", mine[0])
        done = lsp_agent("runs", "purge", oldest, "--yes", cwd=tmp_path)
        assert "1 checkpoints in git" in done.err
        assert refs(work) == [newest, "mine"]
        moved = other.rename(tmp_path / "moved")
        other.symlink_to(moved)
        done = lsp_agent("runs", "purge", "--all", "--yes", cwd=tmp_path)
        assert done.status == 0
        assert "2 runs" in done.err
        assert "1 checkpoints in git" in done.err
        assert f"checkpoints in {other} stay: the folder became a link" in done.err
        assert refs(work) == ["mine"]
        assert len(refs(moved)) == 1

    @pytest.mark.parametrize(
        ("arguments", "word"),
        [
            ((), "name runs"),
            (("--all", "--before", "2020-01-01", "--yes"), "name runs"),
            (("--before", "soon", "--yes"), "'soon' is no date"),
            (("--all",), "add --yes"),
        ],
    )
    def test_what_is_not_clear_is_refused(
        self, lsp_agent: Command, two_runs: None, arguments: tuple[str, ...], word: str
    ) -> None:
        done = lsp_agent("runs", "purge", *arguments)
        assert done.status == 2
        assert word in done.err
        assert len(json.loads(lsp_agent("runs", "list", "--json").out)) == 2


class TestExport:
    def test_events_then_audit_rows(
        self, lsp_agent: Command, two_runs: None, tmp_path: Path
    ) -> None:
        newest, oldest = json.loads(lsp_agent("runs", "list", "--json").out)
        rows = [json.loads(line) for line in lsp_agent("runs", "export").out.splitlines()]
        shown = json.loads(lsp_agent("runs", "show", oldest["id"], "--json").out)["events"]
        assert [row for row in rows if row["run"] == oldest["id"]] == shown
        file = tmp_path / "out.jsonl"
        done = lsp_agent("runs", "export", newest["id"], "--audit", "--output", str(file))
        assert (done.status, done.out) == (0, "")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
        assert {row["run"] for row in rows} == {newest["id"]}
        assert [row["kind"] for row in rows if "audit" in row] == ["run_started", "run_finished"]


@pytest.fixture
def cut_off(lsp_agent: Command, use_remote: Callable[..., None], work: Path) -> Callable[[], str]:
    """Return a function that kills a run after its first edit and returns its id."""

    def kill() -> str:
        with ScriptedEndpoint([EDIT, STALL]) as endpoint:
            use_remote(endpoint.base_url)
            process = subprocess.Popen(
                [sys.executable, "-m", "lsp_agent", "run", "make a file", "--file", "old.py"],
                cwd=work, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            endpoint.wait_for_requests(2)
            seen = lsp_agent("runs", "list")
            assert " running " in seen.out
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        return str(seen.out.split()[0])

    work.joinpath("old.py").write_text("x = 1\n")
    return kill


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX systems")
class TestResume:
    def test_it_goes_on_with_the_edits_it_had_made(
        self,
        lsp_agent: Command,
        use_remote: Callable[..., None],
        work: Path,
        cut_off: Callable[[], str],
    ) -> None:
        run = cut_off()
        (row,) = json.loads(lsp_agent("runs", "list", "--json").out)
        assert (row["id"], row["status"]) == (run, "interrupted")
        with ScriptedEndpoint([Reply(text="All is done.")]) as endpoint:
            use_remote(endpoint.base_url)
            done = lsp_agent("runs", "resume", run[:11], "--apply")
            asked = json.dumps(endpoint.requests[0], ensure_ascii=False)
        assert done.status == 0, done.err
        assert f"run {run} goes on with its edits of new.txt" in done.err
        assert "Task: make a file" in asked
        assert "x = 1" in asked
        assert "Changed already: new.txt" in asked
        assert work.joinpath("new.txt").read_text("utf-8") == "größe\n"
        assert "run_resumed" in kinds(lsp_agent)
        statuses = [one["status"] for one in json.loads(lsp_agent("runs", "list", "--json").out)]
        assert statuses == ["edited", "interrupted"]

    def test_a_file_that_changed_since_is_left_alone(
        self,
        lsp_agent: Command,
        use_remote: Callable[..., None],
        work: Path,
        cut_off: Callable[[], str],
    ) -> None:
        run = cut_off()
        work.joinpath("new.txt").write_text("mine")
        with ScriptedEndpoint([Reply(text="Nothing to do.")]) as endpoint:
            use_remote(endpoint.base_url)
            done = lsp_agent("runs", "resume", run)
            assert "Changed already" not in json.dumps(endpoint.requests[0])
        assert (done.status, done.out) == (0, "Nothing to do.\n")
        assert "its edits are left out: new.txt" in done.err
        assert f"run {run} begins again" in done.err

    def test_it_is_told_once_at_the_next_run(
        self, lsp_agent: Command, use_remote: Callable[..., None], cut_off: Callable[[], str]
    ) -> None:
        run = cut_off()
        with ScriptedEndpoint([Reply(text="Yes.")]) as endpoint:
            use_remote(endpoint.base_url)
            first, second = (lsp_agent("run", "are you there") for _ in range(2))
        assert f"a run was cut off: {run} (make a file)" in first.err
        assert first.err.count("\n") == 1
        assert "cut off" not in second.err
        assert kinds(lsp_agent).count("run_interrupted") == 1

    def test_a_run_that_came_to_its_end_is_not_resumed(
        self, lsp_agent: Command, two_runs: None
    ) -> None:
        (row, _) = json.loads(lsp_agent("runs", "list", "--json").out)
        done = lsp_agent("runs", "resume", row["id"])
        assert done.status == 2
        assert "is answered; only a run that was cut off is resumed" in done.err

    def test_a_folder_that_is_gone_is_said(
        self, lsp_agent: Command, use_remote: Callable[..., None], tmp_path: Path
    ) -> None:
        folder = tmp_path / "other"
        folder.mkdir()
        use_remote("http://127.0.0.1:9/v1")
        assert lsp_agent("run", "fail", cwd=folder).status == 3
        folder.rmdir()
        (row,) = json.loads(lsp_agent("runs", "list", "--json").out)
        done = lsp_agent("runs", "resume", row["id"])
        assert (done.status, row["status"]) == (2, "failed")
        assert f"is gone: {folder}" in done.err


def test_a_journal_is_encrypted_where_the_settings_name_a_passphrase(
    lsp_agent: Command, use_remote: Callable[..., None], home: Path
) -> None:
    with ScriptedEndpoint([Reply(text="An answer of marmalade.")]) as endpoint:
        use_remote(endpoint.base_url, '[journal]\npassphrase_env = "JOURNAL_WORD"\n')
        assert lsp_agent("run", "say marmalade", JOURNAL_WORD="right").status == 0
        unset = lsp_agent("run", "say marmalade")
    assert unset.status == 0
    assert unset.err.count("JOURNAL_WORD, which is not set") == 1
    assert b"marmalade" not in home.joinpath("journal.sqlite").read_bytes()
    (row,) = json.loads(lsp_agent("runs", "list", "--json", JOURNAL_WORD="right").out)
    assert row["title"] == "say marmalade"
    for verb in ("list", "undo", "audit", "export"):
        wrong = lsp_agent("runs", verb, JOURNAL_WORD="wrong")
        assert (wrong.status, wrong.out) == (2, ""), wrong.err
        assert wrong.err.count("\n") == 1
        assert "the passphrase in JOURNAL_WORD is not the one" in wrong.err
    missing = lsp_agent("runs", "list")
    assert (missing.status, missing.out) == (2, "")
    assert missing.err.count("\n") == 1
