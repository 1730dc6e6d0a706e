"""Finding text anywhere: the index names the files, the files themselves say the lines."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator

from lsp_agent.index.naming import match_expression, trigrams
from lsp_agent.index.types import TextHit

_SHOWN = 400
_MAX_TRIGRAMS = 24
Read = Callable[[str], str | None]


def candidates(connection: sqlite3.Connection, needle: str) -> Iterator[str]:
    """Yield the files that may hold a text, in an order that does not change.

    Those are the ones that hold all of its runs of three characters, or all files where it is
    shorter than that.
    """
    grams = trigrams(max(needle.splitlines() or [""], key=len))
    sql = "select path from files where skipped = '' order by id"
    if not grams:
        rows = connection.execute(sql)
    else:
        rows = connection.execute(
            "select f.path from text t join files f on f.doc = t.rowid where text match ? "
            "order by t.rowid",
            # The first few and the last few narrow it down as well as all of them.
            (match_expression(_spread(grams), " AND "),),
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


def _spread(grams: list[str]) -> list[str]:
    if len(grams) <= _MAX_TRIGRAMS:
        return grams
    step = len(grams) / _MAX_TRIGRAMS
    return [grams[int(number * step)] for number in range(_MAX_TRIGRAMS)]
