"""Finding text anywhere: the index names the files, the files themselves say the lines."""

from __future__ import annotations

import codecs
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress

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
_COMMON = frozenset(bytes([one]) for one in b" etaoinsrlcdumpfhg_.\n(),=")
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
    """Finds the lines of candidates below a root that hold a text.

    Cost: some 20 µs a file that is in the system's memory, and its size at 1 to 3 GB/s. A folder's
    links are followed once for all of its files; a file that is a link by now is passed over.
    """

    def __init__(self, root: Root, needle: str, *, ignore_case: bool) -> None:
        self._root = root
        self._needle = needle
        self._ignore_case = ignore_case
        # Only in UTF-8, and in ASCII inside it, are the bytes of a text those of its parts.
        odd = _ODD_LETTERS if ignore_case else _NOT_ASCII
        self._plain = odd.search(needle) is None
        self._bytes = (needle.lower() if ignore_case else needle).encode("utf-8", "replace")
        # Python's own search looks at each place; the one of its expressions skips to the first
        # character, which pays where that is rare.
        rare = self._bytes[:1] not in _COMMON
        self._pattern = re.compile(re.escape(self._bytes)) if rare and self._plain else None
        self._folders: dict[str, str | None] = {}

    def hits(self, path: str) -> Iterator[TextHit]:
        """Yield each line of a file that holds the text; nothing of one that can't be read."""
        data = self._read(path)
        if data is None:
            return
        if self._plain and not data.startswith(_BOMS) and b"\0" not in data:
            yield from self._lines(path, data)
            return
        with suppress(UnreadableFileError):
            text = decode(data, path).content
            yield from lines_of(path, text, self._needle, ignore_case=self._ignore_case)

    def _lines(self, path: str, data: bytes) -> Iterator[TextHit]:
        searched = data.lower() if self._ignore_case else data
        at = line = counted = 0
        while (found := self._find(searched, at)) >= 0:
            line += data.count(b"\n", counted, found)
            counted = found
            start = data.rfind(b"\n", 0, found) + 1
            end = data.find(b"\n", found)
            end = len(data) if end < 0 else end
            head = _decoded(data[start:found])
            text = head + _decoded(data[found:end])
            yield TextHit(path, line, len(head), text[:_SHOWN].rstrip("\r"))
            at = end + 1

    def _find(self, data: bytes, at: int) -> int:
        if self._pattern is None:
            return data.find(self._bytes, at)
        match = self._pattern.search(data, at)
        return match.start() if match else -1

    def _read(self, path: str) -> bytes | None:
        folder, _, name = path.rpartition("/")
        if folder not in self._folders:
            self._folders[folder] = self._resolve(folder)
        real = self._folders[folder]
        if real is None:
            return None
        try:
            return read_bytes(f"{real}{os.sep}{name}", MAX_BYTES, name=path, follow_link=False)
        except UnreadableFileError:
            return None

    def _resolve(self, folder: str) -> str | None:
        try:
            return str(self._root.resolve(folder))
        except OutsideRootError:
            return None


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


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
