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
from concurrent.futures import Future
from typing import Any, Final, TypeVar

from lsp_agent.cancel import CancelToken
from lsp_agent.engine.types import EngineUnavailableError

# On Windows a thread that waits for a lock runs no signal handler, so Ctrl-C needs a pause in it.
_POLL_SECONDS = 0.1
_CLOSE_SECONDS = 5.0
_END: Final = object()
_log = logging.getLogger(__name__)

T = TypeVar("T")


class LoopThread:
    """The loop; its thread starts when first needed and is a daemon. Thread-safe."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self.closed = False

    def iterate(self, items: AsyncGenerator[T, None], cancel: CancelToken) -> Iterator[T]:
        """Run a generator on the loop and yield what it gives, in this thread.

        Closing the iterator cancels the work. Raises :class:`~lsp_agent.cancel.Cancelled`,
        :class:`EngineUnavailableError` once closed, and whatever the generator raises.
        """
        cancel.check()
        results: queue.SimpleQueue[Any] = queue.SimpleQueue()
        future = self._submit(_drain(items, results.put))

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
                raise EngineUnavailableError(f"the engine {self._name!r} was closed")
            future.result()
        finally:
            forget()
            stop()

    def close(self, cleanup: Callable[[], Awaitable[None]]) -> None:
        """Cancel all work, run ``cleanup`` on the loop, end the thread; may be called twice."""
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

    def _submit(self, work: Coroutine[Any, Any, None]) -> Future[None]:
        with self._lock:
            if self.closed:
                work.close()
                raise EngineUnavailableError(f"the engine {self._name!r} was closed")
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._loop.set_exception_handler(_note)
                self._thread = threading.Thread(
                    target=_serve, args=(self._loop,), name=f"engine-{self._name}", daemon=True
                )
                self._thread.start()
            return asyncio.run_coroutine_threadsafe(work, self._loop)


async def _drain(items: AsyncGenerator[T, None], put: Callable[[T], None]) -> None:
    async with contextlib.aclosing(items):
        async for item in items:
            put(item)


def _get(results: queue.SimpleQueue[Any]) -> Any:
    while True:
        with contextlib.suppress(queue.Empty):
            return results.get(timeout=_POLL_SECONDS)


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
    finally:
        loop.close()


async def _wind_up(cleanup: Callable[[], Awaitable[None]]) -> None:
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await cleanup()
    await asyncio.get_running_loop().shutdown_asyncgens()


def _note(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Keep what fails after a cancellation off stderr: nobody waits for it any more."""
    _log.debug("after the end of a request: %s", context.get("message"))
