"""Server-sent events, as chat servers write them: lines of ``data:``, in any chunking."""

from __future__ import annotations

import codecs

MAX_EVENT = 16 * 2**20
"""Characters of one event: no chunk of an answer comes near, and memory stays bounded."""


class EventTooLongError(ValueError):
    """A line or an event that does not end."""


class EventDecoder:
    """Feeds on bytes, gives the ``data`` of complete events; comments and other fields are dropped.

    Follows the WHATWG specification of ``text/event-stream``, line ends of all kinds included.
    Takes time linear in what it is fed, however it is cut.
    """

    def __init__(self, limit: int = MAX_EVENT) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._limit = limit
        self._line: list[str] = []
        self._data: list[str] = []
        self._size = 0
        self._after_cr = False

    def feed(self, chunk: bytes) -> list[str]:
        """Add bytes; return the events that they complete.

        Raises :class:`EventTooLongError` for one that passes the limit.
        """
        text = self._decoder.decode(chunk)
        if self._after_cr and text:
            text = text.removeprefix("\n")
            self._after_cr = False
        if not text:
            return []
        self._after_cr = text.endswith("\r")
        first, *rest = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self._add(first)
        events = []
        for piece in rest:
            events += self._end_line()
            self._add(piece)
        return events

    def finish(self) -> list[str]:
        """Return an event that was not closed by an empty line."""
        return [*self._end_line(), *self._end_line()]

    def _add(self, piece: str) -> None:
        self._size += len(piece)
        if self._size > self._limit:
            raise EventTooLongError
        self._line.append(piece)

    def _end_line(self) -> list[str]:
        line = "".join(self._line)
        self._line.clear()
        if line:
            name, _, value = line.partition(":")
            if name == "data":
                self._data.append(value.removeprefix(" "))
            else:
                self._size -= len(line)
            return []
        events = ["\n".join(self._data)] if self._data else []
        self._data.clear()
        self._size = 0
        return events
