"""What became of edits: accepted, edited or rejected, kept on this machine for those who want it.

A row is what was asked, the lines as they were, as the model made them, and as the user left them.
Rows go with their runs when those are purged; they are redacted, and sealed where the journal is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from lsp_agent.store.reading import Opened
from lsp_agent.store.retention import moment
from lsp_agent.store.rows import folder_name
from lsp_agent.workspace.secrets import redacted

if TYPE_CHECKING:
    from lsp_agent.store.journal import Journal

Verdict = Literal["accepted", "edited", "rejected"]
"""Saved as it was made; saved with changes in it; undone or refused."""

MAX_ROWS = 2000
_MAX_TEXT = 8000
_TEXTS = ("task", "before", "answer", "final")
_COLUMNS = "run, number, action, language, verdict, task, before, answer, final, made"


@dataclass(frozen=True, slots=True)
class Became:
    """What became of a run's edit of one file, the ``number``-th that it changed.

    ``before``, ``answer`` and ``final`` are the changed lines with a few around them; ``final`` is
    ``""`` for an edit that was taken as it was or not at all. ``made`` is ISO 8601 in UTC.
    """

    run: str
    number: int
    action: str
    language: str
    verdict: Verdict
    task: str
    before: str
    answer: str
    final: str = ""
    made: str = ""


class Feedback:
    """The table ``feedback`` of a journal; the newest 2,000 are kept. Thread-safe."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def keep(self, workspace: str, row: Became) -> None:
        """Keep what became of a run's edit; a later verdict takes the place of an earlier one.

        An edit with more than 8,000 characters is not kept: it is no example.
        """
        texts = [redacted(text) for text in (row.task, row.before, row.answer, row.final)]
        if max(map(len, texts)) > _MAX_TEXT:
            return
        folder, made = folder_name(workspace), moment()

        def write(opened: Opened) -> None:
            sealed = [
                opened.codec.write(text, "feedback", column, row.run, row.number)
                for column, text in zip(_TEXTS, texts, strict=True)
            ]
            opened.database.execute(
                f"insert or replace into feedback (workspace, {_COLUMNS}) "  # noqa: S608
                "values (?,?,?,?,?,?,?,?,?,?,?)",
                [folder, row.run, row.number, row.action, row.language, row.verdict, *sealed, made],
            )
            opened.database.execute(
                "delete from feedback where rowid not in "
                "(select rowid from feedback order by made desc limit ?)",
                [MAX_ROWS],
            )

        self._journal.put(write)

    def reject(self, run_id: str) -> None:
        """Write down that a run was undone, whatever was thought of it before."""
        sql = "update feedback set verdict = 'rejected', final = '' where run = ?"
        self._journal.put(lambda it: it.database.execute(sql, [run_id]))

    def rows(
        self, workspace: str = "", *, limit: int = MAX_ROWS, **only: str | None
    ) -> list[Became]:
        """Return rows, the newest first: of a folder, of all without one.

        ``only`` are columns and what they must be: ``action``, ``language``, ``verdict``.
        """
        wanted = {**({"workspace": folder_name(workspace)} if workspace else {}), **only}
        where = " and ".join(f"{column} = ?" for column in wanted) or "1"
        sql = f"select {_COLUMNS} from feedback where {where} order by made desc limit ?"  # noqa: S608

        def query(opened: Opened) -> list[Became]:
            found = opened.database.execute(sql, [*wanted.values(), limit]).fetchall()
            return [_row(opened, row) for row in found]

        return self._journal.read(query, [])

    def forget(self, workspace: str = "") -> int:
        """Forget the rows of a folder, or all; return how many there were."""
        where, values = ("where workspace = ?", [folder_name(workspace)]) if workspace else ("", [])
        sql = f"delete from feedback {where}"  # noqa: S608

        def write(opened: Opened) -> int:
            gone = opened.database.execute(sql, values).rowcount
            opened.database.execute("pragma wal_checkpoint(truncate)")
            return int(gone)

        return self._journal.read(write, 0)


def as_chat(row: Became) -> dict[str, Any]:
    """Return a row as an example of a fine-tuning set in chat form, as most trainers take it."""
    asked = f"{row.task}\n\n{_fenced(row.language, row.before)}"
    answer = _fenced(row.language, row.final or row.answer)
    return {
        "messages": [
            {"role": "user", "content": redacted(asked)},
            {"role": "assistant", "content": redacted(answer)},
        ]
    }


def _fenced(language: str, code: str) -> str:
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", code)), default=0))
    return f"{fence}{language}\n{code.rstrip()}\n{fence}"


def _row(opened: Opened, row: tuple[Any, ...]) -> Became:
    run, number, action, language, verdict, *sealed, made = row
    texts = [
        opened.codec.read(text, "feedback", column, run, number)
        for column, text in zip(_TEXTS, sealed, strict=True)
    ]
    task, before, answer, final = texts
    return Became(run, number, action, language, verdict, task, before, answer, final, made)
