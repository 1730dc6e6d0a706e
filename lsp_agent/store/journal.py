"""The run journal: every run and event in SQLite, written behind the runs' backs.

Recording puts a function into a queue; one thread carries it out, each in a transaction. A database
that is locked or full costs one warning, and is tried again with the next run; a corrupt one is
moved aside and begun anew; no run ever fails because of its journal.
"""

from __future__ import annotations

import logging
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lsp_agent.config.model import JournalSettings
from lsp_agent.errors import LspAgentError
from lsp_agent.events import Event
from lsp_agent.store import audit, reading, retention, working
from lsp_agent.store.audit import AuditKind
from lsp_agent.store.database import open_database, transaction
from lsp_agent.store.processes import this_process
from lsp_agent.store.reading import Opened
from lsp_agent.store.rows import AuditRow, BrokenChain, JournalError, Purged, RunRow, folder_name
from lsp_agent.store.sealing import open_codec
from lsp_agent.store.working import WorkingChange
from lsp_agent.workspace.overlay import FileChange
from lsp_agent.workspace.secrets import redacted, redacted_data

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Journal", "JournalError", "RunRow"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Task:
    """Something to write; with a run that begins a journal that failed is tried again."""

    write: Callable[[Opened], None]
    begins: bool = False


_Item = _Task | threading.Event | None
"""Something to write, somebody who waits for what was put in before, or the end."""

_FLUSH_SECONDS = 10.0
_COMMIT_SECONDS = 1.0
_log = logging.getLogger(__name__)


class Journal:
    """One database file. Thread-safe; nothing is opened before the first use."""

    def __init__(
        self,
        path: Path,
        settings: JournalSettings | None = None,
        *,
        env: Mapping[str, str] = os.environ,
        warn: Callable[[str], None] = _log.warning,
    ) -> None:
        self._path = path
        self._settings = settings or JournalSettings()
        self._env = env
        self._warn = warn
        self._queue: queue.SimpleQueue[_Item] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._broken = False

    def start(
        self, run_id: str, title: str, workspace: str, action: str, request: str = ""
    ) -> None:
        """Record that a run of this process begins; ``request`` is what it was asked."""
        started = retention.moment()

        def write(opened: Opened) -> None:
            opened.database.execute(
                "insert into runs (id, title, action, workspace, status, summary, started, "
                "finished, tokens, seconds, request, process) "
                "values (?, ?, ?, ?, ?, '', ?, '', 0, 0.0, ?, ?)",
                [
                    run_id,
                    opened.codec.write(redacted(title), "runs", "title", run_id),
                    action,
                    folder_name(workspace),
                    reading.RUNNING,
                    started,
                    opened.codec.write(redacted(request), "runs", "request", run_id),
                    this_process(),
                ],
            )

        self.put(write, begins=True)
        self.put(self._retain, transaction_around=False)

    def record(self, event: Event) -> None:
        """Record an event of a run that was started, and its audit row if it has one."""
        kept = replace(event, data=redacted_data(event.data))

        def write(opened: Opened) -> None:
            data = opened.codec.write_json(kept.data, "events", "data", event.run, event.seq)
            opened.database.execute(
                "insert into events (run, seq, time, type, data) values (?, ?, ?, ?, ?)",
                [event.run, event.seq, event.time, event.type, data],
            )
            if event.type == "run_started":
                opened.database.execute(
                    "update runs set started = ? where id = ?", [event.time, event.run]
                )
            elif event.type == "run_finished":
                _finish(opened, event)
            audit.append_event(opened.database, opened.codec, kept)

        self.put(write)

    def keep(self, run_id: str, changes: Sequence[FileChange]) -> None:
        """Record what a run under way has changed so far, for it to go on from after a crash."""
        self.put(lambda it: working.write_working(it.database, it.codec, run_id, changes))

    def note(
        self, kind: AuditKind, run_id: str = "", data: Mapping[str, Any] | None = None
    ) -> None:
        """Record a decision or a deed that is no event, of a run or of none."""
        kept = redacted_data(data or {})
        self.put(lambda it: audit.append(it.database, it.codec, kind, run_id, kept))

    def conclude(self, run_id: str, summary: str) -> None:
        """Record what a run came to, in one line."""
        self.put(
            lambda it: it.database.execute(
                "update runs set summary = ? where id = ?",
                [it.codec.write(redacted(summary), "runs", "summary", run_id), run_id],
            )
        )

    def runs(self, limit: int = 20, workspace: str | None = None) -> list[RunRow]:
        """Return the newest runs, of all workspaces or of one."""
        return self.read(lambda it: reading.newest_runs(it, limit, workspace), [])

    def run(self, prefix: str) -> RunRow:
        """Return the run whose id starts with ``prefix``.

        Raises :class:`NoSuchRunError` when there is none, or more than one.
        """
        found = self.read(lambda it: reading.run_named(it, prefix), None)
        return reading.the_one([found] if found else [], prefix)

    def request(self, run_id: str) -> str:
        """Return what a run was asked; ``""`` for one that was recorded without it."""
        return self.read(lambda it: reading.request_of(it, run_id), "")

    def events(self, run_id: str) -> list[dict[str, Any]]:
        """Return a run's events in order, each as the contract writes it."""
        return self.read(lambda it: reading.events_of(it, run_id), [])

    def working(self, run_id: str) -> list[WorkingChange]:
        """Return what a run that did not come to its end had changed."""
        return self.read(lambda it: working.read_working(it.database, it.codec, run_id), [])

    def audit(self) -> list[AuditRow]:
        """Return the audit rows, the oldest first."""
        return self.read(lambda it: audit.audit_rows(it.database, it.codec), [])

    def verify(self) -> BrokenChain | None:
        """Return the first audit row that is not as it was written; ``None`` where all are."""
        return self.read(lambda it: audit.verify_chain(it.database), None)

    def purge(self, *, before: str | None = None, runs: Sequence[str] = ()) -> Purged:
        """Forget runs by id, else all that ended before a time; see :func:`retention.purge`."""
        return self.read(
            lambda it: retention.purge(it.database, it.codec, before=before, runs=runs), Purged()
        )

    def export(
        self, take: Callable[[Iterator[dict[str, Any]]], None], runs: Sequence[str], *, audit: bool
    ) -> None:
        """Hand over events, and audit rows if asked, one by one while the journal is open."""
        self.read(lambda it: take(reading.exported(it, runs, audit=audit)), None)

    def notice_interrupted(self) -> list[RunRow]:
        """Mark the runs whose process is gone; return those that were not marked before."""
        return self.read(_mark_interrupted, [])

    def flush(self) -> None:
        """Wait until all that was recorded is written."""
        with self._lock:
            running = self._thread is not None
        if running:
            done = threading.Event()
            self._queue.put(done)
            done.wait(_FLUSH_SECONDS)

    def close(self) -> None:
        """Write what is left and end the thread."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._queue.put(None)
            thread.join(_FLUSH_SECONDS)

    def reconfigure(self, settings: JournalSettings) -> None:
        """Take new settings: what is recorded from now on goes by them."""
        self.close()
        self._settings = settings
        self._broken = False

    def put(
        self,
        write: Callable[[Opened], object],
        *,
        transaction_around: bool = True,
        begins: bool = False,
    ) -> None:
        """Have something written in the journal's thread; what goes wrong costs one warning."""

        def carry_out(opened: Opened) -> None:
            if not transaction_around:
                write(opened)
                return
            with transaction(opened.database):
                write(opened)

        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._loop, name="journal", daemon=True)
                self._thread.start()
        self._queue.put(_Task(carry_out, begins))

    def commit(self, write: Callable[[Opened], object]) -> bool:
        """Write something and wait until it is in the database; ``False`` where it is not."""
        written = threading.Event()

        def then_say(opened: Opened) -> None:
            with transaction(opened.database):
                write(opened)
            written.set()

        self.put(then_say, transaction_around=False)
        self.flush()
        return written.is_set()

    def read(self, query: Callable[[Opened], T], nothing: T) -> T:
        """Ask the database, all that was recorded before included; ``nothing`` without one.

        Raises :class:`JournalError` for a journal that can't be read.
        """
        self.flush()
        if not self._path.exists():
            return nothing
        try:
            opened = self._open()
            try:
                return query(opened)
            finally:
                opened.database.close()
        except (sqlite3.Error, OSError) as error:
            mend = "; move it away, and it is begun anew" if "malformed" in str(error) else ""
            raise JournalError(f"the journal {self._path} can't be read: {error}{mend}") from error

    def _loop(self) -> None:
        opened: Opened | None = None
        while (item := self._queue.get()) is not None:
            if isinstance(item, threading.Event):
                item.set()
                continue
            try:
                if item.begins and self._broken and opened is not None:
                    opened.database.close()
                    opened = None
                if opened is None and (item.begins or not self._broken):
                    opened = self._open()
                if opened is not None:
                    item.write(opened)
                    if item.begins and self._broken:
                        self._broken = False
                        self._warn(f"runs are recorded again: the journal {self._path} works")
            except (sqlite3.Error, OSError, LookupError, ValueError, LspAgentError) as error:
                self._complain(error)
        if opened is not None:
            opened.database.close()

    def _open(self) -> Opened:
        database = open_database(self._path, self._warn)
        try:
            variable, own = self._settings.passphrase_env, self._path.with_suffix(".key")
            codec = open_codec(database, variable, self._env, self._warn, own)
        except BaseException:
            database.close()
            raise
        return Opened(database, codec)

    def _retain(self, opened: Opened) -> None:
        if self._settings.keep_days:
            days = self._settings.keep_days
            retention.keep_days(opened.database, opened.codec, days, retention.now())

    def _complain(self, error: Exception) -> None:
        if not self._broken:
            self._warn(f"runs are not recorded: the journal {self._path} failed: {error}")
        self._broken = True


def _finish(opened: Opened, event: Event) -> None:
    status = event.data.get("status")
    opened.database.execute(
        "update runs set status = ?, tokens = ?, seconds = ?, finished = ? where id = ?",
        [status, event.data.get("tokens"), event.data.get("seconds"), event.time, event.run],
    )
    if status not in ("failed", "cancelled"):
        working.forget_working(opened.database, event.run)


def _mark_interrupted(opened: Opened) -> list[RunRow]:
    if not any(row.status == reading.INTERRUPTED for row in reading.running(opened)):
        return []
    with transaction(opened.database):
        gone = [row for row in reading.running(opened) if row.status == reading.INTERRUPTED]
        for row in gone:
            opened.database.execute(
                "update runs set status = ?, finished = coalesce((select max(time) from events "
                "where run = ?), started) where id = ?",
                [reading.INTERRUPTED, row.id, row.id],
            )
            audit.append(opened.database, opened.codec, "run_interrupted", row.id, {})
    return gone
