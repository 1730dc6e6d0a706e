"""The host's side of one connection: requests in, results out, each request in a thread."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Generator, Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal, Protocol

from lsp_agent.cancel import CancelToken
from lsp_agent.engine.host.wire import FrameReader, WireError, decoded, error_fields, frame
from lsp_agent.engine.types import Engine, EngineError, EngineInfo, Request
from lsp_agent.errors import LspAgentError

_log = logging.getLogger(__name__)


class Writable(Protocol):
    """Where results go."""

    def write(self, data: bytes) -> None:
        """Send all bytes. Raises ``OSError``."""
        ...


class Host:
    """An engine and who is being served. ``isolation`` is the setting that it answers to."""

    def __init__(self, engine: Engine, isolation: str) -> None:
        self.engine = engine
        self._isolation = isolation
        self._lock = threading.Lock()
        self._counts = {"clients": 0, "requests": 0}

    def count(self, what: Literal["clients", "requests"], change: int) -> None:
        """Count who comes and who goes."""
        with self._lock:
            self._counts[what] += change

    @property
    def clients(self) -> int:
        """How many clients are connected."""
        return self._counts["clients"]

    def placed(self, info: EngineInfo) -> EngineInfo:
        """Add what is to be known of the process to what the engine says of itself."""
        own = {"isolation": self._isolation, "pid": os.getpid(), **self._counts}
        return replace(info, detail={**info.detail, **own})


class Session:
    """Serves an engine to one client. The end of the connection cancels all that it asked for."""

    def __init__(self, host: Host, transport: Writable, frames: FrameReader) -> None:
        self._host = host
        self._transport = transport
        self._frames = frames
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._under_way: dict[int, CancelToken] = {}

    def serve(self) -> None:
        """Return when the client has left."""
        try:
            while (one := self._frames.next()) is not None:
                self._take(one)
        except (OSError, WireError) as error:
            _log.info("a client is gone: %s", error)
        finally:
            with self._lock:
                tokens = list(self._under_way.values())
            for token in tokens:
                token.cancel()

    def _take(self, one: Mapping[str, Any]) -> None:
        if "cancel" in one:
            with self._lock:
                token = self._under_way.get(one["cancel"])
            if token is not None:
                token.cancel()
            return
        number, token = decoded(int, one.get("id")), CancelToken()
        with self._lock:
            self._under_way[number] = token
        # Before anything that can go wrong: what is not taken may be asked of another host.
        self._send(id=number, taken=True)
        threading.Thread(
            target=self._answer, args=(number, one, token), name=f"request-{number}", daemon=True
        ).start()

    def _answer(self, number: int, one: Mapping[str, Any], token: CancelToken) -> None:
        try:
            with contextlib.suppress(OSError):
                self._send(id=number, **self._outcome(number, one, token))
        finally:
            token.cancel()
            with self._lock:
                self._under_way.pop(number, None)

    def _outcome(self, number: int, one: Mapping[str, Any], token: CancelToken) -> dict[str, Any]:
        """Send all results; return how it ended."""
        try:
            with contextlib.closing(self._results(one, token)) as results:
                for item in results:
                    self._send(id=number, item=item)
        except LspAgentError as error:
            return {"error": error_fields(error)}
        except OSError:
            raise
        except Exception as error:  # noqa: BLE001 - the host must outlive whatever one request meets
            _log.exception("a request failed")
            return {"error": error_fields(EngineError(f"the engine failed: {error}"))}
        return {"end": True}

    def _results(self, one: Mapping[str, Any], token: CancelToken) -> Generator[Any, None, None]:
        host, engine, op = self._host, self._host.engine, one.get("op")
        results: Iterable[Any]
        if op == "generate":
            request = decoded(Request, one.get("request"))
            host.count("requests", 1)
            try:
                yield from engine.generate(request, token)
            finally:
                host.count("requests", -1)
            return
        if op == "load":
            results = [host.placed(engine.load(token))]
        elif op == "info":
            results = [host.placed(engine.info())]
        elif op == "count_tokens":
            results = [engine.count_tokens(decoded(str, one.get("text")))]
        elif op == "embed":
            results = [engine.embed(decoded(list[str], one.get("texts")), token)]
        else:
            raise WireError(f"an operation {op!r}")
        yield from results

    def _send(self, **fields: Any) -> None:
        data = frame(**fields)
        with self._writing:
            self._transport.write(data)
