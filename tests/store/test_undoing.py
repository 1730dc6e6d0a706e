"""Which run an undo takes back, by a real journal."""

from __future__ import annotations

from pathlib import Path

from lsp_agent.store.changes import Changes, State
from lsp_agent.store.journal import Journal
from lsp_agent.store.undoing import Undoing
from lsp_agent.workspace.overlay import FileChange


def changed(journal: Journal, run: str, old: str, new: str, state: State) -> None:
    journal.start(run, run, "/w", "fix")
    Changes(journal).record(run, [FileChange("modify", "a.py", "file:///w/a.py", old, new)], state)


def test_an_offer_that_was_not_taken_hides_no_run(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite")
    changed(journal, "r1", "x = 1\n\ny = 1\n", "x = 1\n\ny = 2\n", "applied")
    changed(journal, "r2", "x = 1\n\ny = 2\n", "x = 2\n\ny = 2\n", "offered")
    plan = Undoing(journal).plan_last("/w", {"a.py": "x = 3\n\ny = 2\n"}.get)
    assert plan is not None
    assert plan.run.id == "r1"
    assert plan.undo.changes[0].after == "x = 3\n\ny = 1\n"
    journal.close()


def test_one_that_was_written_over_is_named(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite")
    changed(journal, "r1", "x = 1\n", "x = 2\n", "applied")
    plan = Undoing(journal).plan_last("/w", {"a.py": "x = 3\n"}.get)
    assert plan is not None
    assert [one.path for one in plan.undo.conflicts] == ["a.py"]
    journal.close()
