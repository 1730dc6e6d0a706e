"""The journal's schema, one step a version; a step is never changed once it was released."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database


def _create(database: Database) -> None:
    database.table("runs").create(
        {
            "id": str,
            "title": str,
            "action": str,
            "workspace": str,
            "status": str,
            "summary": str,
            "started": str,
            "finished": str,
            "tokens": int,
            "seconds": float,
        },
        pk="id",
    )
    database.table("events").create(
        {"run": str, "seq": int, "time": str, "type": str, "data": str},
        pk=("run", "seq"),
        foreign_keys=[("run", "runs", "id")],
    )
    database.table("runs").create_index(["workspace", "started"])


STEPS: tuple[Callable[[Database], None], ...] = (_create,)


def migrate(database: Database) -> None:
    """Bring a database to the newest schema, each step in a transaction.

    Raises ``sqlite3.OperationalError`` for a schema that is newer than this version.
    """
    version = int(database.execute("pragma user_version").fetchone()[0])
    if version > len(STEPS):
        raise sqlite3.OperationalError("it was written by a newer lsp-agent")
    for number, step in enumerate(STEPS[version:], version + 1):
        with database.conn:
            step(database)
            database.conn.execute(f"pragma user_version = {number}")
