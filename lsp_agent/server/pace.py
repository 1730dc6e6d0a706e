"""How long to wait for a pause in typing before a model is asked."""

from __future__ import annotations

from collections.abc import Callable

_WEIGHT = 0.3
# A longer gap between two keys is a pause, not a rhythm.
_PAUSE = 1.0


class Pace:
    """Follows how fast the user types and how long completions take; times in seconds.

    A model that answers before the next key comes is asked at once. A slower one is asked when the
    keys have been still for a little longer than usual, but never later than an answer would take
    or than ``most``. ``clock`` is a monotonic one.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._key: float | None = None
        self._rhythm = 0.2
        self._cost = 0.0

    def typed(self) -> None:
        """Note a key, or what a key made the editor ask."""
        now = self._clock()
        if self._key is not None and now - self._key < _PAUSE:
            self._rhythm += _WEIGHT * (now - self._key - self._rhythm)
        self._key = now

    def took(self, seconds: float) -> None:
        """Note how long a completion took."""
        self._cost += _WEIGHT * (seconds - self._cost) if self._cost else seconds

    def delay(self, most: float) -> float:
        """Return how long to wait from now on, counted from the last key."""
        if self._cost <= self._rhythm / 2:
            return 0.0
        wanted = min(1.2 * self._rhythm, self._cost, most)
        since = self._clock() - self._key if self._key is not None else 0.0
        return max(wanted - since, 0.0)
