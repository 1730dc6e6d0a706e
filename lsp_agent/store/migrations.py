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


def _remember_changes(database: Database) -> None:
    """Keep what a run was asked and what it changed, and decisions, each chained to the last."""
    database.table("runs").add_column("request", str, not_null_default="")
    database.table("runs").add_column("process", str, not_null_default="")
    database.table("changes").create(
        {
            "run": str, "number": int, "path": str, "new_path": str, "before": str, "after": str,
            "state": str,
        },
        pk=("run", "number"),
        foreign_keys=[("run", "runs", "id")],
    )  # fmt: skip
    database.table("audit").create(
        {
            "id": int,
            "time": str,
            "run": str,
            "kind": str,
            "data": str,
            "previous": str,
            "hash": str,
        },
        pk="id",
    )


STEPS: tuple[Callable[[Database], None], ...] = (_create, _remember_changes)


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
