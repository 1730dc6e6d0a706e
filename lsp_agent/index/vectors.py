"""Vectors of passages, kept in the index's database by the digest of their text.

A vector is stored as one signed byte a dimension: its direction is all that is compared. Passages
belong to a content of a file (``doc``); a text that is moved, or comes back, keeps its vector.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsp_agent.index.schema import connect, unavailable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_CHUNK = 4096


@dataclass(frozen=True, slots=True)
class PassageKey:
    """Where a passage stands (0-based lines, both included) and the digest of its text."""

    line: int
    end_line: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class NearPassage:
    """A passage with the cosine between its vector and what was asked, -1 to 1."""

    path: str
    start_line: int
    end_line: int
    likeness: float


class VectorStore:
    """Reads and writes vectors; each call opens the database for itself. Thread-safe.

    Every method raises :class:`~lsp_agent.index.types.IndexUnavailableError` when it can't be used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def unread(self, limit: int) -> list[tuple[str, int]]:
        """Return files whose passages are not known yet, with the id of their content."""
        return self._ask(
            "select path, doc from files where skipped = '' and language != '' and not exists "
            "(select 1 from passages p where p.doc = files.doc) order by id limit ?",
            limit,
        )

    def put_passages(self, doc: int, keys: Iterable[PassageKey]) -> None:
        """Note the passages of a content; without any, that it has none."""
        rows = [(doc, one.line, one.end_line, one.digest) for one in keys]
        self._write(
            "insert or replace into passages values (?, ?, ?, ?)", rows or [(doc, -1, -1, b"")]
        )

    def missing(self, model: str, limit: int) -> list[tuple[str, PassageKey]]:
        """Return passages that have no vector of a model yet, with their paths."""
        rows = self._ask(
            "select f.path, p.line, p.end_line, p.digest from passages p join files f on "
            "f.doc = p.doc where p.line >= 0 and not exists (select 1 from vectors v where "
            "v.model = ? and v.digest = p.digest) limit ?",
            model,
            limit,
        )
        return [(row[0], PassageKey(*row[1:])) for row in rows]

    def put_vectors(self, model: str, rows: Iterable[tuple[bytes, Sequence[float]]]) -> None:
        """Keep vectors by their texts' digests."""
        packed = [(model, digest, pack_vector(vector)) for digest, vector in rows]
        self._write("insert or replace into vectors values (?, ?, ?)", packed)

    def counts(self, model: str) -> tuple[int, int]:
        """Return how many passages have a vector of a model, and how many there are."""
        rows = self._ask(
            "select count(v.digest), count(*) from passages p join files f on f.doc = p.doc "
            "left join vectors v on v.model = ? and v.digest = p.digest where p.line >= 0",
            model,
        )
        return int(rows[0][0]), int(rows[0][1])

    def forget_dead(self, model: str) -> None:
        """Delete what belongs to no content that there is, and the vectors of other models."""
        self._write("delete from passages where doc not in (select doc from files)", [()])
        self._write(
            "delete from vectors where model != ? or digest not in (select digest from passages)",
            [(model,)],
        )

    def nearest(
        self, model: str, vector: Sequence[float], limit: int, *, extension: bool = True
    ) -> list[NearPassage]:
        """Return the passages whose vectors point most where ``vector`` does, the nearest first.

        All vectors are compared: by sqlite-vec where this Python's SQLite can load it (and
        ``extension`` is set), else by numpy, with equal results. Cost: about 2 ms for each thousand
        vectors of 768 dimensions.
        """
        wanted = pack_vector(vector)
        try:
            with closing(connect(self._path)) as database:
                connection = database.conn
                if extension and load_extension(connection):
                    rows = connection.execute(_SQL, (wanted, model, len(wanted), limit)).fetchall()
                else:
                    rows = _by_numpy(connection, model, wanted, limit)
        except sqlite3.Error as error:
            raise unavailable(self._path, error) from error
        return [NearPassage(*row) for row in rows]

    def _ask(self, sql: str, *values: object) -> list[Any]:
        try:
            with closing(connect(self._path)) as database:
                return database.conn.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise unavailable(self._path, error) from error

    def _write(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        try:
            with closing(connect(self._path)) as database, database.conn as connection:
                connection.executemany(sql, rows)
        except sqlite3.Error as error:
            raise unavailable(self._path, error) from error


_ROWS = "from passages p join files f on f.doc = p.doc join vectors v on v.digest = p.digest where "
_SQL = (
    "select f.path, p.line, p.end_line, "
    "1 - vec_distance_cosine(vec_int8(v.vector), vec_int8(?)) as likeness " + _ROWS + "v.model = ? "
    "and length(v.vector) = ? order by likeness desc, f.path, p.line limit ?"
)


def load_extension(connection: sqlite3.Connection) -> bool:
    """Load sqlite-vec; returns whether it is there and this Python's SQLite loads extensions."""
    if not hasattr(connection, "enable_load_extension"):
        return False
    try:
        import sqlite_vec

        connection.enable_load_extension(True)
        sqlite_vec.load(connection)
        connection.enable_load_extension(False)
    except (ImportError, AttributeError, sqlite3.Error):
        return False
    return True


def pack_vector(vector: Sequence[float]) -> bytes:
    """Return a vector's direction in one signed byte a dimension."""
    import numpy as np

    values = np.asarray(vector, np.float64)
    largest = float(np.abs(values).max(initial=0.0))
    scaled = values / largest * 127 if largest > 0 else values
    return np.rint(scaled).astype(np.int8).tobytes()


def _by_numpy(
    connection: sqlite3.Connection, model: str, wanted: bytes, limit: int
) -> list[tuple[str, int, int, float]]:
    import numpy as np

    query = np.frombuffer(wanted, np.int8).astype(np.float32)
    cursor = connection.execute(
        f"select f.path, p.line, p.end_line, v.vector {_ROWS} v.model = ? and length(v.vector) = ?",
        (model, len(wanted)),
    )
    best: list[tuple[str, int, int, float]] = []
    while rows := cursor.fetchmany(_CHUNK):
        matrix = np.frombuffer(b"".join(row[3] for row in rows), np.int8)
        likeness = _cosines(matrix.reshape(len(rows), -1).astype(np.float32), query)
        best += [(*row[:3], float(one)) for row, one in zip(rows, likeness, strict=True)]
        best.sort(key=lambda row: (-row[3], row[0], row[1]))
        del best[limit:]
    return best


def _cosines(matrix: NDArray[np.float32], query: NDArray[np.float32]) -> NDArray[np.float32]:
    import numpy as np

    lengths = np.linalg.norm(matrix, axis=1) * float(np.linalg.norm(query))
    found: NDArray[np.float32] = matrix @ query / np.maximum(lengths, np.float32(1e-9))
    return found
