"""JSON as models write it: repaired where only one thing can be meant, else told what is wrong."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Any

from lsp_agent.engine import strict_json

_SPACE = re.compile(r"\s*")
# Possessive, so that a megabyte of quotes and backslashes takes one pass.
_BETWEEN = re.compile(r"(?:\s|//[^\n]*+|\#[^\n]*+|/\*(?:[^*]|\*(?!/))*+\*/)*+")
_STRING = re.compile(
    r"\"[^\"\\]*+(?:\\.[^\"\\]*+)*+\"|'[^'\\]*+(?:\\.[^'\\]*+)*+'"
    r"|\u201c[^\u201c\u201d\\]*+(?:\\.[^\u201c\u201d\\]*+)*+\u201d",
    re.DOTALL,
)
_NAME = re.compile(r"[A-Za-z_]\w*+(?=\s*:)")
_LITERAL = re.compile(r"(?:[Tt]rue|[Ff]alse|null|None|-?\d[\d.eE+-]*+)(?!\w)")
_LITERALS = {"True": "true", "False": "false", "None": "null"}
_INNER = re.compile(r"\\(.)|\"", re.DOTALL)
_ENDS = "<`"
_MAX_REPAIRED = 200_000
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


def decode(text: str, at: int) -> tuple[Any, int]:
    """Decode the value that begins at an offset; return it and the offset behind it.

    Repaired are trailing commas, comments, keys without quotes, single and typographic quotes,
    Python's constants, and closing brackets that are missing before ``<``, a backquote or the end.
    Raises :class:`LooseJSONError`.
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
        with suppress(ValueError):
            source, end = _Repair(text, at).source()
            return strict_json.loads(source), end
    raise problem


class _Repair:
    """Reads one object or list token by token and writes it as JSON.

    A string ends where a quote like its first one stands before what may follow a string: one with
    quotes in it that are not escaped is never read in two ways, but not at all.
    """

    def __init__(self, text: str, start: int) -> None:
        self._text = text
        self._start = self._at = start
        self._pieces: list[str] = []
        self._closers: list[str] = []
        self._comma = False

    def source(self) -> tuple[str, int]:
        """Return the JSON and the offset behind what was read; raises ``ValueError``."""
        self._value()
        while self._closers:
            char = self._next()
            if not char or char in _ENDS:
                self._end(char)
            elif char in "}]":
                self._close(char)
            elif char == ",":
                if self._comma or self._pieces[-1] in "{[":
                    raise ValueError("a comma too many")
                self._comma, self._at = True, self._at + 1
            elif self._comma or self._pieces[-1] in "{[":
                self._member()
            else:
                raise ValueError("no comma")
        return "".join(self._pieces), self._at

    def _next(self) -> str:
        """Return the character of the next token, ``""`` at the end."""
        match = _BETWEEN.match(self._text, self._at)
        self._at = match.end() if match else self._at
        if self._at - self._start > _MAX_REPAIRED:
            raise ValueError("too long")
        return self._text[self._at : self._at + 1]

    def _member(self) -> None:
        if self._comma:
            self._pieces.append(",")
            self._comma = False
        if self._closers[-1] == "}":
            self._next()
            name = _NAME.match(self._text, self._at)
            self._pieces.append(json.dumps(self._take(name)) if name else self._string())
            if self._next() != ":":
                raise ValueError("no colon")
            self._pieces.append(":")
            self._at += 1
        self._value()

    def _value(self) -> None:
        char = self._next()
        if char in ("{", "["):
            self._pieces.append(char)
            self._closers.append("}" if char == "{" else "]")
            self._at += 1
        elif literal := _LITERAL.match(self._text, self._at):
            piece = self._take(literal)
            self._pieces.append(_LITERALS.get(piece, piece))
        else:
            self._pieces.append(self._string())

    def _string(self) -> str:
        match = _STRING.match(self._text, self._at)
        if match is None:
            raise ValueError("no string")
        piece = self._take(match)
        return piece if piece[0] == '"' else f'"{_INNER.sub(_escaped, piece[1:-1])}"'

    def _take(self, match: re.Match[str]) -> str:
        self._at = match.end()
        return match[0]

    def _close(self, char: str) -> None:
        if self._closers.pop() != char:
            raise ValueError("the brackets do not match")
        self._comma = False
        self._pieces.append(char)
        self._at += 1

    def _end(self, char: str) -> None:
        """Close all that is open, where the text was not cut off: 1 may begin 12."""
        last = self._pieces[-1]
        if not char and (self._comma or last in "{[" or last[-1].isdigit()):
            raise ValueError("cut off")
        self._pieces += reversed(self._closers)
        self._closers.clear()


def _escaped(match: re.Match[str]) -> str:
    """Return an escape of another quote's string as JSON has it."""
    char = match[1]
    if char is None or char == '"':
        return '\\"'
    if char in "'\u201c\u201d":
        return str(char)
    # Elsewhere JSON and Python read an escape differently, so it could mean either.
    if char not in "\\nrt":
        raise ValueError("an escape that could mean two things")
    return match[0]
