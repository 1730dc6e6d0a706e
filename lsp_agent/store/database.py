"""The journal's database file: opened, brought up to date, readable by its owner only."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from lsp_agent.store.atomic import locked

if TYPE_CHECKING:
    from sqlite_utils import Database

_BUSY_MS = 5000
_WAL_BYTES = 4 * 1024 * 1024
_BESIDE = ("", "-wal", "-shm")


def open_database(path: Path, warn: Callable[[str], None]) -> Database:
    """Open a journal, made where there is none; a corrupt one is moved aside, and said.

    Raises ``sqlite3.Error`` and ``OSError`` for one that is locked, of a newer version, or can't
    be written.
    """
    try:
        return _connect(path)
    except sqlite3.OperationalError:
        # Locked, read-only or no such folder: nothing that a new file would mend.
        raise
    except sqlite3.DatabaseError:
        with locked(path.with_suffix(".lock")):
            return _begin_anew(path, warn)


def _begin_anew(path: Path, warn: Callable[[str], None]) -> Database:
    try:
        # Another process may have been here meanwhile.
        return _connect(path)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        aside = path.with_suffix(".corrupt.sqlite")
        # Its log goes too: it would be played into the new file.
        for end in _BESIDE:
            with suppress(FileNotFoundError):
                path.with_name(path.name + end).replace(aside.with_name(aside.name + end))
        warn(f"the journal was corrupt ({error}); it is kept as {aside} and begun anew")
        return _connect(path)


def _connect(path: Path) -> Database:
    from sqlite_utils import Database

    from lsp_agent.store.migrations import migrate

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _make_private(path)
    # Transactions are begun by hand: the driver would begin them too late to keep a chain.
    connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    try:
        connection.execute(f"pragma busy_timeout = {_BUSY_MS}")
        _use_wal(connection)
        connection.execute("pragma synchronous = normal")
        connection.execute("pragma secure_delete = on")
        connection.execute(f"pragma journal_size_limit = {_WAL_BYTES}")
        database = Database(connection)
        migrate(database)
    except BaseException:
        connection.close()
        raise
    return database


def _use_wal(connection: sqlite3.Connection) -> None:
    """Turn on the log; SQLite does not wait here for another process that does the same."""
    deadline = time.monotonic() + _BUSY_MS / 1000
    while True:
        try:
            connection.execute("pragma journal_mode = wal")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _make_private(path: Path) -> None:
    """Create the file for its owner only; SQLite gives its log the same mode."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        return
    for end in _BESIDE:
        beside = path.with_name(path.name + end)
        # Another user's file, or one that is gone by now.
        with suppress(OSError):
            if beside.stat().st_mode & 0o077:
                beside.chmod(0o600)


@contextmanager
def transaction(database: Database) -> Iterator[None]:
    """Hold the database for writing from the first statement on; all of them or none count."""
    connection = database.conn
    connection.execute("begin immediate")
    try:
        yield
    except BaseException:
        if connection.in_transaction:
            connection.execute("rollback")
        raise
    if connection.in_transaction:
        connection.execute("commit")
