"""An immutable text with a line index.

Cost: building the index is O(n); ``replace`` copies the string and re-scans only the new lines, so
a keystroke in a 400 KB document takes well under a millisecond; ``offset`` is O(1), ``position``
O(log lines), ``decode`` and ``encode`` O(line) at most.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from lsp_agent.workspace.positions import (
    Position,
    PositionEncoding,
    Range,
    decode_character,
    encode_character,
)

# str.splitlines also cuts at form feeds, U+0085, U+2028 and others, which the protocol does not.
_EOL = re.compile(r"\r\n|\n|\r")
_LINES = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
_WORD = re.compile(r"[\w$]+")


def line_starts(text: str) -> list[int]:
    """Return the offset of each line's first character; there is always at least one line."""
    return [0, *(match.end() for match in _EOL.finditer(text))]


def split_lines(text: str) -> list[str]:
    """Return the lines with their line ends; joined they are the text again."""
    return _LINES.findall(text)


def first_line(text: str, most: int = 200) -> str:
    """Return the first line that is not blank, of ``most`` characters at most."""
    return text.strip().partition("\n")[0][:most]


def shortened(text: str, most: int) -> str:
    """Return a text of ``most`` characters at most; one that was longer ends with an ellipsis."""
    return text if len(text) <= most else text[: most - 1] + "…"


class Text:
    """A document's text. Lines and characters are 0-based; characters are code points."""

    __slots__ = ("_starts", "content")

    def __init__(self, content: str, _starts: list[int] | None = None) -> None:
        self.content = content
        self._starts = line_starts(content) if _starts is None else _starts

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Text) and self.content == other.content

    def __hash__(self) -> int:
        return hash(self.content)

    def __repr__(self) -> str:
        return f"Text({len(self.content)} characters, {self.line_count} lines)"

    @property
    def line_count(self) -> int:
        """Number of lines; a final line end opens one more, empty, line."""
        return len(self._starts)

    @property
    def full_range(self) -> Range:
        """From the first character to behind the last."""
        return Range(Position(0, 0), self.position(len(self.content)))

    @property
    def eol(self) -> str:
        r"""The line end that most lines have; ``\n`` when there is none."""
        crlf = self.content.count("\r\n")
        counts = {
            "\n": self.content.count("\n") - crlf,
            "\r\n": crlf,
            "\r": self.content.count("\r") - crlf,
        }
        best = max(counts, key=lambda eol: counts[eol])
        return best if counts[best] else "\n"

    def line(self, number: int) -> str:
        """Return a line without its line end; empty beyond the last line."""
        if not 0 <= number < len(self._starts):
            return ""
        return self.content[self._starts[number] : self._line_end(number)]

    def word(self, position: Position) -> str:
        """Return the name that a position touches; ``""`` where there is none."""
        for match in _WORD.finditer(self.line(position.line)):
            if match.start() <= position.character <= match.end() and not match[0][0].isdecimal():
                return match[0]
        return ""

    def offset(self, position: Position) -> int:
        """Return a position's offset; a place beyond a line or the text is clamped to its end."""
        if position.line < 0:
            return 0
        if position.line >= len(self._starts):
            return len(self.content)
        start = self._starts[position.line] + max(position.character, 0)
        return min(start, self._line_end(position.line))

    def position(self, offset: int) -> Position:
        r"""Return the position of an offset; one inside ``\r\n`` is the line's end."""
        offset = min(max(offset, 0), len(self.content))
        if self.content[offset - 1 : offset + 1] == "\r\n":
            offset -= 1
        line = bisect_right(self._starts, offset) - 1
        return Position(line, offset - self._starts[line])

    def slice(self, range_: Range) -> str:
        """Return the text that a range covers."""
        start, end = self.span(range_)
        return self.content[start:end]

    def span(self, range_: Range) -> tuple[int, int]:
        """Return a range's offsets, clamped; a reversed range is taken the right way round."""
        start, end = self.offset(range_.start), self.offset(range_.end)
        return (start, end) if start <= end else (end, start)

    def replace(self, range_: Range, new: str) -> Text:
        """Return the text with a range replaced."""
        return self.splice(*self.span(range_), new)

    def splice(self, start: int, end: int, new: str) -> Text:
        """Return the text with the characters from ``start`` to ``end`` replaced."""
        content = self.content[:start] + new + self.content[end:]
        # A line end can be joined or split at either border (\r before \n), so both neighbours
        # are scanned again with the new text.
        first = max(bisect_right(self._starts, max(start - 1, 0)) - 1, 0)
        last = bisect_right(self._starts, end + 1)
        shift = len(content) - len(self.content)
        stop = self._starts[last] + shift if last < len(self._starts) else len(content)
        begin = self._starts[first]
        middle = [begin, *(m.end() for m in _EOL.finditer(content, begin, stop))]
        if last < len(self._starts):
            middle = [at for at in middle if at < stop]
            tail = [at + shift for at in self._starts[last:]]
        else:
            tail = []
        return Text(content, self._starts[:first] + middle + tail)

    def decode(self, line: int, units: int, encoding: PositionEncoding) -> Position:
        """Translate a client's position, clamped to the text."""
        if line < 0:
            return Position(0, 0)
        if line >= len(self._starts):
            return self.position(len(self.content))
        return Position(line, decode_character(self.line(line), units, encoding))

    def encode(self, position: Position, encoding: PositionEncoding) -> tuple[int, int]:
        """Translate a position into a client's line and units, clamped to the text."""
        place = self.position(self.offset(position))
        return place.line, encode_character(self.line(place.line), place.character, encoding)

    def _line_end(self, number: int) -> int:
        """Return the offset behind a line's last character, before its line end."""
        if number + 1 == len(self._starts):
            return len(self.content)
        end = self._starts[number + 1]
        return end - 2 if self.content[end - 2 : end] == "\r\n" else end - 1
