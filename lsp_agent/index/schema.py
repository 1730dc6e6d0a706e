"""The index's tables, and opening its file whatever state it is in.

A row of ``files`` keeps its id; each new content gets a new ``doc``, the row id in the full-text
tables and the key in ``occurrences``. What belongs to an old ``doc`` is dead: no query sees it,
because all join ``files``, and :meth:`Writer.compact` clears it away. So a changed file costs what
it adds, never a search for what it had.
"""

from __future__ import annotations

import errno
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from lsp_agent.index.types import IndexUnavailableError

if TYPE_CHECKING:
    from sqlite_utils import Database

VERSION = 5
"""Raised with every change of the tables or of what extraction finds: an older index is rebuilt."""

_BUSY_MS = 5000
_PAGES_KIB = 8 * 1024


class _OtherVersionError(sqlite3.DatabaseError):
    """The tables are those of an earlier or later version of this program."""


def create(database: Database) -> None:
    """Make the tables."""
    _create_facts(database)
    _create_search(database)


def _create_facts(database: Database) -> None:
    database.table("meta").create({"key": str, "value": str}, pk="key")
    files = database.table("files")
    files.create(
        {
            "id": int, "path": str, "doc": int, "language": str, "skipped": str, "lines": int,
            "size": int, "mtime": int, "digest": bytes, "tests": int,
        },
        pk="id",
    )  # fmt: skip
    files.create_index(["path"], unique=True)
    files.create_index(["doc"], unique=True)
    database.execute("create table docs (id integer primary key autoincrement)")
    database.table("names").create({"id": int, "name": str, "defined": int}, pk="id")
    database.table("names").create_index(["name"], unique=True)
    database.execute(
        "create index names_any_case on names (name collate nocase) where defined is not null"
    )
    symbols = database.table("symbols")
    symbols.create(
        {
            "id": int, "file": int, "name": int, "kind": str, "parent": str, "signature": str,
            "documentation": str, "line": int, "character": int, "start_line": int,
            "end_line": int,
        },
        pk="id",
    )  # fmt: skip
    symbols.create_index(["name"])
    symbols.create_index(["file"])
    database.execute(
        "create table occurrences (name integer, doc integer, uses integer, calls integer, "
        "places blob, primary key (name, doc)) without rowid"
    )
    imports = database.table("imports")
    imports.create({"id": int, "file": int, "module": str, "names": str, "target": int}, pk="id")
    imports.create_index(["file"])
    imports.create_index(["target"])
    database.execute(
        "create table edges (source integer, target integer, weight real, "
        "primary key (source, target)) without rowid"
    )


def _create_search(database: Database) -> None:
    database.execute(
        "create virtual table text using "
        "fts5(content, tokenize='trigram', content='', columnsize=0, detail=none)"
    )
    database.execute(
        "create virtual table symbol_names using "
        "fts5(content, tokenize='trigram', content='', columnsize=0, detail=none)"
    )
    database.execute("create table file_words (file integer primary key, words blob)")
    database.execute(
        "create table passages (doc integer, line integer, end_line integer, digest blob, "
        "primary key (doc, line)) without rowid"
    )
    database.execute(
        "create table vectors (model text, digest blob, vector blob, primary key (model, digest)) "
        "without rowid"
    )


def connect(path: Path) -> Database:
    """Open the index, made anew where there is none, or an older or newer one.

    Raises ``sqlite3.Error`` for a file that is no sound database (:func:`is_corrupt`), and
    :class:`IndexUnavailableError` where it can't be made, is locked for longer than five seconds,
    or the disk is full.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            return _open(path)
        except _OtherVersionError:
            discard(path)
            return _open(path)
    except sqlite3.Error as error:
        if is_corrupt(error):
            raise
        raise unavailable(path, error) from error
    except OSError as error:
        raise unavailable(path, error) from error


def connect_to_read(path: Path) -> sqlite3.Connection:
    """Open an index that is there.

    Raises :class:`IndexUnavailableError` where there is none of this version, ``sqlite3.Error``
    for one that can't be read.
    """
    if not path.exists():
        raise IndexUnavailableError("there is no index yet; build it: lsp-agent index")
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, check_same_thread=False)
    try:
        connection.execute(f"pragma busy_timeout = {_BUSY_MS}")
        connection.execute(f"pragma cache_size = -{_PAGES_KIB}")
        version = _version(connection)
        if not version:
            if connection.execute("select 1 from sqlite_master").fetchone():
                raise sqlite3.DatabaseError("it holds another program's tables")
            raise IndexUnavailableError("there is no index yet; build it: lsp-agent index")
        if version != VERSION:
            raise IndexUnavailableError("the index is another version's; lsp-agent index mends it")
    except BaseException:
        connection.close()
        raise
    return connection


def discard(path: Path) -> None:
    """Delete an index with what SQLite keeps beside it.

    Raises :class:`IndexUnavailableError` where that can't be, as on Windows while it is open.
    """
    try:
        # The log first: whoever makes a new index meanwhile must not find it and play it back.
        for name in (path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm"), path):
            with suppress(FileNotFoundError):
                name.unlink()
    except OSError as error:
        raise unavailable(path, error) from error


def is_corrupt(error: sqlite3.Error) -> bool:
    """Whether an error says that the file is no sound database, so that only a new one helps."""
    if isinstance(error, sqlite3.OperationalError):
        # A table or column that is missing: another program's file, or a half-made one.
        return str(error).startswith(("no such table", "no such column", "disk I/O error"))
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(
        error, (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.NotSupportedError)
    )


def unavailable(path: Path, error: Exception) -> IndexUnavailableError:
    """Word an error for people."""
    said = str(error)
    number = getattr(error, "errno", None)
    if "full" in said or number == errno.ENOSPC:
        mend = "free some space on its disk, or move it with LSP_AGENT_HOME"
    elif "locked" in said:
        mend = "another program keeps it locked; end that one"
    elif "readonly" in said or "unable to open" in said or number is not None:
        mend = "make its folder one that you may write, or move it with LSP_AGENT_HOME"
    else:
        mend = "delete it; it is made again"
    return IndexUnavailableError(f"the index {path} can't be used ({said}); {mend}")


def _open(path: Path) -> Database:
    from sqlite_utils import Database

    connection = sqlite3.connect(path, check_same_thread=False)
    try:
        connection.execute(f"pragma busy_timeout = {_BUSY_MS}")
        if not connection.execute("pragma page_count").fetchone()[0]:
            # Only heard before the first table, and takes the lock of those who write: what a
            # compaction frees goes back to the disk.
            connection.execute("pragma auto_vacuum = incremental")
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = normal")
        connection.execute(f"pragma cache_size = -{4 * _PAGES_KIB}")
        database = Database(connection)
        version = _version(connection)
        if version != VERSION:
            if version and "meta" in database.table_names():
                raise _OtherVersionError(f"version {version}")
            if version or database.table_names():
                raise sqlite3.DatabaseError("it holds another program's tables")
            with connection:
                connection.execute("begin immediate")
                if not _version(connection):
                    create(database)
                    connection.execute(f"pragma user_version = {VERSION}")
    except BaseException:
        connection.close()
        raise
    return database


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("pragma user_version").fetchone()[0])
