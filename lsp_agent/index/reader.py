"""Questions to the index. Each answers from SQLite; nothing is kept but what many ask for.

Cost on 2,000 files: a symbol search 1 to 4 ms, a text search some milliseconds and the reading of
the files that it finds, everything else well under a millisecond.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsp_agent.index.file_graph import FileGraph, graph_of_rows
from lsp_agent.index.packing import unpack
from lsp_agent.index.schema import connect_to_read, is_corrupt, unavailable
from lsp_agent.index.symbol_search import COLUMNS, TABLES, SymbolQuery, find_symbols
from lsp_agent.index.text_search import candidates
from lsp_agent.index.types import (
    FileStamp,
    ImportRow,
    IndexStatus,
    IndexUnavailableError,
    Place,
    Skipped,
    SymbolRow,
)

_PARAMETERS = 500


class IndexReader:
    """Reads one index. Thread-safe: there are as many connections as questions at a time.

    Every method raises :class:`IndexUnavailableError` where there is no index, or none that can be
    read. ``broken`` is called once, until :meth:`forgive`, when the database turns out to be no
    sound one.
    """

    def __init__(self, path: Path, broken: Callable[[], None] = lambda: None) -> None:
        self.path = path
        self._broken = broken
        self._told = False
        self._lock = threading.Lock()
        self._idle: list[_Connection] = []
        self._closed = False
        self._graph: tuple[int, FileGraph] | None = None
        self._standing: tuple[int, dict[str, tuple[int, int]]] = (-1, {})

    def generation(self) -> int:
        """Return a number that grows with every change that is committed, whoever made it."""
        rows = self._rows("select value from meta where key = 'generation'")
        return int(rows[0][0]) if rows else 0

    def complete(self) -> bool:
        """Whether a build came to its end here, so that what is not in the index is not there."""
        try:
            return bool(self._rows("select 1 from meta where key = 'root'"))
        except IndexUnavailableError:
            return False

    def status(self) -> IndexStatus:
        """Count what is there."""
        try:
            files, skipped = self._rows(
                "select count(*), coalesce(sum(skipped != ''), 0) from files"
            )[0]
            symbols = self._rows("select count(*) from symbols")[0][0]
            return IndexStatus("ready", files, symbols, skipped, self.path.stat().st_size)
        except IndexUnavailableError as error:
            return IndexStatus("failed" if self.path.exists() else "missing", note=str(error))
        except OSError as error:
            return IndexStatus("failed", note=str(error))

    def paths(self, language: str | None = None) -> list[str]:
        """Return all files that were not left out, or those of them in a language."""
        sql = "select path from files where skipped = '' and coalesce(?, language) = language"
        return [row[0] for row in self._rows(f"{sql} order by path", language)]

    def stamps(self) -> dict[str, FileStamp]:
        """Return when the files were changed as they are in the index."""
        rows = self._rows("select path, mtime, size from files")
        return {path: FileStamp(mtime, size) for path, mtime, size in rows}

    def skipped(self) -> list[Skipped]:
        """Return the files that were left out, and why."""
        rows = self._rows("select path, skipped from files where skipped != '' order by path")
        return [Skipped(*row) for row in rows]

    def symbols(
        self,
        query: str,
        limit: int = 50,
        kinds: Iterable[str] = (),
        languages: Iterable[str] = (),
    ) -> list[SymbolRow]:
        """Return definitions by a part of their name, the likeliest first."""
        wanted = SymbolQuery.read(query, kinds, languages)
        with self._connected() as connection:
            return find_symbols(connection, wanted, limit)

    def definitions(self, name: str) -> list[SymbolRow]:
        """Return the definitions of exactly this name."""
        sql = f"select {COLUMNS} from {TABLES} where n.name = ? order by f.path, s.line"
        return [SymbolRow(*row) for row in self._rows(sql, name)]

    def outline(self, path: str) -> list[SymbolRow]:
        """Return a file's definitions in the order of its text."""
        sql = f"select {COLUMNS} from {TABLES} where f.path = ? order by s.id"
        return [SymbolRow(*row) for row in self._rows(sql, path)]

    def outlines(self, paths: Iterable[str]) -> dict[str, list[SymbolRow]]:
        """Return the definitions of several files."""
        wanted = list(paths)
        found: dict[str, list[SymbolRow]] = {path: [] for path in wanted}
        for part in _parts(wanted):
            sql = (
                f"select {COLUMNS} from {TABLES} where f.path in ({','.join('?' * len(part))}) "
                "order by s.id"
            )
            for row in self._rows(sql, *part):
                found[row[0]].append(SymbolRow(*row))
        return found

    def files_with(self, name: str) -> list[str]:
        """Return the files that use or define a name."""
        sql = (
            "select f.path from occurrences o join files f on f.doc = o.doc "
            "where o.name = (select id from names where name = ?) union "
            "select f.path from symbols s join files f on f.id = s.file "
            "where s.name = (select id from names where name = ?)"
        )
        return [row[0] for row in self._rows(sql, name, name)]

    def uses(self, name: str) -> dict[str, list[Place]]:
        """Return where a name is used, by file, as the files were when they were indexed."""
        sql = (
            "select f.path, o.places from occurrences o join files f on f.doc = o.doc "
            "where o.name = (select id from names where name = ?) order by f.path"
        )
        return {path: unpack(places) for path, places in self._rows(sql, name)}

    def use_counts(self, names: Iterable[str]) -> dict[str, int]:
        """Return how often names are used in all."""
        sql = (
            "select coalesce(sum(o.uses), 0) from occurrences o join files f on f.doc = o.doc "
            "where o.name = (select id from names where name = ?)"
        )
        return {name: int(self._rows(sql, name)[0][0]) for name in names}

    def candidates(self, *needles: str) -> Iterator[str]:
        """Yield the files that may hold all of some texts, see ``text_search``."""
        with self._connected() as connection:
            yield from candidates(connection, needles)

    def words(self) -> list[tuple[str, bytes]]:
        """Return the packed words of each file, see ``words.pack_words``."""
        return self._rows(
            "select f.path, w.words from file_words w join files f on f.id = w.file order by f.id"
        )

    def imports(self, path: str) -> list[ImportRow]:
        """Return a file's imports."""
        return self._imports("where f.path = ?", path)

    def importers(self, path: str) -> list[ImportRow]:
        """Return the imports in other files that mean a file."""
        return self._imports("where t.path = ?", path)

    def all_imports(self) -> list[ImportRow]:
        """Return the imports of all files."""
        return self._imports("")

    def edges(self) -> list[tuple[str, str, float]]:
        """Return the graph of files: who leans on whom, and how much."""
        return self._rows(
            "select a.path, b.path, e.weight from edges e join files a on a.id = e.source "
            "join files b on b.id = e.target"
        )

    def graph(self) -> FileGraph:
        """Return the graph of files that were not left out, as arrays; kept until it changes."""
        generation = self.generation()
        known = self._graph
        if known is not None and known[0] == generation:
            return known[1]
        files = self._rows("select id, path from files where skipped = ''")
        with self._connected() as connection:
            edges = connection.execute("select source, target, weight from edges")
            graph = graph_of_rows(files, edges)
        self._graph = (generation, graph)
        return graph

    def standing(self, names: Iterable[str]) -> dict[str, tuple[int, int]]:
        """Return how many files define each name, and how many use it; kept until it changes."""
        generation = self.generation()
        if self._standing[0] != generation:
            self._standing = (generation, {})
        found = self._standing[1]
        wanted = dict.fromkeys(names)
        for part in _parts(name for name in wanted if name not in found):
            sql = (
                "select n.name, (select count(distinct s.file) from symbols s where s.name = n.id),"
                " (select count(*) from occurrences o join files f on f.doc = o.doc "
                f"where o.name = n.id) from names n where n.name in ({','.join('?' * len(part))})"
            )
            found.update({row[0]: (row[1], row[2]) for row in self._rows(sql, *part)})
        return {name: found[name] for name in wanted if name in found}

    def definers(self, names: Iterable[str]) -> dict[str, list[str]]:
        """Return the files that define each name."""
        found: dict[str, list[str]] = {}
        for part in _parts(names):
            sql = (
                "select distinct n.name, f.path from names n join symbols s on s.name = n.id join "
                f"files f on f.id = s.file where n.name in ({','.join('?' * len(part))})"
            )
            for name, path in self._rows(sql, *part):
                found.setdefault(name, []).append(path)
        return found

    def digests(self, paths: Iterable[str]) -> dict[str, bytes]:
        """Return the digests of files' contents as they were indexed."""
        found: dict[str, bytes] = {}
        for part in _parts(paths):
            sql = f"select path, digest from files where path in ({','.join('?' * len(part))})"
            found.update(self._rows(sql, *part))
        return found

    def languages(self) -> Mapping[str, int]:
        """Return how many files there are of each language; ``""`` is plain text."""
        rows = self._rows("select language, count(*) from files where skipped = '' group by 1")
        return dict(rows)

    def forgive(self) -> None:
        """Tell of a broken database again: another one was made since."""
        self._told = False

    def close(self) -> None:
        """Close all connections; those that are asked right now as soon as they have answered."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for one in idle:
            one.connection.close()

    def _imports(self, where: str, *values: str) -> list[ImportRow]:
        rows = self._rows(
            "select f.path, i.module, i.names, t.path from imports i join files f on f.id = i.file "
            f"left join files t on t.id = i.target {where} order by i.id",
            *values,
        )
        return [
            ImportRow(source, module, tuple(json.loads(names)), target)
            for source, module, names, target in rows
        ]

    def _rows(self, sql: str, *values: object) -> list[Any]:
        with self._connected() as connection:
            return connection.execute(sql, values).fetchall()

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection, and turn SQLite's errors into one that says what to do."""
        lent: _Connection | None = None
        try:
            lent = self._take()
            yield lent.connection
        except sqlite3.Error as error:
            # The next question opens the file anew.
            if lent is not None:
                lent.connection.close()
                lent = None
            if is_corrupt(error) and not self._told:
                self._told = True
                self._broken()
            raise unavailable(self.path, error) from error
        finally:
            if lent is not None:
                self._give_back(lent)

    def _take(self) -> _Connection:
        identity = self._identity()
        with self._lock:
            if self._closed:
                raise IndexUnavailableError("the index was closed")
            idle = self._idle
            # Another process may have made the index anew: the deleted one stays as it was.
            self._idle = [one for one in idle if one.identity == identity]
            found = self._idle.pop() if self._idle else None
        for one in idle:
            if one.identity != identity:
                one.connection.close()
        return found or _Connection(connect_to_read(self.path), identity)

    def _give_back(self, lent: _Connection) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(lent)
                return
        lent.connection.close()

    def _identity(self) -> tuple[int, int] | None:
        try:
            status = os.stat(self.path)  # noqa: PTH116 - before every question
        except OSError:
            return None
        return status.st_dev, status.st_ino


@dataclass(frozen=True, slots=True)
class _Connection:
    """A connection, and which file it is of."""

    connection: sqlite3.Connection
    identity: tuple[int, int] | None


def _parts(values: Iterable[str]) -> Iterator[list[str]]:
    """Yield values in parts that SQLite takes as parameters of one question."""
    wanted = list(dict.fromkeys(values))
    for start in range(0, len(wanted), _PARAMETERS):
        yield wanted[start : start + _PARAMETERS]
