"""Notes: redacted, bounded, expiring, sealed where the journal is, gone when forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_agent.config.model import JournalSettings
from lsp_agent.store import notes as notes_module
from lsp_agent.store.journal import Journal, JournalError
from lsp_agent.store.notes import MAX_CHARACTERS, Notebook

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "j.sqlite")


def texts(book: Notebook) -> list[str]:
    return [note.text for note in book.notes()]


def test_a_note_says_who_made_it_and_until_when(journal: Journal) -> None:
    book = Notebook(journal, "/w", 180, "r1")
    made = book.remember("  TZ must be UTC ", "file:tests/a.py")
    (note,) = Notebook(journal, "/w", 180).notes()
    assert note == made
    assert (note.text, note.source, note.run) == ("TZ must be UTC", "file:tests/a.py", "r1")
    assert note.expires > note.made
    assert texts(Notebook(journal, "/other", 180)) == []


def test_the_same_note_is_kept_once(journal: Journal) -> None:
    book = Notebook(journal, "/w", 0)
    first = book.remember("one", "run")
    second = book.remember("one", "user")
    (note,) = book.notes()
    assert (note.id, note.source, note.expires) == (second.id, "user", "")
    assert first.id != second.id


@pytest.mark.parametrize("text", ["", "  \n", "x" * (MAX_CHARACTERS + 1)])
def test_what_is_no_note_is_refused(journal: Journal, text: str) -> None:
    with pytest.raises(JournalError, match="1 to 1,000 characters"):
        Notebook(journal, "/w", 0).remember(text, "run")


def test_secrets_are_not_kept(journal: Journal, tmp_path: Path) -> None:
    book = Notebook(journal, "/w", 0)
    book.remember(f"log in with {TOKEN}", "run")
    assert texts(book) == ["log in with ⟨secret⟩"]
    journal.close()
    assert all(TOKEN.encode() not in file.read_bytes() for file in tmp_path.iterdir())


def test_the_longest_unused_goes(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notes_module, "MAX_NOTES", 3)
    book = Notebook(journal, "/w", 0)
    Notebook(journal, "/other", 0).remember("elsewhere", "run")
    oldest, *_ = (book.remember(f"note {number}", "run") for number in range(3))
    book.used([oldest])
    book.remember("note 3", "run")
    assert len(texts(book)) == 3
    assert {"note 0", "note 3"} < set(texts(book))
    assert texts(Notebook(journal, "/other", 0)) == ["elsewhere"]


def test_a_note_that_expired_is_gone(journal: Journal) -> None:
    book = Notebook(journal, "/w", -1)
    book.remember("yesterday's", "run")
    assert texts(book) == []


def test_forgetting_leaves_no_trace(journal: Journal, tmp_path: Path) -> None:
    book = Notebook(journal, "/w", 0)
    book.remember("an unmistakable phrase", "user")
    book.remember("another", "user")
    assert book.forget(lambda note: note.text != "another") == 1
    assert texts(book) == ["another"]
    journal.close()
    found = [file for file in tmp_path.iterdir() if b"unmistakable" in file.read_bytes()]
    assert found == []


def test_notes_are_sealed_with_the_journal(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    settings = JournalSettings(passphrase_env="PASS")
    journal = Journal(path, settings, env={"PASS": "word"})
    Notebook(journal, "/w", 0).remember("a private matter", "file:private.py")
    assert texts(Notebook(journal, "/w", 0)) == ["a private matter"]
    journal.close()
    assert b"private" not in path.read_bytes()
    assert texts(Notebook(Journal(path, env={}), "/w", 0)) == ["(sealed)"]
