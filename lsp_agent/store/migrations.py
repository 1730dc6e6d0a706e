"""The journal's schema, one step a version; a step is never changed once it was released."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING

from lsp_agent.store.database import transaction

if TYPE_CHECKING:
    from sqlite_utils import Database


NO_DELETE = (
    "create trigger audit_stays before delete on audit "
    "begin select raise(abort, 'audit rows go by lsp-agent runs purge only'); end"
)


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
    database.execute(
        "create trigger audit_keeps before update on audit "
        "begin select raise(abort, 'audit rows are never changed'); end"
    )
    database.execute(NO_DELETE)
    # What a run under way has changed so far, so that it can go on after a crash.
    database.table("working").create(
        {"run": str, "number": int, "path": str, "new_path": str, "before": str, "after": str},
        pk=("run", "number"),
        foreign_keys=[("run", "runs", "id")],
    )
    database.table("meta").create({"key": str, "value": str}, pk="key")


def _remember_more(database: Database) -> None:
    """Keep sessions, notes, what became of edits, answers, and findings with what was dismissed.

    Texts are sealed where the journal is; keys are digests.
    """
    database.table("sessions").create(
        {"id": str, "name": str, "workspace": str, "started": str, "updated": str}, pk="id"
    )
    database.table("turns").create(
        {
            "session": str, "number": int, "run": str, "task": str, "summary": str, "answer": str,
            "files": str,
        },
        pk=("session", "number"),
        foreign_keys=[("session", "sessions", "id")],
    )  # fmt: skip
    database.table("notes").create(
        {
            "id": str, "workspace": str, "text": str, "source": str, "run": str, "made": str,
            "used": str, "expires": str,
        },
        pk="id",
    )  # fmt: skip
    database.table("notes").create_index(["workspace"])
    database.table("feedback").create(
        {
            "run": str, "number": int, "workspace": str, "action": str, "language": str,
            "verdict": str, "task": str, "before": str, "answer": str, "final": str, "made": str,
        },
        pk=("run", "number"),
    )  # fmt: skip
    database.table("responses").create({"key": str, "answer": str, "used": str}, pk="key")
    database.table("findings").create({"key": str, "data": str, "used": str}, pk="key")
    database.table("dismissed").create(
        {"workspace": str, "finding": str, "made": str}, pk=("workspace", "finding")
    )


STEPS: tuple[Callable[[Database], None], ...] = (_create, _remember_changes, _remember_more)


def migrate(database: Database) -> None:
    """Bring a database to the newest schema, each step in a transaction.

    Raises ``sqlite3.OperationalError`` for a schema that is newer than this version.
    """
    for number, step in enumerate(STEPS, 1):
        if _version(database) >= number:
            continue
        with transaction(database):
            # Another process may have taken the step meanwhile.
            if _version(database) < number:
                step(database)
                database.execute(f"pragma user_version = {number}")
    if _version(database) > len(STEPS):
        raise sqlite3.OperationalError("it was written by a newer lsp-agent; update this one")


def _version(database: Database) -> int:
    return int(database.execute("pragma user_version").fetchone()[0])
