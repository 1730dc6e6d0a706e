"""Places as the command line writes them: ``F[:L[:C][-L[:C]]]``, counted from 1, in characters.

A line alone means a cursor at its first visible character, ``L-L`` whole lines. With columns the
end is where a cursor would stand, so ``a.py:3:1-3:5`` holds the four characters before column 5.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from lsp_agent.errors import LspAgentError
from lsp_agent.workspace.positions import Position, Range
from lsp_agent.workspace.text import Text

# The file is matched lazily, and a number must follow its colon: ``C:\a.py`` stays whole.
_SPEC = re.compile(
    r"(?P<file>.+?)"
    r"(?::(?P<line>\d+)(?::(?P<column>\d+))?(?:-(?P<end_line>\d+)(?::(?P<end_column>\d+))?)?)?",
    re.DOTALL,
)


class PlaceError(LspAgentError):
    """A place that can't be understood, or that is not in the file: a usage error."""

    code = "bad-place"


@dataclass(frozen=True, slots=True)
class PlaceSpec:
    """A file and what was said of the place in it; all numbers are as typed, from 1."""

    path: Path
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None

    def range(self, text: Text) -> Range | None:
        """Return the place in a text, ``None`` when only a file was named.

        Raises :class:`PlaceError` for a place outside the text or one that ends before it starts.
        """
        if self.line is None:
            return None
        start = self._position(text, self.line, self.column)
        if self.end_line is None:
            if self.column is None:
                start = Position(start.line, _indent(text.line(start.line)))
            return Range(start, start)
        end = self._position(text, self.end_line, self.end_column)
        if self.end_column is None:
            end = Position(end.line, len(text.line(end.line)))
        if end < start:
            raise PlaceError(
                f"{self.path}: the place ends at line {end.line + 1}, before it starts"
            )
        return Range(start, end)

    def _position(self, text: Text, line: int, column: int | None) -> Position:
        if not 1 <= line <= text.line_count:
            raise PlaceError(
                f"{self.path} has no line {line}: lines go from 1 to {text.line_count}"
            )
        length = len(text.line(line - 1))
        if column is None:
            return Position(line - 1, 0)
        if not 1 <= column <= length + 1:
            raise PlaceError(
                f"{self.path}:{line} has no column {column}: columns go from 1 to {length + 1}"
            )
        return Position(line - 1, column - 1)


def parse_place(spec: str) -> PlaceSpec:
    """Read a place; a string that names a file as it stands is that file.

    Raises :class:`PlaceError` for an empty name.
    """
    match = _SPEC.fullmatch(spec)
    if match is None:
        raise PlaceError(f"{spec!r} names no file; write FILE, FILE:LINE or FILE:LINE:COLUMN")
    if match["line"] is None or os.path.lexists(spec):
        return PlaceSpec(Path(spec))
    numbers = [match[name] for name in ("line", "column", "end_line", "end_column")]
    return PlaceSpec(Path(match["file"]), *(int(one) if one else None for one in numbers))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip()) if line.strip() else 0
