"""What runs changed, file by file, as long as the journal keeps it: what an undo goes by.

Texts go through :meth:`Journal.seal` on their way in and :meth:`Journal.unseal` on their way out.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from lsp_agent.workspace.overlay import FileChange

if TYPE_CHECKING:
    from sqlite_utils import Database

    from lsp_agent.store.journal import Journal, RunRow

State = Literal["offered", "applied", "undone"]
"""Given to an editor, which may not have taken it; seen to be applied; taken back since."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One change of a run, and what became of it."""

    change: FileChange
    state: State


class Changes:
    """The table ``changes`` of a journal; thread-safe."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def record(self, run_id: str, changes: Sequence[FileChange], state: State) -> bool:
        """Write down what a run changes, in the place of what was written of it before.

        It is in the database when this returns; ``False``, with a warning, where the journal
        fails. A document without a folder is recorded by its URI.
        """
        seal = self._journal.seal
        rows = [
            (
                run_id, number, seal(change.path), seal(change.new_path), seal(change.before),
                seal(change.after), state,
            )
            for number, change in enumerate(changes)
        ]  # fmt: skip

        def write(database: Database) -> None:
            # One transaction: the library's own methods would commit each for itself.
            database.conn.execute("delete from changes where run = ?", [run_id])
            database.conn.executemany("insert into changes values (?, ?, ?, ?, ?, ?, ?)", rows)

        return self._journal.commit(write)

    def mark(self, run_id: str, state: State, but: Collection[str] = ()) -> None:
        """Write down what became of a run's changes, except of those at some paths."""
        kept = set(but)
        numbers = [
            number
            for number, one in enumerate(self._of(run_id, ""))
            if not kept & {one.change.path, one.change.new_path}
        ]

        def write(database: Database) -> None:
            database.conn.executemany(
                "update changes set state = ? where run = ? and number = ?",
                [(state, run_id, number) for number in numbers],
            )

        self._journal.commit(write)

    def of(self, run: RunRow) -> tuple[Recorded, ...]:
        """Return what a run changed; empty for one that changed nothing, or is too old."""
        return self._of(run.id, run.workspace)

    def runs(self, workspace: str, limit: int = 50) -> list[RunRow]:
        """Return the newest runs of a folder that changed something which is not undone.

        Undos are runs too, but are not among them.
        """

        def query(database: Database) -> list[str]:
            rows = database.execute(
                "select distinct changes.run from changes join runs on runs.id = changes.run "
                "where runs.workspace = ? and runs.action != 'undo' and changes.state != 'undone' "
                "order by changes.run desc limit ?",
                [workspace, limit],
            )
            return [str(row[0]) for row in rows]

        return [self._journal.run(run_id) for run_id in self._journal.query(query)]

    def newest(self, workspace: str, limit: int = 200) -> list[FileChange]:
        """Return what the newest runs and undos of a folder changed, but for what is undone."""
        rows = self._journal.query(
            lambda database: list(
                database.query(
                    "select changes.* from changes join runs on runs.id = changes.run where "
                    "runs.workspace = ? and changes.state != 'undone' "
                    "order by changes.run desc, changes.number limit ?",
                    [workspace, limit],
                )
            )
        )
        return [self._recorded(row, workspace).change for row in rows]

    def _of(self, run_id: str, workspace: str) -> tuple[Recorded, ...]:
        rows = self._journal.query(
            lambda database: list(
                database.table("changes").rows_where("run = ?", [run_id], order_by="number")
            )
        )
        return tuple(self._recorded(row, workspace) for row in rows)

    def _recorded(self, row: dict[str, Any], workspace: str) -> Recorded:
        path, new_path, before, after = (
            self._journal.unseal(row[name]) for name in ("path", "new_path", "before", "after")
        )
        path = path or ""
        kind: Literal["create", "modify", "delete", "rename"] = (
            "rename" if new_path
            else "create" if before is None
            else "delete" if after is None
            else "modify"
        )  # fmt: skip
        new_uri = _uri(workspace, new_path) if new_path else None
        change = FileChange(
            kind, path, _uri(workspace, path), before, after, None, new_path, new_uri
        )
        return Recorded(change, row["state"])


def _uri(workspace: str, path: str) -> str:
    return Path(workspace, path).as_uri() if workspace else path
