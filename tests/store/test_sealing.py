"""Encryption at rest: nothing of a run's content is in the file, and no passphrase is guessed."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_agent.config.model import JournalSettings
from lsp_agent.events import EventStream
from lsp_agent.store.journal import Journal, JournalError
from lsp_agent.store.sealing import DAMAGED, SEALED, Codec
from lsp_agent.workspace.overlay import FileChange

ON = JournalSettings(passphrase_env="SECRET")
ENV = {"SECRET": "correct horse"}
WORD = "marmalade"
CHANGE = FileChange("modify", "a.py", "file:///a.py", f"{WORD} before", f"{WORD} after")


def record(journal: Journal, run_id: str = "a1") -> None:
    journal.start(run_id, f"{WORD} title", "/w", "fix", f'{{"task": "{WORD}"}}')
    stream = EventStream(run_id, journal.record)
    stream.emit("run_started", task=WORD, engine=WORD)
    stream.emit("approval_requested", title="Allow?", detail=WORD)
    journal.keep(run_id, [CHANGE])
    stream.emit("run_finished", status="failed", tokens=7, seconds=0.5)
    journal.conclude(run_id, f"{WORD} done")
    journal.close()


def opened(path: Path, env: Mapping[str, str] = ENV, on: JournalSettings = ON) -> Journal:
    return Journal(path, on, env=env)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    record(opened(tmp_path / "j.sqlite"))
    return tmp_path / "j.sqlite"


def test_no_word_of_a_run_is_in_the_file(path: Path) -> None:
    assert WORD.encode() not in path.read_bytes()
    journal = opened(path)
    row = journal.run("a1")
    assert (row.title, row.summary) == (f"{WORD} title", f"{WORD} done")
    assert WORD in journal.request("a1")
    assert journal.events("a1")[0]["task"] == WORD
    assert journal.audit()[1].data["detail"] == WORD
    (change,) = journal.working("a1")
    assert (change.before, change.after) == (CHANGE.before, CHANGE.after)


def test_the_chain_is_verified_without_the_passphrase(path: Path) -> None:
    assert Journal(path, env={}).verify() is None
    purged = opened(path)
    purged.purge(before="9999")
    assert Journal(path, env={}).verify() is None


def test_a_wrong_passphrase_is_one_clear_error(path: Path) -> None:
    with pytest.raises(JournalError, match="passphrase in SECRET is not the one"):
        opened(path, {"SECRET": "wrong"}).runs()


@pytest.mark.parametrize("env", [{}, {"SECRET": ""}])
def test_without_the_passphrase_nothing_is_recorded_in_plain(
    path: Path, env: Mapping[str, str]
) -> None:
    warnings: list[str] = []
    journal = Journal(path, ON, env=env, warn=warnings.append)
    record(journal, "b2")
    assert len(warnings) == 1
    assert "SECRET, which is not set" in warnings[0]
    assert [row.id for row in opened(path).runs()] == ["a1"]


def test_turned_off_it_is_still_read_with_the_passphrase(path: Path) -> None:
    off = JournalSettings()
    record(opened(path, ENV, off), "b2")
    assert [row.title for row in opened(path, ENV, off).runs()] == [f"{WORD} title"] * 2
    blind = opened(path, {}, off)
    assert [row.title for row in blind.runs()] == [f"{WORD} title", SEALED]
    assert blind.events("a1")[0]["unreadable"] == SEALED
    assert blind.events("b2")[0]["task"] == WORD


def test_turned_on_later_the_plain_rows_are_said_and_read(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    record(Journal(path), "a1")
    warnings: list[str] = []
    record(Journal(path, ON, env=ENV, warn=warnings.append), "b2")
    assert len(warnings) == 1
    assert "1 runs of before stay as they are" in warnings[0]
    journal = Journal(path, ON, env=ENV, warn=warnings.append)
    assert [row.title for row in journal.runs()] == [f"{WORD} title"] * 2
    assert len(warnings) == 1


def test_a_text_that_was_moved_or_changed_does_not_open(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("update runs set summary = title, title = title || 'A'")
    connection.commit()
    connection.close()
    row = opened(path).run("a1")
    assert (row.title, row.summary) == (DAMAGED, DAMAGED)


@settings(deadline=None)
@given(st.one_of(st.text(), st.sampled_from(["sealed:1:x", "plain:1:sealed:1:", "plain:1:"])))
def test_any_text_comes_back(text: str) -> None:
    place = ("runs", "title", "a")
    plain, sealing = Codec(), Codec(b"k" * 32, sealing=True)
    assert plain.read(plain.write(text, *place), *place) == text
    assert sealing.read(sealing.write(text, *place), *place) == text
    assert sealing.read(plain.write(text, *place), *place) == text
    if text:
        assert sealing.write(text, *place) != sealing.write(text, *place)


def test_bytes_that_are_no_character_can_be_recorded(tmp_path: Path) -> None:
    for codec in (Codec(), Codec(b"k" * 32, sealing=True)):
        stored = codec.write("a\udcff", "t")
        assert stored.encode()
        assert codec.read(stored, "t") == "a\\udcff"
    assert Codec().write(None, "t") is None
