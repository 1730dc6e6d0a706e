"""What is forgotten, and that the audit's chain holds after it."""

from __future__ import annotations

import sqlite3
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lsp_agent.config.model import JournalSettings
from lsp_agent.events import Event, EventStream
from lsp_agent.store.journal import Journal
from lsp_agent.workspace.overlay import FileChange

CHANGE = FileChange("modify", "a.py", "file:///a.py", "the old text", "the new text")


def record(journal: Journal, run_id: str, *, ends: bool = True) -> None:
    journal.start(run_id, f"title of {run_id}", "/w", "fix")
    stream = EventStream(run_id, journal.record)
    stream.emit("run_started", task="t")
    journal.keep(run_id, [CHANGE])
    if ends:
        stream.emit("run_finished", status="failed", tokens=7, seconds=0.5)
    journal.flush()


def tables(path: Path) -> dict[str, int]:
    connection = sqlite3.connect(path)
    names = ("runs", "events", "working", "audit")
    counts = {
        name: connection.execute(f"select count(*) from {name}").fetchone()[0] for name in names
    }
    connection.close()
    return counts


def between(journal: Journal) -> str:
    """Return a moment after all that was recorded; the next thing comes later."""
    last = datetime.fromisoformat(journal.audit()[-1].time)
    moment = last + timedelta(milliseconds=1)
    while datetime.now(UTC) <= moment + timedelta(milliseconds=1):
        pass
    return moment.isoformat(timespec="milliseconds")


def test_a_time_goes_with_all_that_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    journal = Journal(path)
    record(journal, "a1")
    moment = between(journal)
    record(journal, "b2")
    gone = journal.purge(before=moment)
    assert (gone.runs, gone.events, gone.audit) == (1, 2, 2)
    assert [row.id for row in journal.runs()] == ["b2"]
    assert tables(path) == {"runs": 1, "events": 2, "working": 1, "audit": 3}
    last = journal.audit()[-1]
    assert last.kind == "purged"
    assert (last.data["runs"], last.data["audit"]) == (1, 2)
    assert last.data["last"] == journal.audit()[0].previous
    assert journal.verify() is None
    journal.close()


def test_everything_goes_and_the_chain_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    journal = Journal(path)
    record(journal, "a1")
    for _ in range(3):
        journal.purge(before="9999")
        assert [row.kind for row in journal.audit()] == ["purged"]
        assert journal.verify() is None
    record(journal, "b2")
    assert journal.verify() is None
    journal.close()
    content = path.read_bytes()
    assert b"title of a1" not in content
    assert b"title of b2" in content


def test_a_named_run_goes_without_its_audit(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    journal = Journal(path)
    record(journal, "a1")
    record(journal, "b2")
    assert journal.purge(runs=["a1"]).runs == 1
    assert tables(path) == {"runs": 1, "events": 2, "working": 1, "audit": 5}
    assert journal.verify() is None
    assert journal.purge(runs=["a1"]).runs == 0
    assert len(journal.audit()) == 5
    journal.close()


def test_a_run_under_way_stays(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite")
    record(journal, "a1", ends=False)
    assert journal.purge(before="9999").runs == 0
    assert journal.purge(runs=["a1"]).runs == 0
    assert [row.status for row in journal.runs()] == ["running"]
    journal.close()


def test_old_runs_are_forgotten_once_a_day(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    old = (datetime.now(UTC) - timedelta(days=10)).isoformat(timespec="milliseconds")

    def record_old(journal: Journal, run_id: str) -> None:
        journal.start(run_id, "t", "", "")
        journal.record(Event(run_id, 1, old, "run_started", {}))
        journal.record(Event(run_id, 2, old, "run_finished", {"status": "answered"}))
        journal.flush()

    keeping = Journal(path, JournalSettings(keep_days=0))
    record_old(keeping, "a1")
    keeping.close()
    daily = Journal(path, JournalSettings(keep_days=9))
    record(daily, "b2")
    assert [row.id for row in daily.runs()] == ["b2"]
    record_old(daily, "a3")
    record(daily, "b4")
    assert [row.id for row in daily.runs()] == ["b4", "b2", "a3"]
    daily.close()
    assert Journal(path).verify() is None


def test_only_the_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "home" / "j.sqlite"
    journal = Journal(path)
    record(journal, "a1")
    modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()}
    assert modes == {"j.sqlite": 0o600, "j.sqlite-wal": 0o600, "j.sqlite-shm": 0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    journal.close()
    path.chmod(0o644)
    Journal(path).runs()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
