"""What a run's model has been shown of files, and what they said then."""

from __future__ import annotations

import threading
from collections import defaultdict

_MOST_TEXTS = 8


class Seen:
    """Kept by path, in the overlay's spelling; thread-safe, as files may be read side by side."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._texts: dict[str, list[str]] = defaultdict(list)
        self._lines: dict[str, set[str]] = defaultdict(set)

    def note(self, path: str, text: str, shown: str | None = None) -> None:
        """Remember a file's text, and that ``shown`` of it (all, if not given) was seen."""
        lines = {line.strip() for line in (text if shown is None else shown).splitlines()}
        with self._lock:
            texts = self._texts[path]
            if not texts or texts[-1] != text:
                texts.append(text)
                del texts[:-_MOST_TEXTS]
            self._lines[path] |= lines

    def moved(self, path: str, new_path: str) -> None:
        """Take what is known of a file along to its new place."""
        with self._lock:
            if path in self._lines:
                self._lines[new_path] |= self._lines[path]
                self._texts[new_path] += self._texts[path]

    def knows(self, path: str) -> bool:
        """Whether anything of a file was seen."""
        return path in self._lines

    def texts(self, path: str) -> tuple[str, ...]:
        """Return the texts that a file had when it was seen or written, the newest last."""
        return tuple(self._texts.get(path, ()))

    def unseen(self, path: str, text: str) -> list[str]:
        """Return the lines of a text, blank ones left out, that were never seen."""
        seen = self._lines.get(path, set())
        return [line for line in text.splitlines() if line.strip() and line.strip() not in seen]
