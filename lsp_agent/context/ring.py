"""Pieces of text that were lately seen or edited, as llama.vim's ring holds them.

They stand in front of a prompt, so they change as little as possible: a new piece comes behind
the others, one that is nearly there already is not taken, and when there is no room the older half
goes at once.
"""

from __future__ import annotations

from lsp_agent.context.sources import Source
from lsp_agent.workspace.text import Text

_LINES, _MAX_CHUNK, _LEAST_LINES = 32, 1500, 3
_FAR = 24
_SAME, _VISIBLE = 0.8, 0.5


class Ring:
    """At most ``room`` characters of pieces; filled by one thread, read by any."""

    def __init__(self, room: int = 6000) -> None:
        self._room = room
        self._chunks: tuple[Source, ...] = ()
        self._last: tuple[str, Text, int] | None = None

    def opened(self, path: str, text: Text) -> None:
        """Take the begin of a file that the user looks at."""
        self._add(path, text, 0)

    def edited(self, path: str, text: Text, line: int) -> None:
        """Remember where the user types; the place is taken when they go on elsewhere.

        Cost: nothing but for a move of more than 24 lines or to another file.
        """
        if self._last is not None:
            before, _, place = self._last
            if before != path or abs(place - line) > _FAR:
                self._take_last()
        self._last = (path, text, line)

    def closed(self, path: str) -> None:
        """Take the place where a file was edited last."""
        if self._last is not None and self._last[0] == path:
            self._take_last()

    def chunks(self, visible: str = "") -> tuple[Source, ...]:
        """Return the pieces, the oldest first, without those that are mostly in another text."""
        lines = _lines(visible)
        return tuple(
            chunk
            for chunk in self._chunks
            if len(lines & (own := _lines(chunk.text))) <= _VISIBLE * len(own)
        )

    def _take_last(self) -> None:
        if self._last is not None:
            path, text, line = self._last
            self._last = None
            self._add(path, text, line)

    def _add(self, path: str, text: Text, line: int) -> None:
        first = max(line - _LINES // 2, 0)
        piece = "\n".join(text.line(number) for number in range(first, first + _LINES))
        piece = piece.strip("\n")[:_MAX_CHUNK] + "\n"
        lines = _lines(piece)
        if len(lines) < _LEAST_LINES:
            return
        if any(_likeness(lines, _lines(chunk.text)) > _SAME for chunk in self._chunks):
            return
        chunks = (*self._chunks, Source(path, piece))
        while sum(len(chunk.text) for chunk in chunks) > self._room and len(chunks) > 1:
            chunks = chunks[(len(chunks) + 1) // 2 :]
        self._chunks = chunks


def _lines(text: str) -> frozenset[str]:
    return frozenset(line for row in text.split("\n") if (line := row.strip()))


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the share of lines that two texts have in common (Dice's coefficient)."""
    return 2 * len(one & other) / (len(one) + len(other))
