"""The run journal: every run and event in SQLite, written behind the runs' backs.

Recording puts a row into a queue; one thread writes. A database that is locked or full costs one
warning, a corrupt one is moved aside and begun anew; no run ever fails because of its journal.
"""

from __future__ import annotations

import json
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsp_agent.errors import LspAgentError
from lsp_agent.events import Event

if TYPE_CHECKING:
    from sqlite_utils import Database

_BUSY_MS = 5000
_FLUSH_SECONDS = 10.0
_COMMIT_SECONDS = 1.0
_log = logging.getLogger(__name__)


class JournalError(LspAgentError):
    """A run that is not in the journal, or a journal that can't be read."""

    code = "no-such-run"


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as the journal has it; times are ISO 8601, ``finished`` empty while it goes on."""

    id: str
    title: str
    action: str
    workspace: str
    status: str
    summary: str
    started: str
    finished: str
    tokens: int
    seconds: float


class Journal:
    """One database file. Thread-safe; nothing is opened before the first use."""

    def __init__(self, path: Path, *, warn: Callable[[str], None] = _log.warning) -> None:
        self._path = path
        self._warn = warn
        self._queue: queue.SimpleQueue[Callable[[Database], None] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._broken = False

    def start(self, run_id: str, title: str, workspace: str, action: str) -> None:
        """Record that a run begins."""
        row = {
            "id": run_id, "title": title, "action": action, "workspace": workspace,
            "status": "running", "summary": "", "started": "", "finished": "", "tokens": 0,
            "seconds": 0.0,
        }  # fmt: skip
        self._put(lambda database: _insert(database, "runs", row))

    def record(self, event: Event) -> None:
        """Record an event of a run that was started."""
        row = {
            "run": event.run,
            "seq": event.seq,
            "time": event.time,
            "type": event.type,
            "data": json.dumps(dict(event.data), ensure_ascii=False, default=str),
        }

        def write(database: Database) -> None:
            _insert(database, "events", row)
            if event.type == "run_started":
                database.table("runs").update(event.run, {"started": event.time})
            elif event.type == "run_finished":
                keys = ("status", "tokens", "seconds")
                values = {key: event.data.get(key) for key in keys}
                database.table("runs").update(event.run, {**values, "finished": event.time})

        self._put(write)

    def conclude(self, run_id: str, summary: str) -> None:
        """Record what a run came to, in one line."""
        self._put(lambda database: _update(database, run_id, {"summary": summary}))

    def runs(self, limit: int = 20, workspace: str | None = None) -> list[RunRow]:
        """Return the newest runs, of all workspaces or of one."""
        where = "workspace = ?" if workspace else None
        rows = self._read(
            lambda database: list(
                database.table("runs").rows_where(
                    where, [workspace] if workspace else None, order_by="id desc", limit=limit
                )
            )
        )
        return [_run_row(row) for row in rows]

    def run(self, prefix: str) -> RunRow:
        """Return the run whose id starts with ``prefix``.

        Raises :class:`JournalError` when there is none, or more than one.
        """
        rows = self._read(
            lambda database: list(
                database.table("runs").rows_where(
                    "substr(id, 1, ?) = ?", [len(prefix), prefix], limit=2
                )
            )
        )
        if len(rows) != 1 or not prefix:
            what = "more than one run starts" if len(rows) > 1 else "no run starts"
            raise JournalError(f"{what} with {prefix!r}; see: lsp-agent runs list")
        return _run_row(rows[0])

    def events(self, run_id: str) -> list[dict[str, Any]]:
        """Return a run's events in order, each as the contract writes it."""
        rows = self._read(
            lambda database: list(
                database.table("events").rows_where("run = ?", [run_id], order_by="seq")
            )
        )
        return [
            {
                "run": row["run"],
                "seq": row["seq"],
                "time": row["time"],
                "type": row["type"],
                **json.loads(row["data"]),
            }
            for row in rows
        ]

    def commit(self, write: Callable[[Database], None]) -> bool:
        """Write something and wait until it is in the database; ``False`` where it is not."""
        written = threading.Event()
        done = threading.Event()

        def committed(database: Database) -> None:
            write(database)
            written.set()

        self._put(committed)
        # The next in the queue runs after the commit, or after its failure was said.
        self._put(lambda _database: done.set())
        waited = 0.0
        while not done.wait(_COMMIT_SECONDS) and waited < _FLUSH_SECONDS:
            if self._broken:
                # A journal that can't be opened runs nothing any more.
                return False
            waited += _COMMIT_SECONDS
        return written.is_set() and done.is_set()

    def query(self, read: Callable[[Database], list[Any]]) -> list[Any]:
        """Return what a function reads from the database; ``[]`` where there is none.

        Raises :class:`JournalError` for one that can't be read.
        """
        return self._read(read)

    def seal(self, text: str | None) -> str | None:
        """Return a text as it is kept."""
        return text

    def unseal(self, text: str | None) -> str | None:
        """Return a kept text as it was."""
        return text

    def flush(self) -> None:
        """Wait until all that was recorded is written."""
        with self._lock:
            running = self._thread is not None
        if running:
            done = threading.Event()
            self._queue.put(lambda _database: done.set())
            done.wait(_FLUSH_SECONDS)

    def close(self) -> None:
        """Write what is left and end the thread."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._queue.put(None)
            thread.join(_FLUSH_SECONDS)

    def _put(self, write: Callable[[Database], None]) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._loop, name="journal", daemon=True)
                self._thread.start()
        self._queue.put(write)

    def _loop(self) -> None:
        database: Database | None = None
        while (write := self._queue.get()) is not None:
            try:
                if database is None and not self._broken:
                    database = self._open()
                if database is None:
                    continue
                with database.conn:
                    write(database)
            except (sqlite3.Error, OSError, LookupError) as error:
                self._complain(error)
        if database is not None:
            database.close()

    def _read(self, query: Callable[[Database], list[Any]]) -> list[Any]:
        self.flush()
        if not self._path.exists():
            return []
        try:
            database = self._open()
            try:
                return query(database)
            finally:
                database.close()
        except sqlite3.Error as error:
            raise JournalError(f"the journal {self._path} can't be read: {error}") from error

    def _open(self) -> Database:
        try:
            return _connect(self._path)
        except sqlite3.OperationalError:
            # Locked, read-only or no such folder: nothing that a new file would mend.
            raise
        except sqlite3.DatabaseError as error:
            aside = self._path.with_suffix(".corrupt.sqlite")
            self._path.replace(aside)
            self._warn(f"the journal was corrupt ({error}); it is kept as {aside} and begun anew")
            return _connect(self._path)

    def _complain(self, error: Exception) -> None:
        if not self._broken:
            self._warn(f"runs are not recorded: the journal {self._path} failed: {error}")
        self._broken = True


def _run_row(row: dict[str, Any]) -> RunRow:
    return RunRow(**{field.name: row[field.name] for field in fields(RunRow)})


def _connect(path: Path) -> Database:
    from sqlite_utils import Database

    from lsp_agent.store.migrations import migrate

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    connection = sqlite3.connect(path, check_same_thread=False)
    connection.execute(f"pragma busy_timeout = {_BUSY_MS}")
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = normal")
    database = Database(connection)
    migrate(database)
    return database


def _insert(database: Database, table: str, row: dict[str, Any]) -> None:
    database.table(table).insert(row)


def _update(database: Database, run_id: str, values: dict[str, Any]) -> None:
    database.table("runs").update(run_id, values)
