"""Finding text anywhere: the index names the files, the files themselves say the lines."""

from __future__ import annotations

import codecs
import re
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from lsp_agent.index.naming import match_expression, trigrams
from lsp_agent.index.types import TextHit
from lsp_agent.workspace.errors import OutsideRootError, UnreadableFileError
from lsp_agent.workspace.files import MAX_BYTES, decode, read_bytes
from lsp_agent.workspace.roots import Root

_SHOWN = 400
_MAX_TRIGRAMS = 24
_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
_ODD_CASE = re.compile(r"[iI]|[^\x00-\x7f]")
# Letters that are equal to some outside ASCII, where case is ignored.
_ODD_LETTERS = re.compile(r"[iIkKsS]|[^\x00-\x7f]")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


def candidates(connection: sqlite3.Connection, needles: Iterable[str]) -> Iterator[str]:
    """Yield the files that may hold all of some texts, in an order that does not change.

    Those are the ones that hold all of the texts' runs of three characters, or all files where
    they are shorter than that. Case is folded as FTS5 does.
    """
    runs = [trigrams(max(needle.splitlines() or [""], key=len)) for needle in needles]
    grams = list(dict.fromkeys(gram for run in runs for gram in _spread(run)))
    sql = "select path from files where skipped = '' order by id"
    if not grams:
        rows = connection.execute(sql)
    else:
        rows = connection.execute(
            "select f.path from text t join files f on f.doc = t.rowid where text match ? "
            "order by t.rowid",
            (match_expression(grams, " AND "),),
        )
    for row in rows:
        yield row[0]


def lines_of(path: str, text: str, needle: str, *, ignore_case: bool) -> Iterator[TextHit]:
    """Yield each line of a text that holds another, once, with the first place in it."""
    pattern = re.compile(re.escape(needle), re.IGNORECASE if ignore_case else 0)
    at = line = counted = 0
    while True:
        if ignore_case:
            match = pattern.search(text, at)
            found = match.start() if match else -1
        else:
            found = text.find(needle, at)
        if found < 0:
            return
        line += text.count("\n", counted, found)
        counted = found
        start = text.rfind("\n", 0, found) + 1
        end = text.find("\n", found)
        end = len(text) if end < 0 else end
        shown = text[start : min(end, start + _SHOWN)].rstrip("\r")
        yield TextHit(path, line, found - start, shown)
        if end == len(text):
            return
        at = end + 1


class FileFinder:
    """Reads candidates below a root, and keeps only those that do hold the text.

    Cost: some 20 µs a file that is in the system's memory. A folder's links are followed once for
    all of its files; a file that is a link by now is passed over.
    """

    def __init__(self, root: Root, needle: str, *, ignore_case: bool) -> None:
        self._root = root
        self._ignore_case = ignore_case
        self._needle = (needle.lower() if ignore_case else needle).encode("utf-8", "replace")
        odd = _ODD_LETTERS if ignore_case else _NOT_ASCII
        self._plain = odd.search(needle) is None
        self._folders: dict[str, str | None] = {}

    def text(self, path: str) -> str | None:
        """Return the file's text; ``None`` where it holds nothing, or can't be read."""
        folder, _, name = path.rpartition("/")
        if folder not in self._folders:
            self._folders[folder] = self._resolve(folder)
        real = self._folders[folder]
        if real is None:
            return None
        try:
            data = read_bytes(Path(real, name), MAX_BYTES, name=path, follow_link=False)
            # Only in UTF-8, and in ASCII inside it, are the bytes of a text those of its parts.
            if self._plain and not data.startswith(_BOMS) and not self._holds(data):
                return None
            return decode(data, path).content
        except UnreadableFileError:
            return None

    def _holds(self, data: bytes) -> bool:
        return self._needle in (data.lower() if self._ignore_case else data)

    def _resolve(self, folder: str) -> str | None:
        try:
            return str(self._root.resolve(folder))
        except OutsideRootError:
            return None


def narrowing(text: str, *, ignore_case: bool) -> list[str]:
    """Return the parts of a text that :func:`candidates` may look for.

    Where case is ignored, regular expressions take more characters for equal than FTS5 does: an i
    with and without its dot, and many that are not ASCII.
    """
    parts = _ODD_CASE.split(text) if ignore_case else [text]
    return [part for part in parts if len(part) >= 3]


def _spread(grams: list[str]) -> list[str]:
    """Return a few of many: they narrow it down as well as all of them."""
    if len(grams) <= _MAX_TRIGRAMS:
        return grams
    step = len(grams) / _MAX_TRIGRAMS
    return [grams[int(number * step)] for number in range(_MAX_TRIGRAMS)]
