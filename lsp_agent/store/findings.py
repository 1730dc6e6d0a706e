"""What a model said of hunks, kept so that none is paid for twice; and what the user dismissed."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lsp_agent.store.reading import Opened
from lsp_agent.store.retention import moment
from lsp_agent.store.rows import JournalError, folder_name
from lsp_agent.store.sealing import DAMAGED, SEALED

if TYPE_CHECKING:
    from lsp_agent.store.journal import Journal

MAX_ROWS = 5000
_BATCH = 500
_log = logging.getLogger(__name__)


class KeptFindings:
    """The tables ``findings`` and ``dismissed`` of a journal; thread-safe.

    The 5,000 answers that were of use last are kept. A journal that fails costs the answers again,
    and nothing else.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def known(self, keys: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        """Return the answers that are there, by key, and note that they are still of use."""

        def query(opened: Opened) -> list[tuple[str, str]]:
            rows: list[tuple[str, str]] = []
            for at in range(0, len(keys), _BATCH):
                part = list(keys[at : at + _BATCH])
                marks = ",".join("?" * len(part))
                sql = f"select key, data from findings where key in ({marks})"  # noqa: S608
                found = opened.database.execute(sql, part).fetchall()
                rows += [(key, opened.codec.read(data, "findings", key)) for key, data in found]
            return rows

        known = {}
        for key, text in self._read(query, []) if keys else []:
            if text not in (SEALED, DAMAGED):
                known[key] = json.loads(text)
        if known:
            self._journal.put(lambda it: _touch(it, list(known)))
        return known

    def keep(self, key: str, claims: Sequence[dict[str, Any]]) -> None:
        """Keep an answer; one that holds a secret is sealed."""
        text = json.dumps(list(claims), ensure_ascii=False)

        def write(opened: Opened) -> None:
            opened.database.execute(
                "insert or replace into findings (key, data, used) values (?, ?, ?)",
                [key, opened.codec.write_file(text, "findings", key), moment()],
            )
            opened.database.execute(
                "delete from findings where key not in "
                "(select key from findings order by used desc limit ?)",
                [MAX_ROWS],
            )

        self._journal.put(write)

    def dismiss(self, workspace: str, finding: str) -> None:
        """Remember that a finding is not wanted in a folder; it is written when this returns."""
        self._journal.commit(
            lambda it: it.database.execute(
                "insert or replace into dismissed (workspace, finding, made) values (?, ?, ?)",
                [folder_name(workspace), finding, moment()],
            )
        )

    def dismissed(self, workspace: str) -> frozenset[str]:
        """Return the ids of the findings that are not wanted in a folder."""

        def query(opened: Opened) -> list[str]:
            sql = "select finding from dismissed where workspace = ?"
            return [
                row[0] for row in opened.database.execute(sql, [folder_name(workspace)]).fetchall()
            ]

        return frozenset(self._read(query, []))

    def _read(self, query: Any, nothing: Any) -> Any:
        try:
            return self._journal.read(query, nothing)
        except JournalError as error:
            _log.warning("no findings are remembered: %s", error)
            return nothing


def _touch(opened: Opened, keys: Sequence[str]) -> None:
    opened.database.conn.executemany(
        "update findings set used = ? where key = ?", [(moment(), key) for key in keys]
    )
