"""Answers that are kept, and findings that are not wanted, in a journal that may fail."""

from __future__ import annotations

import sqlite3
from functools import partial
from pathlib import Path

import pytest

from lsp_agent.config.model import JournalSettings
from lsp_agent.store import findings
from lsp_agent.store.findings import KeptFindings
from lsp_agent.store.journal import Journal
from lsp_agent.store.reading import Opened

ROWS = [{"quote": "a + b", "message": "no"}]


def test_what_is_kept_is_there_for_another_process(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    kept = KeptFindings(Journal(path))
    assert kept.known(["k"]) == {}
    assert kept.known([]) == {}
    kept.keep("k", ROWS)
    kept.keep("empty", [])
    kept.dismiss("/w", "f1")
    other = KeptFindings(Journal(path))
    many = [f"no{n}" for n in range(1200)]
    assert other.known(["k", "empty", *many]) == {"k": ROWS, "empty": []}
    assert other.dismissed("/w") == {"f1"}
    assert other.dismissed("/v") == frozenset()


def test_a_purge_forgets_answers_that_are_not_of_use_any_more(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite3")
    kept = KeptFindings(journal)
    kept.keep("old", ROWS)
    kept.keep("used", ROWS)
    journal.put(lambda it: it.database.execute("update findings set used = '2020-01-01'"))
    assert kept.known(["used"]) == {"used": ROWS}
    journal.purge(before="2021-01-01")
    assert kept.known(["old", "used"]) == {"used": ROWS}


def test_the_answers_that_were_of_use_last_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(findings, "MAX_ROWS", 2)
    journal = Journal(tmp_path / "journal.sqlite3")
    kept = KeptFindings(journal)
    for number, key in enumerate(("a", "b", "c")):
        kept.keep(key, ROWS)
        sql = f"update findings set used = '202{number}' where key = '{key}'"
        journal.put(partial(_execute, sql))
    assert set(kept.known(["a", "b", "c"])) == {"b", "c"}


def _execute(sql: str, opened: Opened) -> None:
    opened.database.execute(sql)


def test_a_folder_whose_name_is_no_text(tmp_path: Path) -> None:
    said: list[str] = []
    kept = KeptFindings(Journal(tmp_path / "journal.sqlite3", warn=said.append))
    kept.dismiss("/w/\udcff", "f1")
    assert kept.dismissed("/w/\udcff") == {"f1"}
    assert said == []


def test_a_sealed_answer_is_asked_for_again_without_the_passphrase(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    settings = JournalSettings(passphrase_env="PASS")
    journal = Journal(path, settings, env={"PASS": "words"})
    kept = KeptFindings(journal)
    kept.keep("k", ROWS)
    assert kept.known(["k"]) == {"k": ROWS}
    journal.close()
    assert b"a + b" not in path.read_bytes()
    assert KeptFindings(Journal(path, env={})).known(["k"]) == {}


def test_a_journal_that_fails_costs_the_answers_only(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    database = sqlite3.connect(path)
    database.execute("pragma user_version = 99")
    database.commit()
    database.close()
    kept = KeptFindings(Journal(path, warn=lambda _: None))
    kept.keep("k", ROWS)
    kept.dismiss("/w", "f1")
    assert kept.known(["k"]) == {}
    assert kept.dismissed("/w") == frozenset()
