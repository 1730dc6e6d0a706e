"""Texts of the workspace, read from the disk once until they change there."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from lsp_agent.errors import LspAgentError
from lsp_agent.syntax.languages import language_of
from lsp_agent.workspace.overlay import Overlay

_POOL, _MAX_FILES = 1_500_000, 200
_LISTING_SECONDS = 5.0
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Source:
    """A text of the workspace, or a part of one."""

    path: str
    text: str


class Sources:
    """Keeps what was read, up to ``room`` characters; the longest unused goes first. Thread-safe.

    A file is read again when its time or size changes; which files there are is looked up every
    five seconds.
    """

    def __init__(self, room: int = 8_000_000, clock: Callable[[], float] = time.monotonic) -> None:
        self._room = room
        self._clock = clock
        self._lock = threading.Lock()
        self._texts: OrderedDict[_Key, tuple[tuple[int, int], str]] = OrderedDict()
        self._listings: dict[_Key, tuple[float, list[str]]] = {}

    def read(self, overlay: Overlay, path: str) -> str:
        """Return a file's text as the overlay sees it; raises what :meth:`Overlay.read` raises."""
        stamp = overlay.stamp(path)
        if stamp is None:
            return overlay.read(path)
        key = _key(overlay, path)
        with self._lock:
            known = self._texts.get(key)
            if known is not None and known[0] == stamp:
                self._texts.move_to_end(key)
                return known[1]
        text = overlay.read(path)
        with self._lock:
            self._forget(key)
            self._texts[key] = (stamp, text)
            self._room -= len(text)
            while self._room < 0 and len(self._texts) > 1:
                self._forget(next(iter(self._texts)))
        return text

    def nearby(self, overlay: Overlay, path: str) -> list[Source]:
        """Return texts of the same language, the nearest folders' first, up to 1.5 MB."""
        found: list[Source] = []
        size = 0
        for other in self._listing(overlay, path):
            try:
                found.append(Source(other, self.read(overlay, other)))
            except LspAgentError:
                continue
            size += len(found[-1].text)
            if size > _POOL or len(found) >= _MAX_FILES:
                break
        return found

    def _forget(self, key: _Key) -> None:
        if key in self._texts:
            self._room += len(self._texts.pop(key)[1])

    def _listing(self, overlay: Overlay, path: str) -> list[str]:
        key, now = _key(overlay, path), self._clock()
        with self._lock:
            self._listings = {
                one: row for one, row in self._listings.items() if now - row[0] < _LISTING_SECONDS
            }
            if key in self._listings:
                return self._listings[key][1]
        listing = _nearest(overlay, path)
        with self._lock:
            self._listings[key] = (now, listing)
        return listing


def _nearest(overlay: Overlay, path: str) -> list[str]:
    """List files of the same language, those of the nearest folders first."""
    language, folder = language_of(path), PurePosixPath(path).parent
    # A dictionary, because it keeps the order.
    found: dict[str, None] = {}
    for top in (folder, *folder.parents):
        for other in overlay.walk("" if str(top) == "." else str(top)):
            if other != path and language_of(other) == language:
                found[other] = None
            if len(found) >= _MAX_FILES:
                return list(found)
    return list(found)


def _key(overlay: Overlay, path: str) -> _Key:
    return (str(overlay.root.path) if overlay.root else "", path)
