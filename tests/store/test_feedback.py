"""What became of edits: the last word counts, bounded, redacted, gone with its run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lsp_agent.config.model import JournalSettings
from lsp_agent.store import feedback as feedback_module
from lsp_agent.store.feedback import Became, Feedback, as_chat
from lsp_agent.store.journal import Journal
from lsp_agent.store.responses import Responses
from tests.store.test_sessions import TOKEN, ran

ROW = Became("r1", 0, "edit", "python", "accepted", "make it so", "a = 1\n", "a = 2\n")


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "j.sqlite")


def verdicts(feedback: Feedback) -> dict[str, str]:
    return {f"{one.run}/{one.number}": one.verdict for one in feedback.rows()}


def test_the_last_word_counts(journal: Journal) -> None:
    feedback = Feedback(journal)
    feedback.keep("/w", ROW)
    feedback.keep("/w", replace(ROW, number=1, verdict="edited", final="a = 3\n"))
    feedback.keep("/w", replace(ROW, verdict="edited", final="a = 4\n"))
    feedback.keep("/v", replace(ROW, run="r2"))
    assert verdicts(feedback) == {"r1/0": "edited", "r1/1": "edited", "r2/0": "accepted"}
    feedback.reject("r1")
    assert verdicts(feedback) == {"r1/0": "rejected", "r1/1": "rejected", "r2/0": "accepted"}
    assert [one.run for one in feedback.rows("/v")] == ["r2"]
    assert [one.run for one in feedback.rows(verdict="accepted", language="python")] == ["r2"]
    assert feedback.rows("/w", action="fix") == []
    assert feedback.forget("/w") == 2
    assert feedback.forget() == 1
    assert feedback.rows() == []


def test_secrets_and_long_edits_are_not_kept(journal: Journal) -> None:
    feedback = Feedback(journal)
    feedback.keep("/w", replace(ROW, answer="x" * 9000))
    feedback.keep("/w", replace(ROW, run="r2", before=f"KEY = '{TOKEN}'\n"))
    (row,) = feedback.rows()
    assert row.before == "KEY = '⟨secret⟩'\n"


def test_the_oldest_goes(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feedback_module, "MAX_ROWS", 3)
    feedback = Feedback(journal)
    for number in range(5):
        feedback.keep("/w", replace(ROW, run=f"r{number}"))
    assert len(feedback.rows()) == 3


def test_it_goes_with_its_run(journal: Journal) -> None:
    feedback = Feedback(journal)
    for run in ("r1", "r2"):
        ran(journal, run)
        feedback.keep("/w", replace(ROW, run=run))
    journal.purge(runs=["r1"])
    assert [one.run for one in feedback.rows()] == ["r2"]


def test_answers_go_with_the_time_they_served_last(journal: Journal) -> None:
    responses = Responses(journal)
    responses.keep("a" * 64, "an answer")
    journal.purge(before="2020-01-01")
    assert responses.get("a" * 64) == "an answer"
    journal.purge(before="9999")
    assert responses.get("a" * 64) is None


def test_it_is_sealed_with_the_journal(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    journal = Journal(path, JournalSettings(passphrase_env="PASS"), env={"PASS": "word"})
    Feedback(journal).keep("/w", replace(ROW, task="a hushed task", answer="hush = 1\n"))
    assert Feedback(journal).rows()[0].answer == "hush = 1\n"
    journal.close()
    assert b"hush" not in path.read_bytes()
    assert Feedback(Journal(path, env={})).rows()[0].task == "(sealed)"


def test_a_row_in_chat_form() -> None:
    assert as_chat(ROW) == {
        "messages": [
            {"role": "user", "content": "make it so\n\n```python\na = 1\n```"},
            {"role": "assistant", "content": "```python\na = 2\n```"},
        ]
    }
    edited = as_chat(replace(ROW, verdict="edited", final="a = 3\n"))
    assert "a = 3" in edited["messages"][1]["content"]
