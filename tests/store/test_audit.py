"""The audit: one chain of rows, whoever writes, that shows what was changed by hand."""

from __future__ import annotations

import multiprocessing
import sqlite3
from pathlib import Path

import pytest

from lsp_agent.events import EventStream
from lsp_agent.store.audit import GENESIS, row_hash
from lsp_agent.store.journal import Journal


def record(journal: Journal, run_id: str) -> None:
    journal.start(run_id, "t", "/w", "fix")
    stream = EventStream(run_id, journal.record)
    stream.emit("run_started", task="a secret task", action="fix", engine="e")
    stream.emit("approval_requested", title="Allow?", detail="rm -r build")
    stream.emit("approval", title="Allow?", approved=False)
    stream.emit("edit", uri="file:///a.py", diff="the whole text")
    stream.emit("run_finished", status="edited", tokens=7, seconds=0.5)
    journal.flush()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    journal = Journal(tmp_path / "j.sqlite")
    record(journal, "a1")
    journal.note("path_refused", "a1", {"tool": "read_file", "why": "it leaves"})
    record(journal, "b2")
    journal.close()
    return tmp_path / "j.sqlite"


def tamper(path: Path, *statements: str) -> None:
    """Write as somebody who knows SQLite but not this chain."""
    connection = sqlite3.connect(path)
    connection.execute("drop trigger audit_keeps")
    connection.execute("drop trigger audit_stays")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_decisions_and_deeds_are_rows_of_one_chain(path: Path) -> None:
    rows = Journal(path).audit()
    kinds = ["run_started", "approval_requested", "approval", "edit_offered", "run_finished"]
    assert [row.kind for row in rows] == [*kinds, "path_refused", *kinds]
    assert [row.id for row in rows] == list(range(1, 12))
    assert rows[0].previous == GENESIS
    assert [row.previous for row in rows[1:]] == [row.hash for row in rows[:-1]]
    assert rows[2].data == {"title": "Allow?", "approved": False}
    assert "secret" not in str(rows)
    assert "whole text" not in str(rows)
    assert Journal(path).verify() is None


def test_the_hash_is_of_the_row_and_of_the_one_before(path: Path) -> None:
    import hashlib

    canonical = '{"data":"{}","id":1,"kind":"approval","run":"r","time":"t"}'
    expected = hashlib.sha256((GENESIS + canonical).encode()).hexdigest()
    assert row_hash(GENESIS, 1, "t", "r", "approval", "{}") == expected


@pytest.mark.parametrize("sql", ["update audit set kind = 'x'", "delete from audit where id = 2"])
def test_the_database_itself_refuses_changes(path: Path, sql: str) -> None:
    connection = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="audit rows"):
        connection.execute(sql)
    connection.close()


@pytest.mark.parametrize(
    ("statement", "row"),
    [
        ("update audit set data = '{}' where id = 3", 3),
        ("update audit set time = '' where id = 1", 1),
        ("delete from audit where id = 4", 5),
        ("delete from audit where id < 4", 4),
        ("delete from audit where id > 8", 9),
        ("delete from audit", 1),
        ("update audit set id = 99 where id = 11", 99),
        ("delete from meta where key = 'audit_head'", 12),
    ],
)
def test_what_was_changed_by_hand_is_named(path: Path, statement: str, row: int) -> None:
    tamper(path, statement)
    broken = Journal(path).verify()
    assert broken is not None
    assert broken.id == row


def test_rows_written_after_a_gap_do_not_hide_it(path: Path) -> None:
    tamper(path, "delete from audit where id > 9")
    journal = Journal(path)
    journal.note("approval", "c", {})
    broken = journal.verify()
    journal.close()
    assert broken is not None
    assert broken.id == 12


def _write(path: Path, name: str, go: object) -> None:
    go.wait()  # type: ignore[attr-defined]
    journal = Journal(path)
    for number in range(40):
        journal.note("approval", name, {"number": number})
    journal.close()


def test_processes_that_write_at_once_keep_one_chain(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    spawn = multiprocessing.get_context("spawn")
    go = spawn.Event()
    writers = [spawn.Process(target=_write, args=(path, name, go)) for name in "abc"]
    for writer in writers:
        writer.start()
    go.set()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    journal = Journal(path)
    rows = journal.audit()
    assert len(rows) == 120
    for name in "abc":
        assert [row.data["number"] for row in rows if row.run == name] == list(range(40))
    assert journal.verify() is None
