"""Undoing runs: which one, what is to be done, and the record of it, which is a run of its own.

So an undo is undone like any run, which is what a redo is.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from lsp_agent.events import EventStream
from lsp_agent.store.changes import Changes
from lsp_agent.store.feedback import Feedback
from lsp_agent.store.journal import Journal, JournalError, RunRow
from lsp_agent.store.undo import Read, Undo, plan_undo
from lsp_agent.workspace.diff import unified_diff

ACTION = "undo"
"""The action that an undo is recorded under."""


@dataclass(frozen=True, slots=True)
class UndoPlan:
    """A run and what takes it back; ``applied`` if any of its changes was seen to arrive."""

    run: RunRow
    undo: Undo
    undone_before: bool = False
    applied: bool = True

    def to_json(self) -> dict[str, object]:
        """Return the files that change and those that are left, as commands answer."""
        paths = {change.path for change in self.undo.changes}
        moved = {change.new_path for change in self.undo.changes if change.new_path}
        return {
            "files": sorted(paths | moved),
            "conflicts": [
                {
                    "path": one.path,
                    "reason": one.reason,
                    "lines": [list(pair) for pair in one.lines],
                }
                for one in self.undo.conflicts
            ],
        }


class Undoing:
    """Undos by one journal; nothing here writes a user's file."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._changes = Changes(journal)

    def plan(self, run: RunRow, read: Read) -> UndoPlan:
        """Return what takes a run back, given the texts as they are now.

        Raises :class:`JournalError` for a run that changed nothing.
        """
        recorded = self._changes.of(run)
        if not recorded:
            raise JournalError(f"run {run.id} changed no file; see: lsp-agent runs show {run.id}")
        left = [one.change for one in recorded if one.state != "undone"]
        applied = any(one.state != "offered" for one in recorded)
        return UndoPlan(run, plan_undo(left, read), undone_before=not left, applied=applied)

    def plan_last(self, workspace: str, read: Read) -> UndoPlan | None:
        """Return what takes back the newest run of a folder of which something is left.

        An edit that an editor was offered and, as far as is known, did not take is passed over.
        ``None`` without any.
        """
        for run in self._changes.runs(workspace):
            plan = self.plan(run, read)
            if plan.undo.changes or (workspace and plan.undo.conflicts and plan.applied):
                return plan
        return None

    def begin(self, plan: UndoPlan, run_id: str) -> UndoRun:
        """Write down what is about to be done, under the id of a new run.

        Raises :class:`JournalError` where that can't be: nothing is to be undone then, as there
        would be no way back from it.
        """
        run = plan.run
        title = f"Undo: {run.title}"
        self._journal.start(run_id, title, run.workspace, ACTION)
        events = EventStream(run_id, self._journal.record)
        events.emit("run_started", task=title, action=ACTION, engine=None, path=None, undoes=run.id)
        for change in plan.undo.changes:
            new_path = change.new_path or change.path
            diff = unified_diff(change.before, change.after, change.path, new_path)
            events.emit("edit", uri=change.uri, diff=diff)
        undone = UndoRun(run_id, plan, events, self._journal, self._changes)
        if not self._changes.record(run_id, plan.undo.changes, "offered"):
            error = JournalError("the journal can't be written, so nothing is undone; try again")
            undone.fail(error)
            raise error
        return undone


@dataclass(slots=True)
class UndoRun:
    """An undo under way; it ends by :meth:`finish` or :meth:`fail`."""

    run_id: str
    plan: UndoPlan
    _events: EventStream
    _journal: Journal
    _changes: Changes
    _started: float = field(default_factory=time.monotonic)

    def finish(self) -> None:
        """Write down that it was carried out."""
        run, conflicts = self.plan.run, self.plan.undo.conflicts
        self._changes.mark(self.run_id, "applied")
        self._changes.mark(run.id, "undone", but=[one.path for one in conflicts])
        Feedback(self._journal).reject(run.id)
        if run.action == ACTION:
            for event in self._journal.events(run.id)[:1]:
                self._changes.mark(str(event.get("undoes", "")), "applied")
        files = [change.new_path or change.path for change in self.plan.undo.changes]
        self._journal.note("edit_undone", self.run_id, {"undoes": run.id, "files": files})
        count = len(files)
        left = f", {len(conflicts)} left as they are" if conflicts else ""
        self._end("edited", f"undid run {run.id} in {count} file(s){left}")

    def fail(self, error: Exception) -> None:
        """Write down that it was not."""
        self._events.emit("error", code=getattr(error, "code", "internal"), message=str(error))
        self._end("failed", str(error))

    def _end(self, status: str, summary: str) -> None:
        seconds = round(time.monotonic() - self._started, 3)
        self._events.emit("run_finished", status=status, tokens=0, seconds=seconds)
        self._journal.conclude(self.run_id, summary)
