"""JSON as models write it: repaired where only one thing can be meant, else told what is wrong."""

from __future__ import annotations

import ast
import json
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from lsp_agent.engine import strict_json

_SPACE = re.compile(r"\s*")
# Possessive, so that a megabyte of quotes and backslashes takes one pass.
_TOKEN = re.compile(
    r'(?P<string>"[^"\\]*+(?:\\.[^"\\]*+)*+")|(?P<open>[{\[])|(?P<close>[}\]])|(?P<comma>,)'
    r"|(?P<stop>[\"<`])|(?P<other>[^\s{}\[\],\"<`]+)",
    re.DOTALL,
)
_NUMBER_END = re.compile(r"\d[\d.eE+-]*$")
_PYTHON = re.compile(r"\{\s*'")
_PYTHON_ONLY_ESCAPE = re.compile(r"\\(?![\\'\"nrt])")
_MAX_REPAIRED = 200_000
_MAX_PYTHON = 50_000
_HINTS = {
    "Invalid \\escape": "write \\\\ for one backslash",
    "Unterminated string starting at": "the string that begins there has no closing quote",
    "Expecting property name enclosed in double quotes": "a key in double quotes is expected",
    "Expecting value": "a value is expected",
    "Expecting ',' delimiter": "',' or the closing bracket is expected",
    "Expecting ':' delimiter": "':' is expected",
}


class LooseJSONError(ValueError):
    """Says what is wrong; ``offset`` is the place in the text."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


def skip_space(text: str, at: int) -> int:
    """Return the offset of the next character that is no white space."""
    match = _SPACE.match(text, at)
    return match.end() if match else at


def decode(text: str, at: int, limit: int | None = None) -> tuple[Any, int]:
    """Decode the value that begins at an offset; return it and the offset behind it.

    Repaired are trailing commas, closing brackets that are missing before ``<``, a backquote or
    the end, and Python's spelling of a dictionary, which must end at ``limit``. Raises
    :class:`LooseJSONError`.
    """
    problem = LooseJSONError("it is nested too deep", at)
    with suppress(RecursionError):
        try:
            value, end = strict_json.StrictJSONDecoder().raw_decode(text, at)
            strict_json.check(value, text[at:end])
        except json.JSONDecodeError as error:
            problem = LooseJSONError(_HINTS.get(error.msg, error.msg), error.pos)
        except ValueError as error:
            problem = LooseJSONError(str(error), at)
        else:
            return value, end
        repaired = _repair(text, at)
        if repaired is not None:
            with suppress(ValueError):
                return strict_json.loads(repaired.source), repaired.end
        end = len(text) if limit is None else limit
        with suppress(ValueError, TypeError, SyntaxError, MemoryError):
            return _python(text[at:end]), end
    raise problem


@dataclass(frozen=True, slots=True)
class _Repaired:
    source: str
    end: int


def _repair(text: str, start: int) -> _Repaired | None:
    """Drop trailing commas and add missing closers, minding strings; ``None``: not that simple."""
    pieces: list[str] = []
    stack: list[str] = []
    last, end = "", len(text)
    for match in _TOKEN.finditer(text, start):
        kind, piece = match.lastgroup or "", match[0]
        if kind == "stop":
            end = match.start()
            break
        if match.end() - start > _MAX_REPAIRED:
            return None
        if kind == "open":
            stack.append("}" if piece == "{" else "]")
        elif kind == "close" and (not stack or stack.pop() != piece):
            return None
        _append(pieces, piece, after_comma=last == "comma" and kind == "close")
        last = kind
        if not stack:
            return _Repaired(" ".join(pieces), match.end())
    cut_off = end == len(text) and _may_go_on(last, pieces)
    if not stack or cut_off or text.startswith('"', end):
        return None
    _append(pieces, " ".join(reversed(stack)), after_comma=last == "comma")
    return _Repaired(" ".join(pieces), end)


def _append(pieces: list[str], piece: str, *, after_comma: bool) -> None:
    if after_comma:
        pieces.pop()
    pieces.append(piece)


def _may_go_on(last: str, pieces: list[str]) -> bool:
    """Whether a text that simply ends was, or may have been, cut off: 1 may begin 12."""
    return last in ("", "open", "comma") or bool(_NUMBER_END.search(pieces[-1]))


def _python(source: str) -> Any:
    """Read Python's spelling of a dictionary; raises ``ValueError`` or ``SyntaxError``."""
    source = source.strip()
    if len(source) > _MAX_PYTHON or not _PYTHON.match(source):
        raise ValueError("no dictionary")
    # Elsewhere the two languages read an escape differently, so it could mean either.
    if _PYTHON_ONLY_ESCAPE.search(source):
        raise ValueError("an escape that JSON reads differently")
    value = ast.literal_eval(source)
    return strict_json.loads(json.dumps(value, allow_nan=False))
