"""Bringing the index up to date with the disk, all at once."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.index.graph import connect_files
from lsp_agent.index.scan import Difference, difference, stamp_of
from lsp_agent.index.schema import connect, discard, is_corrupt, unavailable
from lsp_agent.index.types import FileContent, FileStamp
from lsp_agent.index.workers import WorkerPool
from lsp_agent.index.writer import Writer
from lsp_agent.workspace.disk import DiskTree
from lsp_agent.workspace.roots import Root

if TYPE_CHECKING:
    from sqlite_utils import Database

    from lsp_agent.config.model import Settings

MAX_BYTES = 1024 * 1024
_COMMIT_SECONDS = 0.5
Report = Callable[[int, int], None]
"""Told how many files are done, and how many there are to do."""


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """What is left out, and how many processes read: by default as many as there are cores."""

    exclude: tuple[str, ...] = ()
    max_bytes: int = MAX_BYTES
    processes: int = 0

    @classmethod
    def of(cls, settings: Settings) -> BuildOptions:
        """Return what the settings say."""
        index = settings.index
        return cls(tuple(settings.exclude), index.max_file_size, index.processes)

    @property
    def count(self) -> int:
        """The number of worker processes."""
        return self.processes or min(os.cpu_count() or 1, 8)


@dataclass(frozen=True, slots=True)
class Built:
    """What a build did. ``skipped`` are those of the read files that added nothing."""

    read: int
    unchanged: int
    removed: int
    skipped: tuple[tuple[str, str], ...]
    seconds: float
    note: str = ""


def build(
    root: Root,
    path: Path,
    options: BuildOptions,
    cancel: CancelToken,
    report: Report = lambda _done, _all: None,
    *,
    rebuild: bool = False,
) -> Built:
    """Index what changed below a root since it was indexed; all of it the first time.

    One process builds at a time; another that wants to waits, and then finds little to do. What is
    done is committed twice a second, so that killing it loses half a second of work. A broken
    database is made anew, and ``Built.note`` says so; ``rebuild`` makes it anew in any case.

    Raises :class:`IndexUnavailableError` for a full disk, a locked database and the like, and
    :class:`Cancelled` when cancelled.
    """
    began = time.monotonic()
    with _alone(path, cancel):
        try:
            if rebuild:
                discard(path)
            try:
                return _build(root, path, options, cancel, report, began)
            except sqlite3.Error as error:
                if not is_corrupt(error):
                    raise
            discard(path)
            built = _build(root, path, options, cancel, report, began)
            return replace(built, note="the index was broken and was built anew")
        except (sqlite3.Error, OSError) as error:
            raise unavailable(path, error) from error


def _build(
    root: Root,
    path: Path,
    options: BuildOptions,
    cancel: CancelToken,
    report: Report,
    began: float,
) -> Built:
    database = connect(path)
    try:
        writer = Writer(database)
        known = _stamps(database)
        tree = DiskTree(root, options.exclude)
        settled = _settled(known, writer.meta("max_bytes"), options.max_bytes)
        found = difference(tree, settled, cancel.check)
        batches = _Batches(database)

        def check() -> None:
            cancel.check()
            batches.end_overdue()

        pool = WorkerPool(root, options.max_bytes, min(options.count, len(found.changed)))
        skipped: list[tuple[str, str]] = []
        report(0, len(found.changed))
        contents = pool.extract(iter(_spread(found.changed)), check)
        try:
            for done, content in enumerate(contents, 1):
                with batches:
                    stored = _store(tree, database, writer, content, known.get(content.path))
                if stored and content.skipped:
                    skipped.append((content.path, content.skipped))
                report(done, len(found.changed))
        except Cancelled:
            batches.finish()
            raise
        batches.finish()
        _conclude(database, writer, root, options, found, known)
        return Built(
            len(found.changed),
            len(known) - len(found.gone) - sum(path in known for path, _ in found.changed),
            len(found.gone),
            tuple(skipped),
            time.monotonic() - began,
            "there are more files than are indexed" if found.more else "",
        )
    finally:
        database.close()


def _conclude(
    database: Database,
    writer: Writer,
    root: Root,
    options: BuildOptions,
    found: Difference,
    known: Mapping[str, FileStamp],
) -> None:
    with database.conn:
        database.execute("begin immediate")
        if found.gone:
            now = _stamps(database)
            writer.remove(path for path in found.gone if now.get(path) == known[path])
        # Single files that were updated since left the graph for a build to mend.
        if found.changed or found.gone or writer.meta("graph") != "whole":
            connect_files(database)
            writer.compact()
            writer.changed()
        writer.set_meta("graph", "whole")
        writer.set_meta("max_bytes", str(options.max_bytes))
        writer.set_meta("root", str(root.path))
    if len(found.changed) > len(found.gone) and 2 * len(found.changed) > database["files"].count:
        # Rows came in the order of names, which leaves pages a third empty. Needs no writer
        # beside it, and is not worth waiting for one.
        with suppress(sqlite3.OperationalError):
            database.execute("vacuum")
    else:
        database.execute("pragma incremental_vacuum").fetchall()
    database.execute("pragma optimize")
    database.execute("pragma wal_checkpoint(truncate)")


def _stamps(database: Database) -> dict[str, FileStamp]:
    rows = database.execute("select path, mtime, size from files")
    return {path: FileStamp(mtime, size) for path, mtime, size in rows}


def _settled(
    known: Mapping[str, FileStamp], limit: str | None, max_bytes: int
) -> Mapping[str, FileStamp]:
    """Return the files that need not be read unless they changed.

    Not those that another limit of size left out, or would have.
    """
    if limit is None or int(limit) == max_bytes:
        return known
    either = min(int(limit), max_bytes)
    never = FileStamp(-1, -1)
    return {path: stamp if stamp.size <= either else never for path, stamp in known.items()}


def _store(
    tree: DiskTree,
    database: Database,
    writer: Writer,
    content: FileContent,
    known: FileStamp | None,
) -> bool:
    """Write a file, unless it was only touched: a checkout gives old contents new times.

    ``known`` is its stamp when the build began: what was updated since is newer than what was read
    here, and stays. Returns whether the file is in the index as it was read.
    """
    row = database.execute(
        "select digest, mtime, size from files where path = ?", (content.path,)
    ).fetchone()
    if row is not None and FileStamp(row[1], row[2]) != known:
        return False
    if content.skipped and stamp_of(tree, content.path) is None:
        # It vanished while it was read.
        writer.remove([content.path])
        return False
    if row is not None and content.digest and row[0] == content.digest:
        writer.touch(content.path, content.stamp)
    else:
        writer.put(content)
    return True


def _spread(
    changed: Sequence[tuple[str, FileStamp]],
) -> Iterable[tuple[str, FileStamp]]:
    """Large files first: a large one at the end would leave the other workers idle."""
    return sorted(changed, key=lambda one: -one[1].size)


class _Batches:
    """Commits what was written inside ``with`` twice a second, so that others get to write."""

    def __init__(self, database: Database) -> None:
        self._connection = database.conn
        self._since = time.monotonic()

    def __enter__(self) -> None:
        if not self._connection.in_transaction:
            self._connection.execute("begin immediate")
            self._since = time.monotonic()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._connection.rollback()
        else:
            self.end_overdue()

    def end_overdue(self) -> None:
        if self._connection.in_transaction and time.monotonic() - self._since > _COMMIT_SECONDS:
            self.finish()

    def finish(self) -> None:
        self._connection.commit()


class _alone:  # noqa: N801 - a context manager, used like a function
    """Holds the lock of a database's builders; waits for it, and stops waiting when cancelled."""

    def __init__(self, path: Path, cancel: CancelToken) -> None:
        self._cancel = cancel
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise unavailable(path, error) from error
        self._path = path
        self._lock = FileLock(path.with_suffix(".lock"))

    def __enter__(self) -> None:
        while True:
            self._cancel.check()
            try:
                self._lock.acquire(timeout=0.2)
            except Timeout:
                continue
            except OSError as error:
                raise unavailable(self._path, error) from error
            return

    def __exit__(self, *_: object) -> None:
        self._lock.release()
