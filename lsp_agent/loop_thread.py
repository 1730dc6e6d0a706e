"""An event loop in a thread of its own, for callers that are synchronous.

A cancellation reaches the work wherever it waits: for a name, a connection, a byte.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import CancelledError, Future
from typing import Any, Final, TypeVar

from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.errors import LspAgentError

# On Windows a thread that waits for a lock runs no signal handler, so Ctrl-C needs a pause in it.
_POLL_SECONDS = 0.1
_CLOSE_SECONDS = 5.0
_END: Final = object()
_log = logging.getLogger(__name__)

T = TypeVar("T")


class LoopThread:
    """The loop; its thread starts when first needed and is a daemon. Thread-safe.

    ``ended`` makes the error of whoever asks something once it is closed.
    """

    def __init__(self, name: str, ended: Callable[[], LspAgentError]) -> None:
        self._name = name
        self._ended = ended
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self.closed = False

    def start(self, work: Callable[[], Coroutine[Any, Any, T]]) -> Future[T]:
        """Do something on the loop; raises ``ended()`` once closed."""
        with self._lock:
            if self.closed:
                raise self._ended()
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._loop.set_exception_handler(_note)
                self._thread = threading.Thread(
                    target=_serve, args=(self._loop,), name=self._name, daemon=True
                )
                self._thread.start()
            return asyncio.run_coroutine_threadsafe(work(), self._loop)

    def call(self, work: Callable[[], Coroutine[Any, Any, T]], cancel: CancelToken) -> T:
        """Do something on the loop and wait for it.

        Raises :class:`~lsp_agent.cancel.Cancelled`, ``ended()`` once closed, and what the work
        raises.
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
            raise self._ended() from None
        finally:
            forget()

    def iterate(self, items: AsyncGenerator[T, None], cancel: CancelToken) -> Iterator[T]:
        """Run a generator on the loop and yield what it gives, in this thread.

        Closing the iterator cancels the work. Raises :class:`~lsp_agent.cancel.Cancelled`,
        ``ended()`` once closed, and whatever the generator raises.
        """
        cancel.check()
        results: queue.SimpleQueue[Any] = queue.SimpleQueue()
        future = self.start(lambda: _drain(items, results.put))

        def stop() -> None:
            future.cancel()

        # Not at the coroutine's end: a task that is cancelled before its first step has none.
        future.add_done_callback(lambda _: results.put(_END))
        forget = cancel.on_cancel(stop)
        try:
            while (item := _get(results)) is not _END:
                cancel.check()
                yield item
            cancel.check()
            if future.cancelled():
                raise self._ended()
            future.result()
        finally:
            forget()
            stop()

    def close(self, cleanup: Callable[[], Awaitable[None]]) -> None:
        """Run ``cleanup`` on the loop, cancel what is left, end the thread; twice does nothing."""
        with self._lock:
            self.closed = True
            loop, self._loop = self._loop, None
        if loop is None or self._thread is None:
            return
        ending = asyncio.run_coroutine_threadsafe(_wind_up(cleanup), loop)
        with contextlib.suppress(TimeoutError):
            ending.result(_CLOSE_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        self._thread.join(_CLOSE_SECONDS)


async def cancel_others() -> None:
    """Cancel all work on the loop but the one that calls this, and wait for its end."""
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _drain(items: AsyncGenerator[T, None], put: Callable[[T], None]) -> None:
    async with contextlib.aclosing(items):
        async for item in items:
            put(item)


def _get(results: queue.SimpleQueue[Any]) -> Any:
    while True:
        with contextlib.suppress(queue.Empty):
            return results.get(timeout=_POLL_SECONDS)


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


async def _wind_up(cleanup: Callable[[], Awaitable[None]]) -> None:
    await cleanup()
    await cancel_others()
    await asyncio.get_running_loop().shutdown_asyncgens()
    # Pipes that were closed say so in the loop's next round.
    await asyncio.sleep(0)


def _note(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Keep what fails after the end of a request off stderr: nobody waits for it any more."""
    _log.debug("after the end of a request: %s", context.get("message"))
