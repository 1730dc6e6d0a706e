"""``Link``: many requests at once over one connection to an engine's host."""

from __future__ import annotations

import itertools
import logging
import queue
import threading
import time
from collections.abc import Iterator
from typing import Any, Final

from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.engine.host.wire import FrameReader, Transport, WireError, error_from, frame
from lsp_agent.engine.types import EngineError

# On Windows a thread that waits for a lock runs no signal handler, so Ctrl-C needs a pause in it.
_POLL_SECONDS = 0.5
_TAKEN: Final = object()
_END: Final = object()
_log = logging.getLogger(__name__)


class EngineCrashedError(EngineError):
    """The process that hosts the model ended in the middle of a request."""

    code = "engine-crashed"


class NotTakenError(Exception):
    """The host was gone before it took the request: another one may be asked.

    ``error`` is what to raise where none is to be had.
    """

    def __init__(self, error: EngineError) -> None:
        super().__init__(str(error))
        self.error = error


class Link:
    """A connection, with one thread that reads and one that writes. Thread-safe.

    A request fails with :class:`EngineCrashedError` when the connection ends by itself, and with
    the error given to :meth:`close` when we end it.
    """

    def __init__(self, name: str, transport: Transport) -> None:
        self._name = name
        self._transport = transport
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._waiting: dict[int, queue.SimpleQueue[Any]] = {}
        self._outgoing: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._ended = False
        self.obituary = ""
        """How the host ended, for a person, once it has."""
        self._closing: EngineError | None = None
        self.proved = False
        """Whether an answer came whole: the host is fit for use."""
        self._reader = self._start(self._read, "reader")
        self._start(self._write, "writer")

    @property
    def alive(self) -> bool:
        """Whether requests can be sent."""
        return not self._ended and self._closing is None

    def ask(
        self, op: str, cancel: CancelToken, *, patience: float | None = None, **arguments: Any
    ) -> Iterator[Any]:
        """Yield the results of one request, as they came over the wire.

        Raises :class:`NotTakenError`, ``TimeoutError`` after ``patience`` seconds without a word,
        and what the host raises. Closing the iterator cancels the request there.
        """
        cancel.check()
        number, results = self._open()
        forget = cancel.on_cancel(lambda: self._cancel(number, results))
        taken = False
        try:
            self._outgoing.put(frame(id=number, op=op, **arguments))
            while (result := _get(results, patience)) is not _END:
                # What came before the cancellation may be much, and is not wanted any more.
                cancel.check()
                if result is _TAKEN:
                    taken = True
                elif isinstance(result, EngineCrashedError) and not taken:
                    raise NotTakenError(result)
                elif isinstance(result, BaseException):
                    raise result
                else:
                    yield result
        finally:
            forget()
            self._cancel(number, None)

    def close(self, error: EngineError) -> None:
        """End the connection; requests under way fail with a copy of the error."""
        with self._lock:
            self._closing = self._closing or error
        self._outgoing.put(None)
        self._fail_all()

    def join(self, seconds: float) -> None:
        """Wait for the other side's end, which :meth:`close` asks for, then bring it about."""
        self._reader.join(seconds)
        if self._reader.is_alive():
            self._transport.abandon()
            self._reader.join(seconds)

    def _open(self) -> tuple[int, queue.SimpleQueue[Any]]:
        results: queue.SimpleQueue[Any] = queue.SimpleQueue()
        with self._lock:
            if not self.alive:
                raise NotTakenError(self._failure())
            number = next(self._numbers)
            self._waiting[number] = results
        return number, results

    def _cancel(self, number: int, results: queue.SimpleQueue[Any] | None) -> None:
        """Forget a request and tell the host, unless it has ended."""
        with self._lock:
            waited = self._waiting.pop(number, None)
        if waited is not None:
            self._outgoing.put(frame(cancel=number))
        if results is not None:
            results.put(Cancelled())

    def _read(self) -> None:
        frames = FrameReader(self._transport.read)
        try:
            while (one := frames.next()) is not None:
                self._deliver(one)
        except (OSError, WireError) as error:
            _log.debug("the connection to the engine %s broke: %s", self._name, error)
        self._transport.finish()
        self.obituary = self._transport.obituary()
        with self._lock:
            self._ended = True
            if self._closing is None:
                _log.warning("the process of the engine %s: %s", self._name, self.obituary)
        self._outgoing.put(None)
        self._fail_all()

    def _deliver(self, one: dict[str, Any]) -> None:
        number, last = one.get("id"), "end" in one or "error" in one
        if not isinstance(number, int):
            raise WireError("a frame without a number")
        with self._lock:
            results = self._waiting.get(number)
            if results is None:
                return
            if last:
                del self._waiting[number]
        if "error" in one:
            results.put(error_from(one["error"]))
        elif last:
            results.put(_END)
        else:
            results.put(one.get("item", _TAKEN))

    def _write(self) -> None:
        try:
            while (data := self._outgoing.get()) is not None:
                self._transport.write(data)
        except OSError:
            # The reader sees the end, and says why.
            return
        finally:
            self._transport.finish()

    def _fail_all(self) -> None:
        with self._lock:
            waiting, self._waiting = list(self._waiting.values()), {}
            for results in waiting:
                results.put(self._failure())

    def _failure(self) -> EngineError:
        if self._closing is not None:
            return type(self._closing)(str(self._closing))
        return EngineCrashedError(
            f"the process of the engine {self._name!r} ended in the middle of a request: "
            f"{self.obituary}; ask again, a new one is started then"
        )

    def _start(self, work: Any, what: str) -> threading.Thread:
        thread = threading.Thread(target=work, name=f"engine-{self._name}-{what}", daemon=True)
        thread.start()
        return thread


def _get(results: queue.SimpleQueue[Any], patience: float | None) -> Any:
    deadline = None if patience is None else time.monotonic() + patience
    while True:
        left = _POLL_SECONDS if deadline is None else deadline - time.monotonic()
        try:
            return results.get(timeout=max(left, 0))
        except queue.Empty:
            if deadline is not None and time.monotonic() >= deadline:
                raise TimeoutError from None
