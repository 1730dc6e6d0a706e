"""A review from changed files to findings, with a model whose words are chosen."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lsp_agent.agent.redaction import RedactingEngine
from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.config.model import Settings
from lsp_agent.engine.types import Chat, Engine, EngineError, Job
from lsp_agent.errors import LspAgentError
from lsp_agent.review.changes import changed_files
from lsp_agent.review.run import Desk, Review
from lsp_agent.review.types import ChangedFile, Reviewed
from lsp_agent.store.findings import KeptFindings
from lsp_agent.store.journal import Journal
from lsp_agent.vcs.git import VcsError
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.roots import Root
from tests.support.scripted_engine import ScriptedEngine

OLD = "def area(w, h):\n    return w * h\n"
NEW = "def area(w, h):\n    return w + h\n"
ROW = {
    "quote": "w + h", "severity": "warning", "category": "bug",
    "message": "An area is a product.", "confidence": 0.9, "fix": "w * h",
}  # fmt: skip
ANSWER = json.dumps([ROW])


class Room:
    """A folder with a journal, where reviews are made."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "work"
        self.folder.mkdir()
        self.journal = Journal(folder / "journal.sqlite3")
        self.overlay = Overlay(Root(self.folder))

    def review(
        self,
        engine: Engine,
        files: list[ChangedFile] | None = None,
        cancel: CancelToken | None = None,
        most: int | None = None,
        **settings: Any,
    ) -> Reviewed:
        review = self.prepared(engine, files, most, **settings)
        return review.carry_out(cancel or CancelToken(), lambda _step, _share: None)

    def prepared(
        self,
        engine: Engine,
        files: list[ChangedFile] | None = None,
        most: int | None = None,
        **settings: Any,
    ) -> Review:
        @contextmanager
        def lease() -> Iterator[Engine]:
            yield engine

        desk = Desk(lease, Settings.model_validate({"review": settings}), self.journal)
        changed = [ChangedFile("a.py", OLD, NEW)] if files is None else files
        review = Review(desk, self.overlay, changed, most)
        review.prepare()
        return review

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events of the last run, as the journal has them."""
        runs = self.journal.runs(1)
        return self.journal.events(runs[0].id) if runs else []

    def fresh(self) -> Overlay:
        return Overlay(Root(self.folder))

    def git(self, *arguments: str) -> None:
        base = ["git", "-c", "user.name=A", "-c", "user.email=a@b.c"]
        subprocess.run([*base, *arguments], cwd=self.folder, check=True, capture_output=True)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path)
    yield made
    made.journal.close()


def test_a_finding_with_its_fix_and_the_events_of_a_run(room: Room) -> None:
    engine = ScriptedEngine([ANSWER], grammar=True)
    found = room.review(engine)
    (one,) = found.findings
    assert (one.path, one.quote, one.fix, one.severity) == ("a.py", "w + h", "w * h", "information")
    assert (found.asked, found.known) == (1, 0)
    assert [event["type"] for event in room.events] == ["run_started", "response", "run_finished"]
    assert room.events[0]["action"] == "review"
    assert (room.events[-1]["status"], room.events[-1]["tokens"]) == ("answered", 70)
    (request,) = engine.requests
    assert request.job is Job.REVIEW
    assert request.grammar is not None
    assert isinstance(request.prompt, Chat)
    assert "-    return w * h\n+    return w + h" in request.prompt.messages[1].content


def test_an_unchanged_hunk_is_never_paid_for_twice(room: Room, tmp_path: Path) -> None:
    engine = ScriptedEngine([ANSWER])
    first = room.review(engine)
    room.journal.close()
    room.journal = Journal(tmp_path / "journal.sqlite3")
    below = [ChangedFile("a.py", f"x = 1\n\n\n\n\n\n\n\n{OLD}", f"x = 1\n\n\n\n\n\n\n\n{NEW}")]
    again = room.review(engine)
    moved = room.review(engine, below)
    still = room.review(
        engine, [ChangedFile("a.py", f"y\n{below[0].before}", f"y\n{below[0].after}")]
    )
    assert again.findings == first.findings
    assert (again.asked, again.known) == (0, 1)
    other = room.review(engine, [ChangedFile("a.py", f"y\n{OLD}", f"y\n{NEW}")])
    assert (moved.asked, still.asked) == (0, 0)
    # What stands around it counts: it is part of what was asked.
    assert other.asked == 1
    assert still.findings[0].range.start.line == 10
    assert len(engine.requests) == 2
    assert room.prepared(ScriptedEngine([ANSWER], model="another")).prepare() == 1


def test_what_is_dropped_is_told_in_the_events(room: Room) -> None:
    rows = [{**ROW, "quote": "w / h"}, {**ROW, "message": "Consider a constant."}, ROW, ROW]
    found = room.review(ScriptedEngine([json.dumps(rows)]))
    assert len(found.findings) == 1
    assert len(found.dropped) == 2
    said = [event["detail"] for event in room.events if event["type"] == "verification"]
    assert "not there" in said[0]
    assert "style" in said[1]


def test_dismissed_findings_stay_away(room: Room) -> None:
    engine = ScriptedEngine([ANSWER])
    (one,) = room.review(engine).findings
    KeptFindings(room.journal).dismiss(str(room.folder), one.id)
    again = room.review(engine)
    assert again.findings == ()
    assert again.dismissed == 1
    assert KeptFindings(room.journal).dismissed("elsewhere") == frozenset()


def test_no_more_hunks_than_allowed(room: Room) -> None:
    before = "\n".join(f"line_{n} = {n}" for n in range(200))
    after = before
    for n in range(0, 200, 20):
        after = after.replace(f"line_{n} = {n}\n", f"line_{n} = call({n})\n")
    engine = ScriptedEngine(["[]"])
    changed = [ChangedFile("a.py", before, after)]
    found = room.review(engine, changed, most=4)
    assert (found.asked, found.left) == (4, 6)
    found = room.review(engine, changed, most=4)
    assert (found.asked, found.known, found.left) == (4, 4, 2)
    assert room.review(engine, changed).left == 0


def test_a_cancelled_review_keeps_what_was_answered(room: Room) -> None:
    cancel = CancelToken()

    def script(request: object) -> str:
        if len(engine.requests) == 2:
            cancel.cancel()
        return ANSWER

    engine = ScriptedEngine(script)
    files = [ChangedFile(name, OLD, NEW) for name in ("a.py", "b.py", "c.py")]
    with pytest.raises(Cancelled):
        room.review(engine, files, cancel)
    assert room.events[-1]["status"] == "cancelled"
    assert len(engine.requests) == 2
    assert room.prepared(engine, files).prepare() == 2


def test_an_engine_that_fails_ends_the_run(room: Room) -> None:
    with pytest.raises(EngineError, match="no"):
        room.review(ScriptedEngine([EngineError("no")]))
    assert [event["type"] for event in room.events] == ["run_started", "error", "run_finished"]
    assert room.events[-1]["status"] == "failed"


def test_a_narrow_model_is_not_asked(room: Room) -> None:
    engine = ScriptedEngine([ANSWER], jobs=("fix",), languages=("python",))
    review = room.prepared(engine)
    assert review.carry_out(CancelToken(), lambda _step, _share: None).findings == ()
    assert "review needs a larger model" in review.unable
    assert engine.requests == []
    assert room.events == []


def test_secrets_are_kept_from_a_model_elsewhere_and_from_messages(room: Room) -> None:
    key = "ghp_" + "a1B2c3D4e5F6" * 3
    row = {**ROW, "quote": "send('⟨secret:1⟩')", "message": "It sends ⟨secret:1⟩.", "fix": None}
    inner = ScriptedEngine([json.dumps([row])])
    files = [ChangedFile("a.py", "", f"def send(key):\n    pass\n\n\nsend('{key}')\n")]
    found = room.review(RedactingEngine(inner, lambda: True), files)
    assert key not in str(inner.requests)
    (one,) = found.findings
    assert one.quote == f"send('{key}')"
    assert one.message == "It sends ⟨secret⟩."
    room.journal.close()
    assert key.encode() not in (room.folder.parent / "journal.sqlite3").read_bytes()


def test_files_that_changed_since_a_commit(room: Room) -> None:
    room.git("init", "-q", "-b", "main")
    inner = room.folder / "inner"
    inner.mkdir()
    for path in ("a.py", "gone.py", "inner/b.py", "same.py", "c.json"):
        (room.folder / path).write_text(OLD)
    (room.folder / ".gitignore").write_text("built.py\n")
    room.git("add", "-A")
    room.git("commit", "-qm", "first")
    assert changed_files(room.fresh()) == []
    (room.folder / "a.py").write_text(NEW)
    (inner / "b.py").write_text(NEW)
    (room.folder / "gone.py").unlink()
    for path in ("fresh é.py", "built.py", ".env.sh", "x.min.js", "c.json", "notes.md"):
        (room.folder / path).write_text(NEW)
    a, b = ChangedFile("a.py", OLD, NEW), ChangedFile("inner/b.py", OLD, NEW)
    assert changed_files(room.fresh()) == [a, ChangedFile("fresh é.py", None, NEW), b]
    assert changed_files(room.fresh(), paths=["a.py", "same.py"]) == [a]
    assert changed_files(Overlay(Root(inner))) == [ChangedFile("b.py", OLD, NEW)]


def test_a_base_is_where_the_branch_was_left(room: Room) -> None:
    room.git("init", "-q", "-b", "main")
    (room.folder / "a.py").write_text(OLD)
    assert changed_files(room.fresh()) == [ChangedFile("a.py", None, OLD)]
    room.git("add", "-A")
    room.git("commit", "-qm", "first")
    room.git("checkout", "-qb", "topic")
    (room.folder / "a.py").write_text(NEW)
    room.git("commit", "-qam", "second")
    room.git("checkout", "-q", "main")
    (room.folder / "other.py").write_text("x = 1\n")
    room.git("add", "-A")
    room.git("commit", "-qm", "third")
    room.git("checkout", "-q", "topic")
    assert changed_files(room.fresh()) == []
    assert changed_files(room.fresh(), "main") == [ChangedFile("a.py", OLD, NEW)]
    for bad in ("nothing", "--output=x", "main:a.py"):
        with pytest.raises(VcsError):
            changed_files(room.fresh(), bad)


def test_a_folder_without_a_repository_says_so(room: Room) -> None:
    with pytest.raises(LspAgentError, match="not in a git repository"):
        changed_files(room.fresh())
