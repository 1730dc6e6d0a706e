"""Server-sent events, as chat servers write them: lines of ``data:``, in any chunking."""

from __future__ import annotations

import codecs


class EventDecoder:
    """Feeds on bytes, gives the ``data`` of complete events; comments and other fields are dropped.

    Follows the WHATWG specification of ``text/event-stream``, line ends of all kinds included.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        self._data: list[str] = []

    def feed(self, chunk: bytes) -> list[str]:
        """Add bytes; return the events that they complete."""
        self._rest += self._decoder.decode(chunk)
        # A trailing \r may be half of \r\n, so it waits.
        held = "\r" if self._rest.endswith("\r") else ""
        text = self._rest[: len(self._rest) - len(held)].replace("\r\n", "\n").replace("\r", "\n")
        *lines, last = text.split("\n")
        self._rest = last + held
        return [event for line in lines if (event := self._line(line)) is not None]

    def finish(self) -> list[str]:
        """Return an event that was not closed by an empty line."""
        rest, self._rest = self._rest.rstrip("\r"), ""
        events = [self._line(rest), self._line("")]
        return [event for event in events if event is not None]

    def _line(self, line: str) -> str | None:
        if not line:
            if not self._data:
                return None
            event, self._data = "\n".join(self._data), []
            return event
        name, _, value = line.partition(":")
        if name == "data":
            self._data.append(value.removeprefix(" "))
        return None
