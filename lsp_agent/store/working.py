"""What a run under way has changed so far, and how a run that goes on gets it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsp_agent.store.sealing import Codec
from lsp_agent.workspace.errors import WorkspaceError
from lsp_agent.workspace.overlay import FileChange, Overlay

if TYPE_CHECKING:
    from sqlite_utils import Database


@dataclass(frozen=True, slots=True)
class WorkingChange:
    """A file's text before a run, and the one that the run has made of it so far."""

    path: str
    new_path: str | None
    before: str | None
    after: str | None


def write_working(
    database: Database, codec: Codec, run: str, changes: Sequence[FileChange]
) -> None:
    """Put a run's changes so far in the place of those written before."""
    forget_working(database, run)
    for number, change in enumerate(changes):
        database.execute(
            "insert into working (run, number, path, new_path, before, after) "
            "values (?, ?, ?, ?, ?, ?)",
            [
                run,
                number,
                change.path,
                change.new_path,
                codec.write_file(change.before, "working", "before", run, number),
                codec.write_file(change.after, "working", "after", run, number),
            ],
        )


def forget_working(database: Database, run: str) -> None:
    """Remove a run's changes: it came to its end."""
    database.execute("delete from working where run = ?", [run])


def read_working(database: Database, codec: Codec, run: str) -> list[WorkingChange]:
    """Return what a run had changed, in the order of paths."""
    rows = database.execute(
        "select number, path, new_path, before, after from working where run = ? order by number",
        [run],
    )
    return [
        WorkingChange(
            path,
            new_path,
            codec.read(before, "working", "before", run, number),
            codec.read(after, "working", "after", run, number),
        )
        for number, path, new_path, before, after in rows
    ]


def redo(overlay: Overlay, changes: Sequence[WorkingChange]) -> tuple[list[str], list[str]]:
    """Make changes again where the files are still those that the run read.

    Returns the paths that were changed, and those that were left as they are now.
    """
    done: list[str] = []
    left: list[str] = []
    for change in changes:
        state = overlay.snapshot()
        try:
            fits = _redo(overlay, change)
        except WorkspaceError:
            overlay.restore(state)
            fits = False
        (done if fits else left).append(change.new_path or change.path)
    return done, left


def _redo(overlay: Overlay, change: WorkingChange) -> bool:
    there = overlay.read(change.path) if overlay.exists(change.path) else None
    if there != change.before:
        return False
    if change.after is None:
        overlay.delete(change.path)
        return True
    path = change.path
    if change.new_path is not None:
        overlay.move(path, change.new_path)
        path = change.new_path
    overlay.write(path, change.after)
    return True
