"""Bringing single files up to date, as soon as an editor says that they changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from lsp_agent.index.build import BuildOptions
from lsp_agent.index.graph import connect_file, imports_of, resolve_imports
from lsp_agent.index.scan import files, stamp_of
from lsp_agent.index.schema import connect, discard, is_corrupt, unavailable
from lsp_agent.index.types import FileContent, FileStamp
from lsp_agent.index.workers import read_and_extract
from lsp_agent.index.writer import Writer
from lsp_agent.workspace.disk import DiskTree
from lsp_agent.workspace.errors import OutsideRootError
from lsp_agent.workspace.roots import Root

if TYPE_CHECKING:
    from sqlite_utils import Database


def update(root: Root, path: Path, options: BuildOptions, paths: Iterable[str]) -> None:
    """Read files again, or forget those that are gone or left out by now.

    A folder stands for what is in it, and was. A file is visible to readers as soon as it is
    written, and connected to others right after. Cost: reading and parsing it, and about 2 ms.
    Raises :class:`IndexUnavailableError`.
    """
    tree = DiskTree(root, options.exclude)
    wanted = list(dict.fromkeys(paths))
    contents = {
        one: read_and_extract(root, one, stamp, options.max_bytes)
        for one in wanted
        if (stamp := _there(tree, one)) is not None
    }
    try:
        database = connect(path)
        try:
            known = {path for one in wanted for path in _at_or_below(database, one)}
            lost = [one for one in known - contents.keys() if _there(tree, one) is None]
            _write(database, contents.values(), lost)
        finally:
            database.close()
    except sqlite3.Error as error:
        if is_corrupt(error):
            discard(path)
        raise unavailable(path, error) from error


def below(root: Root, options: BuildOptions, paths: Iterable[str], limit: int) -> list[str] | None:
    """Return the files that some paths stand for: themselves, or those in a folder.

    Each is spelt as the index has it, links followed; one that leads out of the root is none.
    ``None`` where there are more than ``limit``.
    """
    tree = DiskTree(root, options.exclude)
    found: dict[str, None] = {}
    for one in paths:
        with suppress(OutsideRootError):
            # A link's own name is not in the index, but may have been a file's.
            real = root.canonical(one)
            found |= {one: None, real: None}
            if real and tree.is_folder(real) and not tree.leaves_out(real, is_dir=True):
                for path in files(tree, lambda: None, real):
                    found[path] = None
                    if len(found) > limit:
                        return None
    found.pop("", None)
    return list(found) if len(found) <= limit else None


def _there(tree: DiskTree, path: str) -> FileStamp | None:
    """Return the stamp of a file that belongs into the index under this very path."""
    try:
        is_own = tree.root.canonical(path) == path
    except OutsideRootError:
        return None
    return stamp_of(tree, path) if is_own and not tree.leaves_out(path) else None


def _write(database: Database, contents: Iterable[FileContent], lost: list[str]) -> None:
    writer = Writer(database)
    written: dict[int, FileContent] = {}
    fresh: list[str] = []
    with database.conn:
        database.execute("begin immediate")
        imports = {row for path in lost for row in imports_of(database, path)}
        for content in contents:
            known = database.execute(
                "select digest, mtime, size from files where path = ?", (content.path,)
            ).fetchone()
            if known is not None and content.digest and known[0] == content.digest:
                if FileStamp(known[1], known[2]) != content.stamp:
                    writer.touch(content.path, content.stamp)
                continue
            if known is None:
                fresh.append(content.path)
            written[writer.put(content)] = content
        writer.remove(lost)
        if written:
            writer.changed()
        if written or lost:
            writer.set_meta("graph", "changed")
    # From here on they can be seen.
    for file, content in written.items():
        with database.conn:
            uses = {name: row[0] for name, row in content.uses.items()}
            connect_file(database, file, uses)
    imports |= {row for path in fresh for row in imports_of(database, path)}
    if imports:
        with database.conn:
            resolve_imports(database, only=sorted(imports))


def _at_or_below(database: Database, path: str) -> list[str]:
    """Return the known files that a path stood for: itself, or those of a folder."""
    rows = database.execute(
        "select path from files where path = ? or (path > ? and path < ?)",
        # The slash's next character ends what begins with the folder's name and a slash.
        (path, f"{path}/", f"{path}0"),
    )
    return [row[0] for row in rows]
