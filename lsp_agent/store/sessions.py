"""Sessions: runs of one folder that know what was said and done before, also after a restart.

A session has a name, one a folder. What it said goes with its runs when those are purged.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsp_agent.store.reading import Opened
from lsp_agent.store.retention import moment
from lsp_agent.store.rows import folder_name
from lsp_agent.workspace.secrets import redacted

if TYPE_CHECKING:
    from lsp_agent.store.journal import Journal

_MAX_TURNS, _MAX_TEXT = 50, 4000
_TEXTS = ("task", "summary", "answer", "files")


@dataclass(frozen=True, slots=True)
class Turn:
    """One run of a session: what was asked, what came of it in a line and in full, what changed.

    ``files`` are paths from the folder's root.
    """

    run: str
    task: str
    summary: str
    answer: str = ""
    files: tuple[str, ...] = ()


class Sessions:
    """The tables ``sessions`` and ``turns`` of a journal. Thread-safe."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def append(self, workspace: str, name: str, turn: Turn) -> None:
        """Add a turn, of at most 4,000 characters a text; the newest 50 are kept."""
        key, now = _key(workspace, name), moment()
        files = json.dumps(turn.files[:_MAX_TURNS], ensure_ascii=False)
        texts = [redacted(one[:_MAX_TEXT]) for one in (turn.task, turn.summary, turn.answer)]

        def write(opened: Opened) -> None:
            database, codec = opened.database, opened.codec
            database.execute(
                "insert into sessions (id, name, workspace, started, updated) values (?,?,?,?,?) "
                "on conflict (id) do update set updated = excluded.updated",
                [
                    key,
                    codec.write(name, "sessions", "name", key),
                    folder_name(workspace),
                    now,
                    now,
                ],
            )
            last = "select coalesce(max(number), 0) from turns where session = ?"
            number = database.execute(last, [key]).fetchone()[0] + 1
            row = [
                codec.write(text, "turns", column, key, number)
                for column, text in zip(_TEXTS, [*texts, files], strict=True)
            ]
            database.execute(
                "insert into turns (session, number, run, task, summary, answer, files) "
                "values (?,?,?,?,?,?,?)",
                [key, number, turn.run, *row],
            )
            database.execute(
                "delete from turns where session = ? and number <= ?", [key, number - _MAX_TURNS]
            )

        self._journal.put(write)

    def turns(self, workspace: str, name: str) -> list[Turn]:
        """Return a session's turns, the oldest first; empty for one that is to begin."""
        key = _key(workspace, name)
        sql = (
            "select number, run, task, summary, answer, files from turns where session = ? "
            "order by number"
        )

        def query(opened: Opened) -> list[Turn]:
            found = []
            for number, run, *stored in opened.database.execute(sql, [key]).fetchall():
                task, summary, answer, files = (
                    opened.codec.read(text, "turns", column, key, number)
                    for column, text in zip(_TEXTS, stored, strict=True)
                )
                found.append(Turn(run, task, summary, answer, _paths(files)))
            return found

        return self._journal.read(query, [])

    def newest(self, workspace: str) -> str | None:
        """Return the name of the session of a folder that was used last."""
        sql = "select id, name from sessions where workspace = ? order by updated desc limit 1"

        def query(opened: Opened) -> str | None:
            row = opened.database.execute(sql, [folder_name(workspace)]).fetchone()
            return None if row is None else opened.codec.read(row[1], "sessions", "name", row[0])

        return self._journal.read(query, None)

    def of_runs(self, runs: Sequence[str]) -> dict[str, str]:
        """Return the names of the sessions that runs belong to, by the run's id."""
        sql = (
            "select turns.run, sessions.id, sessions.name from turns join sessions "
            "on sessions.id = turns.session where turns.run in (select value from json_each(?))"
        )

        def query(opened: Opened) -> dict[str, str]:
            rows = opened.database.execute(sql, [json.dumps(list(runs))]).fetchall()
            return {
                run: opened.codec.read(name, "sessions", "name", key) for run, key, name in rows
            }

        return self._journal.read(query, {})


def _key(workspace: str, name: str) -> str:
    told = f"{folder_name(workspace)}\0{name}"
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()


def _paths(text: str) -> tuple[str, ...]:
    try:
        return tuple(map(str, json.loads(text)))
    except (ValueError, TypeError):
        # It is sealed, and nobody has the passphrase.
        return ()
