"""Putting files into the index, and taking them out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from lsp_agent.index.types import FileContent, FileStamp

if TYPE_CHECKING:
    from sqlite_utils import Database

_KEPT_NAMES = 400_000
_DEAD_SHARE = 0.25


class Writer:
    """Writes to one open index. Not thread-safe; the caller begins and ends transactions."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._run = database.conn.execute
        self._many = database.conn.executemany
        self._ids: dict[str, int] = {}
        self._defined: set[int] = set()

    def put(self, content: FileContent) -> int:
        """Add a file, or replace what is known of it; returns its id."""
        file = self._file(content)
        if content.skipped:
            return file
        doc = int(self._run("select doc from files where id = ?", (file,)).fetchone()[0])
        ids = self._name_ids({*content.uses, *(symbol.name for symbol in content.symbols)})
        self._put_symbols(file, content, ids)
        self._many(
            "insert into occurrences (name, doc, uses, calls, places) values (?, ?, ?, ?, ?)",
            [(ids[name], doc, *row) for name, row in content.uses.items()],
        )
        self._many(
            "insert into imports (file, module, names) values (?, ?, ?)",
            [(file, module, json.dumps(names)) for module, names in content.imports],
        )
        self._run("insert into text (rowid, content) values (?, ?)", (doc, content.text))
        self._run("insert into file_words (file, words) values (?, ?)", (file, content.words))
        return file

    def touch(self, path: str, stamp: FileStamp) -> None:
        """Note that a file was written anew with the content it had."""
        self._run(
            "update files set mtime = ?, size = ? where path = ?",
            (stamp.mtime_ns, stamp.size, path),
        )

    def remove(self, paths: Iterable[str]) -> None:
        """Take files out."""
        for path in paths:
            row = self._run("select id from files where path = ?", (path,)).fetchone()
            if row is not None:
                self._clear(row[0])
                self._run("delete from edges where source = ? or target = ?", (row[0], row[0]))
                self._run("update imports set target = null where target = ?", (row[0],))
                self._run("delete from files where id = ?", (row[0],))
                self.changed()

    def changed(self) -> None:
        """Tell readers in all processes that what they keep in memory is out of date."""
        self._run(
            "insert into meta (key, value) values ('generation', '1') "
            "on conflict (key) do update set value = cast(value as integer) + 1"
        )

    def meta(self, key: str) -> str | None:
        """Return a fact about the whole index."""
        row = self._run("select value from meta where key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def set_meta(self, key: str, value: str) -> None:
        """Remember a fact about the whole index."""
        self._run("insert or replace into meta (key, value) values (?, ?)", (key, value))

    def compact(self) -> None:
        """Clear away what replaced files left, once it is a quarter of all."""
        docs, newest = self._run("select count(*), coalesce(max(doc), 0) from files").fetchone()
        if newest - docs > max(docs * _DEAD_SHARE, 64):
            self._run("delete from occurrences where doc not in (select doc from files)")
            self._run(
                "delete from names where id not in (select name from occurrences) "
                "and id not in (select name from symbols)"
            )
            self._ids.clear()
            self._rebuild_names()
        for table in ("text", "symbol_names"):
            self._run(f"insert into {table} ({table}) values ('optimize')")

    def _rebuild_names(self) -> None:
        self._run("insert into symbol_names (symbol_names) values ('delete-all')")
        self._run("update names set defined = null where id not in (select name from symbols)")
        self._run(
            "insert into symbol_names (rowid, content) select id, name from names "
            "where defined is not null"
        )
        self._defined.clear()

    def _file(self, content: FileContent) -> int:
        """Write the file's own row with a new ``doc``; returns its id."""
        # Never one that was in use: what a dead document left must stay dead.
        doc = self._run("insert into docs default values").lastrowid
        self._run("delete from docs where id < ?", (doc,))
        row = (
            doc, content.language, content.skipped, content.lines, content.stamp.size,
            content.stamp.mtime_ns, content.digest, len(content.tests), content.path,
        )  # fmt: skip
        known = self._run("select id from files where path = ?", (content.path,)).fetchone()
        if known is None:
            cursor = self._run(
                "insert into files (doc, language, skipped, lines, size, mtime, digest, tests, "
                "path) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            return int(cursor.lastrowid or 0)
        self._clear(known[0])
        self._run(
            "update files set doc = ?, language = ?, skipped = ?, lines = ?, size = ?, mtime = ?, "
            "digest = ?, tests = ? where path = ?",
            row,
        )
        return int(known[0])

    def _clear(self, file: int) -> None:
        self._run("delete from symbols where file = ?", (file,))
        self._run("delete from imports where file = ?", (file,))
        self._run("delete from file_words where file = ?", (file,))

    def _put_symbols(self, file: int, content: FileContent, ids: dict[str, int]) -> None:
        self._many(
            "insert into symbols (file, name, kind, parent, signature, documentation, line, "
            "character, start_line, end_line) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    file, ids[one.name], one.kind, one.parent, one.signature, one.documentation,
                    one.line, one.character, one.start_line, one.end_line,
                )
                for one in content.symbols
            ],
        )  # fmt: skip
        for name in {symbol.name for symbol in content.symbols}:
            if ids[name] not in self._defined:
                self._defined.add(ids[name])
                first = self._run(
                    "update names set defined = 1 where id = ? and defined is null", (ids[name],)
                )
                if first.rowcount:
                    self._run(
                        "insert into symbol_names (rowid, content) values (?, ?)", (ids[name], name)
                    )

    def _name_ids(self, names: set[str]) -> dict[str, int]:
        if len(self._ids) > _KEPT_NAMES:
            self._ids.clear()
        new = names - self._ids.keys()
        for name in new:
            found: Any = self._run("select id from names where name = ?", (name,)).fetchone()
            if found is None:
                cursor = self._run("insert into names (name) values (?)", (name,))
                found = (cursor.lastrowid,)
            self._ids[name] = int(found[0])
        return {name: self._ids[name] for name in names}
