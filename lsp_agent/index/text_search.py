"""Finding text anywhere: the index names the files, the files themselves say the lines."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator

from lsp_agent.index.naming import match_expression, trigrams
from lsp_agent.index.types import TextHit

_SHOWN = 400
_MAX_TRIGRAMS = 24
_ODD_CASE = re.compile(r"[iI]|[^\x00-\x7f]")
Read = Callable[[str], str | None]


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
