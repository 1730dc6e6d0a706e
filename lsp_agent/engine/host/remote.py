"""``RemoteEngine``: an engine that lives in another process, started anew when that one dies."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Protocol

from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.engine.host.link import Link, NotTakenError
from lsp_agent.engine.host.wire import Transport, decoded
from lsp_agent.engine.types import Delta, EngineError, EngineInfo, EngineUnavailableError, Request

_INFO_SECONDS = 0.25
_LOCK_SECONDS = 0.05
_CLOSE_SECONDS = 4.0
_TRIES = 2
_CRASHES = 3
_REST_SECONDS = 30.0


class Connector(Protocol):
    """How a host is found or started."""

    def connect(self, cancel: CancelToken) -> Transport:
        """Return a connection to a host that serves the engine.

        Raises :class:`EngineUnavailableError` or :class:`~lsp_agent.cancel.Cancelled`.
        """
        ...


class RemoteEngine:
    """The client's side; see :class:`~lsp_agent.engine.types.Engine`.

    ``describe`` tells of the model before it is loaded. A host that dies fails the requests under
    way with :class:`~lsp_agent.engine.host.link.EngineCrashedError`; the next request finds a new
    one, unless several died one after the other without having given an answer.
    """

    def __init__(
        self,
        name: str,
        connector: Connector,
        describe: Callable[[], EngineInfo],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._connector = connector
        self._describe = describe
        self._clock = clock
        self._lock = threading.Lock()
        self._link: Link | None = None
        self._known: EngineInfo | None = None
        self._closed = CancelToken()
        self._crashes = 0
        self._crashed_at = 0.0
        self._obituary = ""

    def info(self) -> EngineInfo:
        """Describe the engine: the host's word if it comes at once, else what is known."""
        link = self._link
        if link is None or not link.alive:
            return self._describe()
        try:
            for value in link.ask("info", CancelToken(), patience=_INFO_SECONDS):
                self._known = self._own(value)
        except (NotTakenError, EngineError, TimeoutError):
            pass
        return self._known or self._describe()

    def load(self, cancel: CancelToken) -> EngineInfo:
        """Start the host if need be, and let it load the model."""
        self._known = self._own(self._one("load", cancel))
        return self._known

    def generate(self, request: Request, cancel: CancelToken) -> Iterator[Delta]:
        """Yield an answer; see the protocol."""
        for value in self._ask("generate", cancel, request=request):
            delta: Delta = decoded(Delta, value)
            yield delta

    def count_tokens(self, text: str) -> int:
        """Count the tokens of a text exactly."""
        return int(self._one("count_tokens", CancelToken(), text=text))

    def embed(self, texts: Sequence[str], cancel: CancelToken) -> list[list[float]]:
        """Return one unit vector a text."""
        vectors: list[list[float]] = self._one("embed", cancel, texts=list(texts))
        return vectors

    def close(self) -> None:
        """Leave the host; one that is ours alone ends with it."""
        self._closed.cancel()
        with self._lock:
            link, self._link = self._link, None
        if link is not None:
            link.close(self._closed_error())
            link.join(_CLOSE_SECONDS)

    def _one(self, op: str, cancel: CancelToken, **arguments: Any) -> Any:
        results = list(self._ask(op, cancel, **arguments))
        if not results:
            raise EngineError(f"the process of the engine {self.name!r} gave no answer")
        return results[-1]

    def _ask(self, op: str, cancel: CancelToken, **arguments: Any) -> Iterator[Any]:
        failure: EngineError | None = None
        for _ in range(_TRIES):
            link = self._connected(cancel)
            try:
                yield from link.ask(op, cancel, **arguments)
            except NotTakenError as error:
                failure = error.error
            else:
                # A host that loads its model and then dies of every request is of no use.
                link.proved = link.proved or op in ("generate", "embed")
                return
        raise failure or self._closed_error()

    def _connected(self, cancel: CancelToken) -> Link:
        stop = CancelToken()
        undo = [one.on_cancel(stop.cancel) for one in (cancel, self._closed)]
        try:
            while not self._lock.acquire(timeout=_LOCK_SECONDS):
                stop.check()
            try:
                stop.check()
                if self._link is None or not self._link.alive:
                    self._count_crash(self._link)
                    self._link = Link(self.name, self._connector.connect(stop))
                return self._link
            finally:
                self._lock.release()
        except Cancelled:
            if self._closed.cancelled:
                raise self._closed_error() from None
            raise
        finally:
            for one in undo:
                one()

    def _count_crash(self, dead: Link | None) -> None:
        """Give a host that dies again and again a rest, as loading its model is no small work."""
        if dead is not None:
            self._crashes = 0 if dead.proved else self._crashes + 1
            self._crashed_at = self._clock()
            self._obituary = dead.obituary
            self._link = None
        left = self._crashed_at + _REST_SECONDS - self._clock()
        if self._crashes >= _CRASHES and left > 0:
            raise EngineUnavailableError(
                f"the process of the engine {self.name!r} ended {self._crashes} times in a row, at "
                f"last so: {self._obituary}; a new one is tried in {left:.0f} s"
            )

    def _own(self, value: Any) -> EngineInfo:
        info: EngineInfo = decoded(EngineInfo, value)
        return replace(info, name=self.name)

    def _closed_error(self) -> EngineUnavailableError:
        return EngineUnavailableError(f"the engine {self.name!r} is closed")
