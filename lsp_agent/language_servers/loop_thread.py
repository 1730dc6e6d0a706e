"""The event loop that the servers live on, in a thread of its own, for callers that wait."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from typing import Any, TypeVar

from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.language_servers.types import LanguageServerError

# On Windows a thread that waits for a lock runs no signal handler, so Ctrl-C needs a pause in it.
_POLL_SECONDS = 0.1
_CLOSE_SECONDS = 3.0
_log = logging.getLogger(__name__)

T = TypeVar("T")


class LoopThread:
    """The loop; its thread starts when first needed and is a daemon. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def call(self, work: Callable[[], Coroutine[Any, Any, T]], cancel: CancelToken) -> T:
        """Do something on the loop and wait for it.

        Raises :class:`~lsp_agent.cancel.Cancelled`, :class:`LanguageServerError` once closed, and
        what the work raises.
        """
        cancel.check()
        future = self.start(work)

        def stop() -> None:
            future.cancel()

        forget = cancel.on_cancel(stop)
        try:
            return _result(future)
        except CancelledError:
            if cancel.cancelled:
                raise Cancelled from None
            raise LanguageServerError("the language servers were ended") from None
        finally:
            forget()

    def start(self, work: Callable[[], Coroutine[Any, Any, T]]) -> Future[T]:
        """Do something on the loop; raises :class:`LanguageServerError` once closed."""
        with self._lock:
            if self._closed:
                raise LanguageServerError("the language servers were ended")
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._loop.set_exception_handler(_note)
                self._thread = threading.Thread(
                    target=_serve, args=(self._loop,), name="language-servers", daemon=True
                )
                self._thread.start()
            return asyncio.run_coroutine_threadsafe(work(), self._loop)

    def close(self, cleanup: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run ``cleanup`` on the loop, cancel what is left, end the thread; twice does nothing."""
        with self._lock:
            self._closed = True
            loop, self._loop = self._loop, None
        if loop is None or self._thread is None:
            return
        ending = asyncio.run_coroutine_threadsafe(_wind_up(cleanup), loop)
        with contextlib.suppress(TimeoutError):
            ending.result(_CLOSE_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        self._thread.join(_CLOSE_SECONDS)


def _result(future: Future[T]) -> T:
    while True:
        try:
            return future.result(timeout=_POLL_SECONDS)
        except TimeoutError:
            if future.done():
                raise


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
    finally:
        loop.close()


async def _wind_up(cleanup: Callable[[], Coroutine[Any, Any, None]]) -> None:
    await cleanup()
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    # Pipes that were closed say so in the loop's next round.
    await asyncio.sleep(0)


def _note(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Keep what fails after the end of a question off stderr: nobody waits for it any more."""
    _log.debug("after the end of a question: %s", context.get("message"))
