"""Forgetting runs: the only way in which audit rows go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from lsp_agent.store.audit import append, chain_end, chain_start
from lsp_agent.store.database import transaction
from lsp_agent.store.migrations import NO_DELETE
from lsp_agent.store.processes import is_alive
from lsp_agent.store.rows import Purged
from lsp_agent.store.sealing import Codec

if TYPE_CHECKING:
    from sqlite_utils import Database

_BATCH = 500
_OF_A_RUN = ("events", "changes", "working", "turns", "feedback")


def keep_days(database: Database, codec: Codec, days: int, today: datetime) -> Purged | None:
    """Forget what is older than some days, at most once a day; ``None`` where it was done."""
    day = today.date().isoformat()
    row = database.execute("select value from meta where key = 'retained'").fetchone()
    if row is not None and row[0] == day:
        return None
    database.execute("insert or replace into meta (key, value) values ('retained', ?)", [day])
    before = (today - timedelta(days=days)).isoformat(timespec="milliseconds")
    return purge(database, codec, before=before)


def purge(
    database: Database, codec: Codec, *, before: str | None = None, runs: Sequence[str] = ()
) -> Purged:
    """Forget runs: those named, else all that ended before a time (ISO 8601, UTC).

    Runs under way stay. Audit rows before that time go too, those of named runs don't: the chain
    would not hold. What goes is overwritten in the file.
    """
    with transaction(database):
        chosen = [run for run in runs if not _is_under_way(database, run)]
        if not runs and before is not None:
            chosen = _ended_before(database, before)
        places = _places(database, chosen)
        events = sum(
            _forget(database, chosen[at : at + _BATCH]) for at in range(0, len(chosen), _BATCH)
        )
        gone = 0
        if not runs and before is not None:
            gone = _forget_audit(database, before)
            # Whose run an answer was of is not known; when it served last is.
            database.execute("delete from responses where used < ?", [before])
            database.execute("delete from findings where used < ?", [before])
        if chosen or gone:
            number, last = _start_now(database)
            data = {
                "runs": len(chosen), "events": events, "audit": gone, "last": last,
                "last_id": number,
            }  # fmt: skip
            append(database, codec, "purged", "", data)
    database.execute("pragma wal_checkpoint(truncate)")
    return Purged(len(chosen), events, gone, places=places)


def _ended_before(database: Database, before: str) -> list[str]:
    found = database.execute(
        "select id, status, process from runs where max(started, finished) < ?", [before]
    )
    return [id_ for id_, status, process in found if status != "running" or not is_alive(process)]


def _is_under_way(database: Database, run: str) -> bool:
    row = database.execute("select status, process from runs where id = ?", [run]).fetchone()
    return row is None or (row[0] == "running" and is_alive(row[1]))


def _places(database: Database, runs: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for run in runs:
        row = database.execute("select workspace from runs where id = ?", [run]).fetchone()
        if row is not None and row[0]:
            found.setdefault(row[0], []).append(run)
    return found


def _forget(database: Database, runs: Sequence[str]) -> int:
    marks = ",".join("?" * len(runs))
    counts = [
        database.execute(f"delete from {table} where run in ({marks})", runs).rowcount  # noqa: S608
        for table in _OF_A_RUN
    ]
    database.execute(f"delete from runs where id in ({marks})", runs)  # noqa: S608
    database.execute("delete from sessions where id not in (select session from turns)")
    return counts[0]


def _forget_audit(database: Database, before: str) -> int:
    (stays,) = database.execute("select min(id) from audit where time >= ?", [before]).fetchone()
    end, _ = chain_end(database)
    first = end + 1 if stays is None else stays
    database.execute("drop trigger audit_stays")
    gone = database.execute("delete from audit where id < ?", [first]).rowcount
    database.execute(NO_DELETE)
    return gone


def _start_now(database: Database) -> tuple[int, str]:
    """Return the number and hash that the first row left follows."""
    row = database.execute("select id, previous from audit order by id limit 1").fetchone()
    if row is not None:
        return row[0] - 1, row[1]
    return max(chain_end(database), chain_start(database))


def now() -> datetime:
    """Return this moment in UTC."""
    return datetime.now(UTC)


def moment() -> str:
    """Return this moment as the journal writes times: ISO 8601 to the millisecond, in UTC."""
    return now().isoformat(timespec="milliseconds")
