"""A cancellation token that is passed down every floor and checked between batches and tokens."""

from __future__ import annotations

import threading
from collections.abc import Callable

from lsp_agent.errors import LspAgentError


class Cancelled(LspAgentError):  # noqa: N818 - a state, as in asyncio
    """The user, the client or a newer request asked for the work to stop."""

    code = "cancelled"

    def __init__(self, reason: str = "cancelled") -> None:
        super().__init__(reason)


class CancelToken:
    """Set once, from any thread; never reset.

    Callbacks run in the thread that cancels, each at most once, and must not block: they set a
    native abort flag or schedule a task's cancellation.
    """

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], None]] = []

    @property
    def cancelled(self) -> bool:
        """Whether :meth:`cancel` was called."""
        return self._event.is_set()

    def cancel(self) -> None:
        """Ask for the work to stop; further calls do nothing."""
        with self._lock:
            if self._event.is_set():
                return
            self._event.set()
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def check(self) -> None:
        """Raise :class:`Cancelled` if the work should stop."""
        if self._event.is_set():
            raise Cancelled

    def wait(self, seconds: float) -> bool:
        """Sleep for at most ``seconds``; return whether the token was cancelled."""
        return self._event.wait(seconds)

    def on_cancel(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call ``callback`` on cancellation (at once if it already happened); return an undo."""
        with self._lock:
            if not self._event.is_set():
                self._callbacks.append(callback)
                return lambda: self._forget(callback)
        callback()
        return lambda: None

    def _forget(self, callback: Callable[[], None]) -> None:
        with self._lock:
            if callback in self._callbacks:
                self._callbacks.remove(callback)
