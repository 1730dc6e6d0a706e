"""What runs changed, file by file, as long as the journal keeps it: what an undo goes by.

Texts go through the journal's codec, and are kept as they are: what is left out of other records,
as secrets are, could not be brought back.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from lsp_agent.store.reading import Opened
from lsp_agent.store.rows import JournalError, RunRow, folder_name
from lsp_agent.store.sealing import DAMAGED, SEALED, Codec
from lsp_agent.workspace.overlay import FileChange

if TYPE_CHECKING:
    from lsp_agent.store.journal import Journal

_TEXTS = ("path", "new_path", "before", "after")

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

        def write(opened: Opened) -> None:
            opened.database.execute("delete from changes where run = ?", [run_id])
            for number, change in enumerate(changes):
                texts = (change.path, change.new_path, change.before, change.after)
                row = [
                    opened.codec.write_file(text, "changes", column, run_id, number)
                    for column, text in zip(_TEXTS, texts, strict=True)
                ]
                opened.database.execute(
                    "insert into changes (run, number, path, new_path, before, after, state) "
                    "values (?, ?, ?, ?, ?, ?, ?)",
                    [run_id, number, *row, state],
                )

        return self._journal.commit(write)

    def mark(self, run_id: str, state: State, but: Collection[str] = ()) -> None:
        """Write down what became of a run's changes, except of those at some paths."""
        kept = set(but)
        numbers = [
            number
            for number, one in enumerate(self._of(run_id, ""))
            if not kept & {one.change.path, one.change.new_path}
        ]

        def write(opened: Opened) -> None:
            opened.database.conn.executemany(
                "update changes set state = ? where run = ? and number = ?",
                [(state, run_id, number) for number in numbers],
            )

        self._journal.commit(write)

    def amend(self, run_id: str, path: str, after: str | None) -> None:
        """Write down what is left of a file's change, where a part of it was taken back.

        One of which nothing is left is ``undone``.
        """
        recorded = self._of(run_id, "")
        found = [at for at, one in enumerate(recorded) if one.change.path == path]

        def write(opened: Opened) -> None:
            for number in found:
                text = opened.codec.write_file(after, "changes", "after", run_id, number)
                one = recorded[number]
                state = "undone" if after == one.change.before else one.state
                opened.database.execute(
                    "update changes set after = ?, state = ? where run = ? and number = ?",
                    [text, state, run_id, number],
                )

        self._journal.commit(write)

    def of(self, run: RunRow) -> tuple[Recorded, ...]:
        """Return what a run changed; empty for one that changed nothing, or is too old.

        Raises :class:`JournalError` for texts that can't be read, as without the passphrase.
        """
        return self._of(run.id, run.workspace)

    def runs(self, workspace: str, limit: int = 50) -> list[RunRow]:
        """Return the newest runs of a folder that changed something which is not undone.

        Undos are runs too, but are not among them.
        """
        sql = (
            "select distinct changes.run from changes join runs on runs.id = changes.run "
            "where runs.workspace = ? and runs.action != 'undo' and changes.state != 'undone' "
            "order by changes.run desc limit ?"
        )
        asked = [folder_name(workspace), limit]
        found: list[str] = self._journal.read(
            lambda opened: [row[0] for row in opened.database.execute(sql, asked)], []
        )
        return [self._journal.run(run_id) for run_id in found]

    def states(self) -> dict[str, State]:
        """Return what became of each run's changes, by its id; one undone in part is not undone."""
        # The words happen to stand in the alphabet as they should here: "undone" is the last.
        sql = "select run, min(state) from changes group by run"
        return self._journal.read(lambda opened: dict(opened.database.execute(sql)), {})

    def newest(self, workspace: str, limit: int = 200) -> list[FileChange]:
        """Return what the newest runs and undos of a folder changed, but for what is undone."""
        rest = (
            "join runs on runs.id = changes.run where runs.workspace = ? and "
            "changes.state != 'undone' order by changes.run desc, changes.number limit ?"
        )
        return [one.change for one in self._read(rest, [folder_name(workspace), limit], workspace)]

    def _of(self, run_id: str, workspace: str) -> tuple[Recorded, ...]:
        return tuple(self._read("where run = ? order by number", [run_id], workspace))

    def _read(self, rest: str, parameters: list[object], workspace: str) -> list[Recorded]:
        sql = f"select run, number, state, {', '.join(_TEXTS)} from changes {rest}"  # noqa: S608

        def query(opened: Opened) -> list[Recorded]:
            return [
                _recorded(state, _texts_of(opened.codec, run, number, stored), workspace)
                for run, number, state, *stored in opened.database.execute(sql, parameters)
            ]

        return self._journal.read(query, [])


def _texts_of(codec: Codec, run: str, number: int, stored: list[str | None]) -> list[str | None]:
    texts = [
        codec.read(text, "changes", column, run, number)
        for column, text in zip(_TEXTS, stored, strict=True)
    ]
    # What stands for a text that can't be read is never to be taken for one.
    if any(text is SEALED or text is DAMAGED for text in texts):
        raise JournalError(
            f"what run {run} changed can't be read: it is sealed; set the variable that "
            "journal.passphrase_env names to the passphrase, or bring journal.key back"
        )
    return texts


def _recorded(state: State, texts: list[str | None], workspace: str) -> Recorded:
    path, new_path, before, after = texts
    path = path or ""
    kind: Literal["create", "modify", "delete", "rename"] = (
        "rename" if new_path
        else "create" if before is None
        else "delete" if after is None
        else "modify"
    )  # fmt: skip
    new_uri = _uri(workspace, new_path) if new_path else None
    change = FileChange(kind, path, _uri(workspace, path), before, after, None, new_path, new_uri)
    return Recorded(change, state)


def _uri(workspace: str, path: str) -> str:
    return Path(workspace, path).as_uri() if workspace else path
