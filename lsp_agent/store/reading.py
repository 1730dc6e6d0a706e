"""Questions to the journal: each a function of an open database and its codec."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from lsp_agent.store.audit import audit_rows
from lsp_agent.store.processes import is_alive
from lsp_agent.store.rows import NoSuchRunError, RunRow, folder_name
from lsp_agent.store.sealing import Codec

if TYPE_CHECKING:
    from sqlite_utils import Database

RUNNING, INTERRUPTED = "running", "interrupted"
_COLUMNS = "id, title, action, workspace, status, summary, started, finished, tokens, seconds"


@dataclass(frozen=True, slots=True)
class Opened:
    """A database that is open, and the codec of its texts."""

    database: Database
    codec: Codec


def newest_runs(opened: Opened, limit: int, workspace: str | None) -> list[RunRow]:
    """Return the newest runs, of all workspaces or of one."""
    if workspace:
        return _runs(
            opened, "where workspace = ? order by id desc limit ?", [folder_name(workspace), limit]
        )
    return _runs(opened, "order by id desc limit ?", [limit])


def run_named(opened: Opened, prefix: str) -> RunRow:
    """Return the run whose id starts with ``prefix``; raises :class:`NoSuchRunError`."""
    where = "where substr(id, 1, ?) = ? limit 2"
    rows = _runs(opened, where, [len(prefix), prefix]) if prefix else []
    return the_one(rows, prefix)


def the_one(rows: Sequence[RunRow], prefix: str) -> RunRow:
    """Return the only row; raises :class:`NoSuchRunError` where there is none, or more than one."""
    if len(rows) != 1:
        what = "more than one run starts" if rows else "no run starts"
        raise NoSuchRunError(f"{what} with {prefix!r}; see: lsp-agent runs list")
    return rows[0]


def running(opened: Opened) -> list[RunRow]:
    """Return the runs that are under way, or were when their process died."""
    return _runs(opened, "where status = ?", [RUNNING])


def request_of(opened: Opened, run: str) -> str:
    """Return what a run was asked, as it was recorded; ``""`` where it was not."""
    row = opened.database.execute("select request from runs where id = ?", [run]).fetchone()
    return "" if row is None else opened.codec.read(row[0], "runs", "request", run)


def events_of(opened: Opened, run: str) -> list[dict[str, Any]]:
    """Return a run's events in order, each as the contract writes it."""
    rows = opened.database.execute(
        "select seq, time, type, data from events where run = ? order by seq", [run]
    )
    return [
        {
            "run": run,
            "seq": seq,
            "time": time,
            "type": type_,
            **opened.codec.read_json(data, "events", "data", run, seq),
        }
        for seq, time, type_, data in rows.fetchall()
    ]


def exported(opened: Opened, runs: Sequence[str], *, audit: bool) -> Iterator[dict[str, Any]]:
    """Yield the events of runs, of all where none is named, then the audit rows if asked."""
    chosen = runs or [row.id for row in _runs(opened, "order by id", [])]
    for run in chosen:
        yield from events_of(opened, run)
    if audit:
        for row in audit_rows(opened.database, opened.codec, list(runs) or None):
            yield {"audit": row.id, **{k: v for k, v in asdict(row).items() if k != "id"}}


def _runs(opened: Opened, rest: str, parameters: Sequence[Any]) -> list[RunRow]:
    sql = f"select {_COLUMNS}, process from runs {rest}"  # noqa: S608
    return [_row(opened.codec, row) for row in opened.database.execute(sql, parameters).fetchall()]


def _row(codec: Codec, row: Sequence[Any]) -> RunRow:
    id_, title, action, workspace, status, summary, *rest, process = row
    if status == RUNNING and not is_alive(process):
        status = INTERRUPTED
    title = codec.read(title, "runs", "title", id_)
    summary = codec.read(summary, "runs", "summary", id_)
    return RunRow(id_, title, action, workspace, status, summary, *rest)
