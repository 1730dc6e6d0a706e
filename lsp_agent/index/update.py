"""Bringing single files up to date, as soon as an editor says that they changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from lsp_agent.index.build import BuildOptions
from lsp_agent.index.graph import connect_file
from lsp_agent.index.scan import stamp_of
from lsp_agent.index.schema import connect, discard, is_corrupt, unavailable
from lsp_agent.index.types import FileContent, FileStamp
from lsp_agent.index.workers import read_and_extract
from lsp_agent.index.writer import Writer
from lsp_agent.workspace.disk import DiskTree
from lsp_agent.workspace.roots import Root

if TYPE_CHECKING:
    from sqlite_utils import Database


def update(root: Root, path: Path, options: BuildOptions, paths: Iterable[str]) -> None:
    """Read files again, or forget those that are gone or left out by now.

    A file is visible to readers as soon as it is written, and connected to others right after.
    Cost: reading and parsing it, and about 2 ms. Raises :class:`IndexUnavailableError`.
    """
    tree = DiskTree(root, options.exclude)
    stamps = {one: None if tree.leaves_out(one) else stamp_of(tree, one) for one in paths}
    contents = [
        read_and_extract(root, one, stamp, options.max_bytes)
        for one, stamp in stamps.items()
        if stamp is not None
    ]
    gone = [one for one, stamp in stamps.items() if stamp is None]
    database = connect(path)
    try:
        _write(database, contents, gone)
    except sqlite3.Error as error:
        if is_corrupt(error):
            database.close()
            discard(path)
        raise unavailable(path, error) from error
    finally:
        database.close()


def _write(database: Database, contents: Iterable[FileContent], gone: list[str]) -> None:
    writer = Writer(database)
    written: list[int] = []
    with database.conn:
        database.execute("begin immediate")
        for content in contents:
            known = database.execute(
                "select digest, mtime, size from files where path = ?", (content.path,)
            ).fetchone()
            if known is not None and content.digest and known[0] == content.digest:
                if FileStamp(known[1], known[2]) != content.stamp:
                    writer.touch(content.path, content.stamp)
                continue
            written.append(writer.put(content))
        if gone:
            writer.remove(gone)
        if written:
            writer.changed()
    for file in written:
        with database.conn:
            connect_file(database, file)
