"""A folder with files, and its index as one builds, updates and asks it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from lsp_agent.cancel import CancelToken
from lsp_agent.index.build import BuildOptions, Built, build
from lsp_agent.index.reader import IndexReader
from lsp_agent.index.service import CodeIndex
from lsp_agent.index.update import below, update
from lsp_agent.index.view import FactsCache, IndexView
from lsp_agent.workspace.overlay import Buffer, Overlay
from lsp_agent.workspace.roots import Root
from tests.support.files import by_path, write_files

ONE = BuildOptions(processes=1)


class Shelf:
    """A workspace folder beside the database of its index."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "work"
        self.folder.mkdir(parents=True)
        self.root = Root(self.folder)
        self.database = folder / "cache" / "index" / "i.sqlite"

    def write(self, path: str, text: str | bytes) -> Path:
        """Write a file, with the folders above it."""
        write_files(self.folder, {path: text})
        return self.folder / path

    def build(self, options: BuildOptions = ONE, **more: Any) -> Built:
        """Bring the index up to date."""
        return build(self.root, self.database, options, CancelToken(), **more)

    def update(self, *paths: str) -> None:
        """Read single files again, as an editor's event has it done."""
        wanted = below(self.root, ONE, paths, 1000)
        assert wanted is not None
        update(self.root, self.database, ONE, wanted)

    def reader(self) -> IndexReader:
        """Return a reader of the index."""
        return IndexReader(self.database)

    def view(self, **unsaved: str) -> IndexView:
        """Return the index under open documents; ``__`` in a name stands for ``/``."""
        buffers = [
            Buffer(path, (self.folder / path).as_uri(), text, 1)
            for path, text in by_path(unsaved).items()
        ]
        return IndexView(self.reader(), Overlay(self.root, buffers), FactsCache())

    def index(self, **more: Any) -> CodeIndex:
        """Return the index as a long-lived process holds it."""
        return CodeIndex(self.root, self.database, ONE, **more)

    def names(self, query: str) -> list[str]:
        """Return the places of the symbols that a search finds."""
        return [f"{row.path}:{row.qualified_name}" for row in self.reader().symbols(query)]

    def check(self) -> None:
        """Have SQLite look for damage."""
        with sqlite3.connect(self.database) as connection:
            assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
        connection.close()

    def content(self) -> dict[str, Any]:
        """Return all that the index says, without its own numbers and times."""
        return content(self.database)


def content(database: Path) -> dict[str, Any]:
    """Return all that an index says, without its own numbers and times."""
    queries = {
        "files": "select path, language, skipped, lines, size, digest, tests from files",
        "symbols": "select f.path, s.kind, n.name, s.parent, s.signature, s.documentation, s.line, "
        "s.character, s.start_line, s.end_line from symbols s join files f on f.id = s.file "
        "join names n on n.id = s.name",
        "uses": "select f.path, n.name, o.uses, o.calls, o.places from occurrences o "
        "join files f on f.doc = o.doc join names n on n.id = o.name",
        "imports": "select f.path, i.module, i.names, t.path from imports i "
        "join files f on f.id = i.file left join files t on t.id = i.target",
        "words": "select f.path, w.words from file_words w join files f on f.id = w.file",
    }
    connection = sqlite3.connect(database)
    try:
        found = {
            name: sorted(connection.execute(sql).fetchall(), key=repr)
            for name, sql in queries.items()
        }
    finally:
        connection.close()
    reader = IndexReader(database)
    try:
        needles = ("def ", "import", "class", "größe", "x = ", "return")
        found["text"] = {needle: sorted(reader.candidates(needle)) for needle in needles}
        names = sorted({row[2] for row in found["symbols"]})
        found["search"] = {name: keys(reader.symbols(name)) for name in names}
    finally:
        reader.close()
    return found


def keys(rows: Iterable[Any]) -> list[tuple[str, str, int]]:
    """Return what tells symbols apart."""
    return [(row.path, row.qualified_name, row.line) for row in rows]


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """Return an empty folder without an index."""
    return Shelf(tmp_path)
