"""Finding the line of a key in a TOML source; the parser in the standard library keeps none."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence

from lsp_agent.config.toml import parse_toml

# Lines that may be parsed to find the ends of a file's values, one after another.
_MOST_LINES = 100_000
_HEADER = re.compile(r"^\s*\[{1,2}\s*(?P<keys>[^\]]+?)\s*\]{1,2}\s*(?:#.*)?$")
_PART = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*(\.|=|$)""")


Keys = Sequence[tuple[int, tuple[str, ...]]]


def keys_of(source: str) -> Keys:
    """Return every header and assignment with its 1-based line, values skipped whole."""
    return list(_keys(source))


def line_of(keys: Keys, path: Sequence[str]) -> int | None:
    """Return the 1-based line that sets a key, or the nearest table above it.

    ``path`` is the key's dotted path. Inline tables and arrays answer with their first line.
    """
    best: tuple[int, int] | None = None
    for line, found in keys:
        common = _common(found, path)
        if common and (best is None or common > best[0]) and common == min(len(found), len(path)):
            best = (common, line)
    return best[1] if best else None


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    count = 0
    for left, right in zip(a, b, strict=False):
        if left != right:
            break
        count += 1
    return count


def _keys(source: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    table: tuple[str, ...] = ()
    left = _MOST_LINES
    lines = source.splitlines()
    number = 0
    while number < len(lines):
        line = lines[number]
        header = _HEADER.match(line)
        if header:
            table = _parts(header["keys"])
            yield number + 1, table
        else:
            key = _parts(line)
            if key:
                yield number + 1, (*table, *key)
                number, left = _value_end(lines, number, left)
        number += 1


def _parts(text: str) -> tuple[str, ...]:
    parts: list[str] = []
    at = 0
    while match := _PART.match(text, at):
        parts.append(next(group for group in match.groups()[:3] if group is not None))
        at = match.end()
        if match[4] != ".":
            break
    return tuple(parts)


def _value_end(lines: Sequence[str], start: int, left: int) -> tuple[int, int]:
    """Return the line on which the assignment that starts at ``start`` is complete.

    At most ``left`` lines are parsed for it, and what is left of them is returned too. Where none
    is, a value's further lines are taken for keys.
    """
    for end in range(start, len(lines)):
        left -= end - start
        if left < 0:
            break
        try:
            parse_toml("\n".join(lines[start : end + 1]))
        except tomllib.TOMLDecodeError:
            continue
        return end, left
    return start, left
