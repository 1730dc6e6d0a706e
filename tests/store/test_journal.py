"""Runs are recorded behind the runs' backs; a bad database costs a warning, never a run."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlite_utils import Database

from lsp_agent.events import EventStream
from lsp_agent.store import database
from lsp_agent.store.journal import Journal, JournalError
from lsp_agent.store.migrations import STEPS


def record(journal: Journal, run_id: str, title: str = "t", workspace: str = "/w") -> None:
    journal.start(run_id, title, workspace, "fix")
    stream = EventStream(run_id, journal.record)
    stream.emit("run_started", task="é")
    stream.emit("run_finished", status="edited", tokens=7, seconds=0.5)
    journal.conclude(run_id, "done")


def test_runs_and_events_come_back(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "sub" / "j.sqlite")
    record(journal, "a1")
    record(journal, "b2", workspace="/v")
    rows = journal.runs()
    assert [row.id for row in rows] == ["b2", "a1"]
    row = rows[1]
    assert (row.status, row.tokens, row.seconds, row.summary) == ("edited", 7, 0.5, "done")
    assert row.started
    assert row.finished
    assert [one.id for one in journal.runs(workspace="/v")] == ["b2"]
    events = journal.events("a1")
    assert [event["seq"] for event in events] == [1, 2]
    assert (events[0]["type"], events[0]["task"], events[0]["run"]) == ("run_started", "é", "a1")
    journal.close()


def test_another_process_reads_it(tmp_path: Path) -> None:
    first, second = Journal(tmp_path / "j.sqlite"), Journal(tmp_path / "j.sqlite")
    record(first, "a1")
    first.flush()
    record(second, "a2")
    second.flush()
    assert [row.id for row in first.runs()] == ["a2", "a1"]
    first.close()
    second.close()


def test_a_prefix_names_a_run(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite")
    assert journal.runs() == []
    record(journal, "abc1")
    record(journal, "abd2")
    assert journal.run("abc").id == "abc1"
    for prefix in ("ab", "x", "", "a%"):
        with pytest.raises(JournalError, match="runs list"):
            journal.run(prefix)
    journal.close()


def test_events_from_many_threads_are_all_kept(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite")
    journal.start("a", "t", "", "")
    stream = EventStream("a", journal.record)
    threads = [
        threading.Thread(target=lambda: [stream.emit("plan", text="x") for _ in range(50)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [event["seq"] for event in journal.events("a")] == list(range(1, 201))
    journal.close()


def test_corrupt_database_is_moved_aside_and_said(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    path.write_bytes(b"this is no database, but it is long enough to be read as one" * 40)
    warnings: list[str] = []
    journal = Journal(path, warn=warnings.append)
    record(journal, "a1")
    assert [row.id for row in journal.runs()] == ["a1"]
    assert "was corrupt" in warnings[0]
    assert (tmp_path / "j.corrupt.sqlite").exists()
    journal.close()


def test_a_folder_that_can_not_be_written_costs_one_warning(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    warnings: list[str] = []
    journal = Journal(tmp_path / "file" / "j.sqlite", warn=warnings.append)
    record(journal, "a1")
    journal.close()
    assert len(warnings) == 1
    assert "not recorded" in warnings[0]


def test_a_newer_schema_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("pragma user_version = 99")
    with pytest.raises(JournalError, match="newer lsp-agent"):
        Journal(path).runs()


def test_secrets_are_not_kept(tmp_path: Path) -> None:
    token = "ghp_" + "a1B2c3D4e5F6" * 3
    journal = Journal(tmp_path / "j.sqlite")
    journal.start("a1", f"use {token}", "/w", "")
    stream = EventStream("a1", journal.record)
    stream.emit("tool_result", id="1", ok=True, preview=f"x = '{token}'", truncated=False)
    stream.emit("tool_call", id="2", name="x", arguments={"password": "hunter2", "a": [token]})
    journal.conclude("a1", f"took {token}")
    assert journal.runs()[0].title == "use ⟨secret⟩"
    assert journal.runs()[0].summary == "took ⟨secret⟩"
    assert journal.events("a1")[0]["preview"] == "x = '⟨secret⟩'"
    journal.close()
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert token.encode() not in kept
    assert b"hunter2" not in kept


def test_a_newer_schema_costs_runs_one_warning(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("pragma user_version = 99")
    before = path.read_bytes()
    warnings: list[str] = []
    journal = Journal(path, warn=warnings.append)
    record(journal, "a1")
    journal.close()
    assert len(warnings) == 1
    assert "newer lsp-agent" in warnings[0]
    assert path.read_bytes()[100:] == before[100:]


def test_a_database_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    old = Database(path)
    STEPS[0](old)
    old.execute("pragma user_version = 1")
    row = {
        "id": "a0", "title": "old", "action": "", "workspace": "", "status": "running",
        "summary": "", "started": datetime.now(UTC).isoformat(), "finished": "", "tokens": 0,
        "seconds": 0.0,
    }  # fmt: skip
    old.table("runs").insert(row)
    old.close()
    journal = Journal(path)
    record(journal, "b1")
    assert [(row.id, row.status) for row in journal.runs()] == [
        ("b1", "edited"),
        ("a0", "interrupted"),
    ]
    assert (journal.request("a0"), journal.working("a0")) == ("", [])
    assert [row.id for row in journal.notice_interrupted()] == ["a0"]
    assert journal.notice_interrupted() == []
    journal.close()


def test_a_lock_of_another_costs_one_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_BUSY_MS", 20)
    path = tmp_path / "j.sqlite"
    warnings: list[str] = []
    journal = Journal(path, warn=warnings.append)
    record(journal, "a1")
    journal.flush()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("begin immediate")
    record(journal, "b2")
    journal.flush()
    other.execute("rollback")
    other.close()
    record(journal, "c3")
    record(journal, "d4")
    assert [row.id for row in journal.runs()] == ["d4", "c3", "a1"]
    journal.close()
    assert len(warnings) == 2
    assert "locked" in warnings[0]
    assert "recorded again" in warnings[1]


def test_one_that_could_not_be_opened_is_tried_again_with_the_next_run(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "j.sqlite"
    path.parent.write_text("in the way")
    warnings: list[str] = []
    journal = Journal(path, warn=warnings.append)
    record(journal, "a1")
    record(journal, "b2")
    journal.flush()
    assert len(warnings) == 1
    path.parent.unlink()
    journal.note("trust_changed")
    journal.flush()
    assert not path.exists()
    record(journal, "c3")
    assert [row.id for row in journal.runs()] == ["c3"]
    assert [event["type"] for event in journal.events("c3")][-1] == "run_finished"
    journal.close()
    assert len(warnings) == 2
    assert "recorded again" in warnings[1]


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX systems")
def test_a_full_disk_costs_one_warning(tmp_path: Path) -> None:
    code = """
import resource, sys
from pathlib import Path
from lsp_agent.store.journal import Journal
journal = Journal(Path(sys.argv[1]), warn=print)
journal.start("a", "t", "", "")
journal.flush()
limits = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
for number in range(5):
    journal.start(f"b{number}", "x" * 200_000, "", "")
journal.flush()
resource.setrlimit(resource.RLIMIT_FSIZE, limits)
for number in range(2):
    journal.start(f"c{number}", "t", "", "")
journal.close()
"""
    path = tmp_path / "j.sqlite"
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], check=True, capture_output=True, text=True
    )
    assert [line.partition(":")[0] for line in done.stdout.splitlines()] == [
        "runs are not recorded", "runs are recorded again"
    ]  # fmt: skip
    journal = Journal(path)
    assert [row.id for row in journal.runs(100)] == ["c1", "c0", "a"]
    record(journal, "d1")
    assert journal.runs()[0].id == "d1"
    journal.close()


def test_pages_that_are_broken_inside_never_raise(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    journal = Journal(path)
    for number in range(200):
        record(journal, f"a{number:03}", title="x" * 500)
    journal.close()
    content = bytearray(path.read_bytes())
    content[8192:-8192] = b"\xff" * (len(content) - 16384)
    path.write_bytes(content)
    warnings: list[str] = []
    broken = Journal(path, warn=warnings.append)
    record(broken, "b1")
    broken.close()
    assert len(warnings) == 1


def test_nobody_waits_for_a_journal_that_can_not_be_opened(tmp_path: Path) -> None:
    (tmp_path / "j.sqlite").mkdir()
    warnings: list[str] = []
    journal = Journal(tmp_path / "j.sqlite", warn=warnings.append)
    began = time.monotonic()
    record(journal, "a1")
    journal.flush()
    assert not journal.commit(lambda opened: None)
    assert time.monotonic() - began < 5
    with pytest.raises(JournalError, match="can't be read"):
        journal.runs()
    journal.close()
    assert len(warnings) == 1


def test_what_is_committed_is_in_the_database(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    journal = Journal(path)
    record(journal, "a1")
    assert journal.commit(lambda it: it.database.execute("update runs set action = 'other'"))
    connection = sqlite3.connect(path)
    assert connection.execute("select action from runs").fetchone() == ("other",)
    connection.close()
    assert not journal.commit(lambda it: it.database.execute("nonsense"))
    journal.close()


def test_one_that_is_damaged_inside_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    journal = Journal(path)
    for number in range(50):
        record(journal, f"r{number}")
    journal.close()
    data = bytearray(path.read_bytes())
    data[4096:] = bytes(byte ^ 0x5A for byte in data[4096:])
    path.write_bytes(data)
    with pytest.raises(JournalError, match="move it away"):
        Journal(path).runs()
