"""Decisions and deeds, append-only: each row holds the hash of the one before it.

``hash = sha256(previous || canonical JSON of the row)``; the first ``previous`` is :data:`GENESIS`.
Data is hashed as it is stored, so that a chain is verified without the passphrase. Where the chain
ends is written down beside it, so that rows missing at its end are noticed too. It shows changes
made by accident or by hand; whoever may write the file and knows this page can make it anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from lsp_agent.events import Event
from lsp_agent.store.rows import AuditRow, BrokenChain
from lsp_agent.store.sealing import Codec

if TYPE_CHECKING:
    from sqlite_utils import Database

GENESIS = "0" * 64

AuditKind = Literal[
    "run_started",
    "run_finished",
    "run_interrupted",
    "run_resumed",
    "approval_requested",
    "approval",
    "edit_offered",
    "edit_applying",
    "edit_applied",
    "edit_undone",
    "apply_rolled_back",
    "command_run",
    "path_refused",
    "secrets_redacted",
    "settings_changed",
    "trust_changed",
    "purged",
]

_OF_EVENTS: dict[str, tuple[AuditKind, tuple[str, ...]]] = {
    "run_started": ("run_started", ("action", "engine")),
    "run_finished": ("run_finished", ("status", "tokens", "seconds")),
    "approval_requested": ("approval_requested", ("title", "detail")),
    "approval": ("approval", ("title", "approved", "decision", "source", "tool")),
    "edit": ("edit_offered", ("uri",)),
}


def append_event(database: Database, codec: Codec, event: Event) -> None:
    """Append the row of an event, if its type has one; a transaction must be open."""
    if event.type in _OF_EVENTS:
        kind, keys = _OF_EVENTS[event.type]
        data = {key: event.data[key] for key in keys if key in event.data}
        append(database, codec, kind, event.run, data)


def append(
    database: Database, codec: Codec, kind: AuditKind, run: str, data: Mapping[str, Any]
) -> None:
    """Append a row; an immediate transaction must be open, so that two processes keep one chain."""
    # After the end that was written down, not after the last row there: a gap must show.
    last, previous = chain_end(database)
    id_ = last + 1
    # How much was purged must be known to whoever verifies.
    stored = (Codec() if kind == "purged" else codec).write_json(data, "audit", "data", id_)
    time = datetime.now(UTC).isoformat(timespec="milliseconds")
    hash_ = row_hash(previous, id_, time, run, kind, stored)
    database.execute(
        "insert into audit (id, time, run, kind, data, previous, hash) values (?,?,?,?,?,?,?)",
        [id_, time, run, kind, stored, previous, hash_],
    )
    database.execute(
        "insert or replace into meta (key, value) values ('audit_head', ?)",
        [json.dumps([id_, hash_])],
    )


def row_hash(previous: str, id_: int, time: str, run: str, kind: str, data: str) -> str:
    """Return the hash of a row as it is stored."""
    row = {"id": id_, "time": time, "run": run, "kind": kind, "data": data}
    canonical = json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256((previous + canonical).encode("utf-8")).hexdigest()


def audit_rows(database: Database, codec: Codec, runs: list[str] | None = None) -> list[AuditRow]:
    """Return the rows in order, of all runs or of some."""
    chosen = "" if runs is None else f"where run in ({','.join('?' * len(runs))})"
    sql = f"select id, time, run, kind, data, previous, hash from audit {chosen} order by id"  # noqa: S608
    return [
        AuditRow(id_, time, run, kind, codec.read_json(data, "audit", "data", id_), previous, hash_)
        for id_, time, run, kind, data, previous, hash_ in database.execute(sql, runs or [])
    ]


def verify_chain(database: Database) -> BrokenChain | None:
    """Return the first row that is not as it was written, ``None`` where the chain holds."""
    # One moment's state, whatever is written meanwhile.
    database.execute("begin")
    try:
        return _verify(database)
    finally:
        database.execute("commit")


def _verify(database: Database) -> BrokenChain | None:
    number, expected = chain_start(database)
    sql = "select id, time, run, kind, data, previous, hash from audit order by id"
    for id_, time, run, kind, data, previous, hash_ in database.execute(sql):
        if previous != expected or id_ != number + 1:
            return BrokenChain(id_, "rows before it are missing, or were changed")
        if row_hash(previous, id_, time, run, kind, str(data)) != hash_:
            return BrokenChain(id_, "it was changed after it was written")
        number, expected = id_, hash_
    if chain_end(database) != (number, expected):
        return BrokenChain(number + 1, "rows at the end are missing")
    return None


def chain_start(database: Database) -> tuple[int, str]:
    """Return the number and hash that the first row follows: of the last one that was purged."""
    row = database.execute(
        "select data from audit where kind = 'purged' order by id desc limit 1"
    ).fetchone()
    if row is not None:
        with suppress(ValueError, KeyError, TypeError):
            data = json.loads(row[0])
            return int(data["last_id"]), str(data["last"])
    return 0, GENESIS


def chain_end(database: Database) -> tuple[int, str]:
    """Return the number and hash of the last row that was written."""
    head = database.execute("select value from meta where key = 'audit_head'").fetchone()
    if head is None:
        return 0, GENESIS
    number, hash_ = json.loads(head[0])
    return number, hash_
