"""Answers of models by what was asked: the same question need not be thought about twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsp_agent.store.reading import Opened
from lsp_agent.store.retention import moment
from lsp_agent.store.sealing import DAMAGED, SEALED

if TYPE_CHECKING:
    from lsp_agent.store.journal import Journal

MAX_ROWS = 1000
MAX_CHARACTERS = 64 * 1024


class Responses:
    """The table ``responses`` of a journal: the 1,000 that were used last. Thread-safe.

    Keys are digests; an answer that holds a secret is sealed, as in ``Changes``. A journal that
    fails is a cache that is empty.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def get(self, key: str) -> str | None:
        """Return what was kept under a key. Cost: some milliseconds."""
        sql = "select answer from responses where key = ?"

        def query(opened: Opened) -> str | None:
            row = opened.database.execute(sql, [key]).fetchone()
            return None if row is None else opened.codec.read(row[0], "responses", "answer", key)

        text = self._journal.read(query, None)
        if text is None or text in (SEALED, DAMAGED):
            return None
        self._journal.put(
            lambda it: it.database.execute(
                "update responses set used = ? where key = ?", [moment(), key]
            )
        )
        return text

    def keep(self, key: str, answer: str) -> None:
        """Keep an answer; one that is longer than 65,536 characters is not kept."""
        if len(answer) > MAX_CHARACTERS:
            return

        def write(opened: Opened) -> None:
            stored = opened.codec.write_file(answer, "responses", "answer", key)
            opened.database.execute(
                "insert or replace into responses (key, answer, used) values (?,?,?)",
                [key, stored, moment()],
            )
            opened.database.execute(
                "delete from responses where key not in "
                "(select key from responses order by used desc limit ?)",
                [MAX_ROWS],
            )

        self._journal.put(write)
