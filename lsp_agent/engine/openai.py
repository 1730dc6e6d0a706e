"""``OpenAIEngine``: any OpenAI-compatible server, streamed, retried, and cancelled at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from lsp_agent.cancel import CancelToken
from lsp_agent.config.model import OpenAISettings
from lsp_agent.engine.loop_thread import LoopThread
from lsp_agent.engine.openai_answer import AnswerReader
from lsp_agent.engine.openai_errors import RefusedError, is_final, reason
from lsp_agent.engine.openai_http import Server, json_objects
from lsp_agent.engine.openai_wire import adjusted, estimate, prompt_estimate, request_body
from lsp_agent.engine.retry import Backoff, TryAgainError, retrying
from lsp_agent.engine.types import (
    Delta,
    EngineError,
    EngineInfo,
    EngineUnavailableError,
    GrammarError,
    Request,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

_RETRIED = frozenset({408, 429, 500, 502, 503, 504})
_ADJUSTMENTS = 3
_PROBE_SECONDS = 5.0
_EMBEDDED_AT_ONCE = 64


class OpenAIEngine:
    """A remote model; see :class:`~lsp_agent.engine.types.Engine`. ``env`` holds the key.

    HTTP runs on an event loop of its own, so that a cancellation also reaches a request that is
    connecting or waiting for its first byte.
    """

    def __init__(self, name: str, settings: OpenAISettings, env: Mapping[str, str]) -> None:
        self.name = name
        self._settings = settings
        key = env.get(settings.api_key_env, "") if settings.api_key_env else ""
        self._server = Server(settings, key)
        self._thread = LoopThread(name)
        self._backoff = Backoff(settings.max_retries)
        self._slots: asyncio.Semaphore | None = None
        self._waiting = self._running = 0
        self._reached = False

    def info(self) -> EngineInfo:
        """Describe the configuration; the server is not asked."""
        return EngineInfo(
            name=self.name,
            kind="openai",
            model=self._settings.model,
            n_ctx=self._settings.n_ctx,
            grammar=self._settings.grammar,
            native_tools=self._settings.native_tools,
            fim=True,
            embeddings=True,
            detail={
                "base_url": self._server.shown_url,
                "running": self._running,
                "queue": self._waiting,
            },
        )

    def load(self, cancel: CancelToken) -> EngineInfo:
        """Ask the server for its models, once, to know that it is there."""
        if not self._reached or self._thread.closed:
            for _ in self._thread.iterate(retrying(self._probe, self._backoff), cancel):
                self._reached = True
        return self.info()

    def generate(self, request: Request, cancel: CancelToken) -> Iterator[Delta]:
        """Yield an answer; tries again only before its first piece."""
        if request.grammar is not None and not self._settings.grammar:
            raise GrammarError(
                f"the engine {self.name!r} takes no grammar; set grammar = true if its server does"
            )
        yield from self._thread.iterate(self._generate(request), cancel)

    def count_tokens(self, text: str) -> int:
        """Estimate: the server's tokenizer is not known here."""
        return estimate(text)

    def embed(self, texts: Sequence[str], cancel: CancelToken) -> list[list[float]]:
        """Return the server's vectors."""
        vectors: list[list[float]] = []
        for at in range(0, len(texts), _EMBEDDED_AT_ONCE):
            attempt = partial(self._embed, list(texts[at : at + _EMBEDDED_AT_ONCE]))
            for rows in self._thread.iterate(retrying(attempt, self._backoff), cancel):
                vectors += rows
        return vectors

    def close(self) -> None:
        """End every request and the thread."""
        self._thread.close(self._server.close)

    async def _generate(self, request: Request) -> AsyncGenerator[Delta, None]:
        path, body = request_body(self._settings, request)
        for _ in range(_ADJUSTMENTS):
            attempt = partial(self._attempt, path, body, request)
            try:
                async for delta in retrying(attempt, self._backoff):
                    yield delta
            except RefusedError as refused:
                changed = adjusted(body, refused.refusal)
                if changed is None:
                    raise self._refusal(refused, path, body) from refused
                body = changed
            else:
                return
        raise EngineError(f"{self._server.shown_url}{path} refuses the request in every form")

    async def _attempt(
        self, path: str, body: Mapping[str, Any], request: Request
    ) -> AsyncGenerator[Delta, None]:
        """Ask once. Raises :class:`TryAgainError` or :class:`RefusedError` only before a delta."""
        import httpx

        reader = AnswerReader(self._server.shown_url + path, request, prompt_estimate(body))
        try:
            async with self._slot(), self._server.request("POST", path, body) as response:
                async for delta in _deltas(response, reader):
                    yield delta
        except RefusedError as refused:
            raise self._sorted_out(refused, path, started=reader.started) from refused
        except httpx.RequestError as error:
            if reader.finish is None:
                raise self._broken(error, path, started=reader.started) from error
        if reader.finish is None:
            raise self._incomplete(path, started=reader.started)
        yield reader.end()

    def _sorted_out(self, refused: RefusedError, path: str, *, started: bool) -> Exception:
        """Decide about a refusal: ask again, ask for something else, or give up."""
        refusal = refused.refusal
        if started:
            said = self._server.without_key(refusal.text)
            return EngineError(
                f"{self._server.shown_url}{path} broke its answer off ({said}); what came is "
                "incomplete"
            )
        if refusal.status in _RETRIED and not is_final(refusal):
            error = self._server.error_for(refused, path)
            if isinstance(error, EngineUnavailableError):
                return TryAgainError(error, refusal.after)
            return error
        return refused

    def _refusal(self, refused: RefusedError, path: str, body: Mapping[str, Any]) -> EngineError:
        if "grammar" in body and "grammar" in refused.refusal.text.lower():
            said = self._server.without_key(refused.refusal.text)
            return GrammarError(f"{self._server.shown_url}{path}: {said}")
        return self._server.error_for(refused, path)

    def _broken(self, error: Exception, path: str, *, started: bool) -> Exception:
        import httpx

        if not started:
            return self._server.failure(error, path)
        if isinstance(error, httpx.TimeoutException):
            why = f"it sent nothing for {self._settings.timeout:g} s"
        else:
            why = reason(error)
        return EngineError(
            f"{self._server.shown_url}{path} stopped in mid-answer ({why}); what came is incomplete"
        )

    def _incomplete(self, path: str, *, started: bool) -> Exception:
        url = self._server.shown_url + path
        if started:
            return EngineError(f"{url} stopped in mid-answer; what came is incomplete")
        return TryAgainError(EngineUnavailableError(f"{url} ended without an answer"))

    async def _probe(self) -> AsyncGenerator[None, None]:
        import httpx

        path = "/models"
        try:
            async with self._server.request("GET", path, seconds=_PROBE_SECONDS) as response:
                if "html" in response.headers.get("content-type", ""):
                    raise EngineError(
                        f"{self._server.shown_url}{path} answers with a web page; check base_url, "
                        "which usually ends in /v1"
                    )
        except RefusedError as refused:
            # A server that lists no models, or is not ready yet, may well answer.
            if refused.refusal.status in (301, 302, 307, 308, 401, 403):
                raise self._server.error_for(refused, path) from refused
        except EngineUnavailableError as error:
            if not isinstance(error.__cause__, httpx.ReadTimeout):
                raise
        yield

    async def _embed(self, texts: list[str]) -> AsyncGenerator[list[list[float]], None]:
        import httpx

        path = "/embeddings"
        url = self._server.shown_url + path
        body = {"model": self._settings.model, "input": texts}
        rows: list[list[float]] = []
        try:
            async with self._slot(), self._server.request("POST", path, body) as response:
                async for value in json_objects(response, url, lambda: False):
                    if value is not None:
                        rows = _vectors(value)
        except RefusedError as refused:
            error = self._sorted_out(refused, path, started=False)
            raise self._server.error_for(refused, path) if error is refused else error from refused
        except httpx.RequestError as error:
            raise self._server.failure(error, path) from error
        except (ValueError, KeyError, TypeError) as error:
            raise EngineError(f"{url} gives no vectors; choose a model that embeds text") from error
        if len(rows) != len(texts):
            raise EngineError(f"{url} gives {len(rows)} vectors for {len(texts)} texts")
        yield rows

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        """Wait until the server may be asked once more."""
        if self._slots is None:
            self._slots = asyncio.Semaphore(self._settings.max_concurrency)
        self._waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self._waiting -= 1
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1
            self._slots.release()


async def _deltas(response: httpx.Response, reader: AnswerReader) -> AsyncGenerator[Delta, None]:
    async for chunk in json_objects(response, reader.url, lambda: reader.finish is not None):
        if chunk is None:
            reader.complete()
            return
        delta = reader.read(chunk)
        if delta is not None:
            yield delta
        if reader.stopped:
            return


def _vectors(value: Mapping[str, Any]) -> list[list[float]]:
    rows = sorted(value["data"], key=lambda row: int(row.get("index", 0)))
    return [[float(number) for number in row["embedding"]] for row in rows]
