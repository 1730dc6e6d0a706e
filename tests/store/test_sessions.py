"""Sessions survive their process, and go with their runs."""

from __future__ import annotations

from pathlib import Path

from lsp_agent.config.model import JournalSettings
from lsp_agent.events import EventStream
from lsp_agent.store import sessions as sessions_module
from lsp_agent.store.journal import Journal
from lsp_agent.store.sessions import Sessions, Turn

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


def ran(journal: Journal, run_id: str) -> None:
    journal.start(run_id, "title", "/w", "")
    stream = EventStream(run_id, journal.record)
    stream.emit("run_finished", status="edited", tokens=1, seconds=0.1)


def test_turns_come_back_in_order_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    journal = Journal(path)
    one = Turn("r1", "rename it", "changed a.py", "Renamed.", ("a.py", "größe.py"))
    two = Turn("r2", "and test it", "no_change: nothing")
    sessions = Sessions(journal)
    sessions.append("/w", "work", one)
    sessions.append("/w", "work", two)
    sessions.append("/w", "other", Turn("r3", "t", "s"))
    sessions.append("/v", "work", Turn("r4", "t", "s"))
    journal.close()
    again = Sessions(Journal(path))
    assert again.turns("/w", "work") == [one, two]
    assert again.turns("/w", "unknown") == []
    assert again.newest("/v") == "work"
    assert again.newest("/nowhere") is None
    assert again.of_runs(["r1", "r3", "r9"]) == {"r1": "work", "r3": "other"}


def test_a_session_is_bounded_and_redacted(tmp_path: Path) -> None:
    sessions = Sessions(Journal(tmp_path / "j.sqlite"))
    for number in range(sessions_module._MAX_TURNS + 2):
        sessions.append("/w", "s", Turn(f"r{number}", f"use {TOKEN}", "s", "x" * 9000))
    found = sessions.turns("/w", "s")
    assert [found[0].run, found[-1].run] == ["r2", "r51"]
    assert found[0].task == "use ⟨secret⟩"
    assert len(found[0].answer) == sessions_module._MAX_TEXT


def test_purging_runs_takes_what_the_session_said(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite")
    sessions = Sessions(journal)
    for run in ("r1", "r2"):
        ran(journal, run)
        sessions.append("/w", "s", Turn(run, run, "done"))
    journal.purge(runs=["r1"])
    assert [turn.run for turn in sessions.turns("/w", "s")] == ["r2"]
    journal.purge(runs=["r2"])
    assert sessions.newest("/w") is None


def test_a_session_is_sealed_with_the_journal(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    journal = Journal(path, JournalSettings(passphrase_env="PASS"), env={"PASS": "word"})
    Sessions(journal).append("/w", "hush", Turn("r1", "a hushed task", "hushed", "", ("hush.py",)))
    assert Sessions(journal).turns("/w", "hush")[0].files == ("hush.py",)
    journal.close()
    assert b"hush" not in path.read_bytes()
    (sealed,) = Sessions(Journal(path, env={})).turns("/w", "hush")
    assert (sealed.task, sealed.files) == ("(sealed)", ())
