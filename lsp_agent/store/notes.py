"""Notes on a folder that outlive runs: who made each, from what, and until when it holds.

They are redacted before they are kept, and sealed where the journal is.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from lsp_agent.store.database import transaction
from lsp_agent.store.reading import Opened
from lsp_agent.store.retention import moment, now
from lsp_agent.store.rows import JournalError, folder_name
from lsp_agent.workspace.secrets import redacted

if TYPE_CHECKING:
    from lsp_agent.store.journal import Journal

MAX_CHARACTERS = 1000
MAX_NOTES = 500
_COLUMNS = "id, text, source, run, made, used, expires"


@dataclass(frozen=True, slots=True)
class Note:
    """A note. ``source`` is ``user``, ``run``, or ``file:`` and the path that a run was about.

    Times are ISO 8601 in UTC; ``expires`` is empty for a note that stays, ``used`` for one that was
    not recalled yet.
    """

    id: str
    text: str
    source: str
    run: str
    made: str
    used: str
    expires: str


class Notebook:
    """The notes of one folder, at most 500: the one that was longest unused goes. Thread-safe."""

    def __init__(self, journal: Journal, workspace: str, days: int, run_id: str = "") -> None:
        """Take where they are kept and for how many ``days`` (0: for good)."""
        self._journal = journal
        self._workspace = folder_name(workspace)
        self._days = days
        self._run = run_id

    def remember(self, text: str, source: str) -> Note:
        """Keep a note; one with the same text is made anew, not kept twice.

        Raises :class:`JournalError` for a note that is empty or longer than 1,000 characters, and
        where it can't be kept.
        """
        text = redacted(text.strip())
        if not 0 < len(text) <= MAX_CHARACTERS:
            size = f"{len(text):,} characters" if text else "nothing"
            raise JournalError(f"a note has 1 to {MAX_CHARACTERS:,} characters, not {size}")
        made = now()
        expires = (made + timedelta(days=self._days)).isoformat(timespec="seconds")
        note = Note(
            secrets.token_hex(4),
            text,
            source,
            self._run,
            made.isoformat(timespec="milliseconds"),
            "",
            expires if self._days else "",
        )
        same = [one.id for one in self.notes() if one.text == text]

        def write(opened: Opened) -> None:
            _remove(opened, same)
            place = ("notes", "text", note.id)
            opened.database.execute(
                f"insert into notes (workspace, {_COLUMNS}) values (?,?,?,?,?,?,?,?)",  # noqa: S608
                [
                    self._workspace,
                    note.id,
                    opened.codec.write(text, *place),
                    opened.codec.write(source, "notes", "source", note.id),
                    note.run,
                    note.made,
                    "",
                    note.expires,
                ],
            )
            self._make_room(opened)

        if not self._journal.commit(write):
            raise JournalError("the note is not kept: the journal can't be written")
        return note

    def notes(self) -> list[Note]:
        """Return the notes that hold, the newest first; those that expired are gone."""
        sql = (
            f"select {_COLUMNS} from notes where workspace = ? "  # noqa: S608
            "and (expires = '' or expires > ?) order by made desc"
        )
        today = now().isoformat(timespec="seconds")

        def query(opened: Opened) -> list[Note]:
            rows = opened.database.execute(sql, [self._workspace, today]).fetchall()
            return [
                Note(
                    id_,
                    opened.codec.read(text, "notes", "text", id_),
                    opened.codec.read(source, "notes", "source", id_),
                    *rest,
                )
                for id_, text, source, *rest in rows
            ]

        return self._journal.read(query, [])

    def used(self, notes: Sequence[Note]) -> None:
        """Write down that notes were recalled: they are kept longest."""
        rows = [(moment(), note.id) for note in notes]
        self._journal.put(
            lambda it: it.database.conn.executemany("update notes set used = ? where id = ?", rows)
        )

    def forget(self, chosen: Callable[[Note], bool]) -> int:
        """Forget the notes that are chosen; return how many. What goes is overwritten."""
        ids = [note.id for note in self.notes() if chosen(note)]

        def write(opened: Opened) -> None:
            with transaction(opened.database):
                _remove(opened, ids)
            opened.database.execute("pragma wal_checkpoint(truncate)")

        self._journal.read(write, None)
        return len(ids)

    def _make_room(self, opened: Opened) -> None:
        """Remove what expired, and of too many what was neither made nor recalled for longest."""
        today = now().isoformat(timespec="seconds")
        opened.database.execute("delete from notes where expires != '' and expires <= ?", [today])
        opened.database.execute(
            "delete from notes where workspace = ? and id not in (select id from notes "
            "where workspace = ? order by max(made, used) desc limit ?)",
            [self._workspace, self._workspace, MAX_NOTES],
        )


def _remove(opened: Opened, ids: Sequence[str]) -> None:
    opened.database.conn.executemany("delete from notes where id = ?", [(one,) for one in ids])
