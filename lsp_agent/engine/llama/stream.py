"""From token bytes to clean text: UTF-8 over token borders, stop strings, thinking tags."""

from __future__ import annotations

import codecs
from collections.abc import Sequence

_OPEN, _CLOSE = "<think>", "</think>"


class TextStream:
    """Collects token bytes and gives out text that can't change any more.

    Text that might be the start of a stop string is held back; nothing of a stop string comes out.
    """

    def __init__(self, stop: Sequence[str]) -> None:
        # Byte-level models can emit broken UTF-8, also under a grammar.
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stop = [text for text in stop if text]
        self._held = ""
        self.stopped = False

    def feed(self, data: bytes) -> str:
        """Add a token's bytes; return what is safe to show."""
        if self.stopped:
            return ""
        self._held += self._decoder.decode(data)
        if not self._stop:
            shown, self._held = self._held, ""
            return shown
        found = [at for text in self._stop if (at := self._held.find(text)) >= 0]
        if found:
            self.stopped = True
            shown, self._held = self._held[: min(found)], ""
            return shown
        keep = max((_overlap(self._held, text) for text in self._stop), default=0)
        cut = len(self._held) - keep
        shown, self._held = self._held[:cut], self._held[cut:]
        return shown

    def finish(self) -> str:
        """Return what is left when the answer ended by itself."""
        if self.stopped:
            return ""
        shown, self._held = self._held + self._decoder.decode(b"", final=True), ""
        return shown


class ThinkingSplitter:
    """Separates ``<think>…</think>`` at the start of an answer from the rest.

    ``inside`` starts true for templates that open the tag themselves.
    """

    def __init__(self, *, inside: bool = False) -> None:
        self._inside = inside
        self._decided = inside
        self._closed = False
        self._held = ""

    def feed(self, text: str, *, last: bool = False) -> tuple[str, str]:
        """Return the next ``(thinking, text)`` increments."""
        if self._decided and not (self._inside or self._closed or self._held):
            return "", text
        self._held += text
        if not self._decided:
            start = self._held.lstrip()
            if not last and (not start or (_OPEN.startswith(start) and start != _OPEN)):
                return "", ""
            self._decided = True
            if start.startswith(_OPEN):
                self._inside = True
                self._held = start.removeprefix(_OPEN)
        if not self._inside:
            return "", self._outside()
        thinking, closed, rest = self._held.partition(_CLOSE)
        if closed:
            self._inside, self._closed, self._held = False, True, rest
            return thinking, self._outside()
        keep = 0 if last else _overlap(self._held, _CLOSE)
        cut = len(self._held) - keep
        shown, self._held = self._held[:cut], self._held[cut:]
        return shown, ""

    def _outside(self) -> str:
        """Return what is held; line ends between the closing tag and the answer are dropped."""
        shown, self._held = self._held, ""
        if self._closed:
            shown = shown.lstrip("\n")
            self._closed = not shown
        return shown


def _overlap(text: str, pattern: str) -> int:
    """Return how many characters at the end of ``text`` begin ``pattern``."""
    for size in range(min(len(text), len(pattern) - 1), 0, -1):
        if pattern.startswith(text[-size:]):
            return size
    return 0
