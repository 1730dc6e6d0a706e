"""``OpenAIEngine``: any OpenAI-compatible server, streamed, retried, and cancelled at once."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from lsp_agent.cancel import CancelToken
from lsp_agent.config.model import OpenAISettings
from lsp_agent.engine.endpoints import Endpoints, conversation_of
from lsp_agent.engine.openai_answer import AnswerReader
from lsp_agent.engine.openai_errors import RefusedError, is_final, reason
from lsp_agent.engine.openai_http import Server, json_objects
from lsp_agent.engine.openai_pool import ServerPool
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
from lsp_agent.loop_thread import LoopThread, cancel_others

if TYPE_CHECKING:
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
        self._pool = ServerPool(settings, key, self._probe, Endpoints(settings.urls))
        self._thread = LoopThread(
            f"engine-{name}", lambda: EngineUnavailableError(f"the engine {name!r} was closed")
        )
        self._backoff = Backoff(settings.max_retries)
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
            detail=self._pool.detail(),
        )

    def load(self, cancel: CancelToken) -> EngineInfo:
        """Ask the servers for their models, once, to know that one is there."""
        if not self._reached or self._thread.closed:
            for _ in self._thread.iterate(retrying(self._pool.check_all, self._backoff), cancel):
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
            embed = partial(self._embed, list(texts[at : at + _EMBEDDED_AT_ONCE]))
            attempt = partial(self._pool.ask, embed, "")
            for rows in self._thread.iterate(retrying(attempt, self._backoff), cancel):
                vectors += rows
        return vectors

    def close(self) -> None:
        """End every request and the thread."""
        self._thread.close(self._end)

    async def _end(self) -> None:
        # Requests end as cancelled ones, not as those of a connection that was closed under them.
        await cancel_others()
        await self._pool.close()

    async def _generate(self, request: Request) -> AsyncGenerator[Delta, None]:
        path, body = request_body(self._settings, request)
        conversation = conversation_of(request)
        for _ in range(_ADJUSTMENTS):
            asked: list[Server] = []
            attempt = partial(self._attempt, path, body, request, asked)
            try:
                async for delta in retrying(
                    partial(self._pool.ask, attempt, conversation), self._backoff
                ):
                    yield delta
            except RefusedError as refused:
                changed = adjusted(body, refused.refusal)
                if changed is None:
                    raise _refusal(asked[-1], refused, path, body) from refused
                body = changed
            else:
                return
        raise EngineError(f"{self._pool.first.shown_url}{path} refuses the request in every form")

    async def _attempt(
        self,
        path: str,
        body: Mapping[str, Any],
        request: Request,
        asked: list[Server],
        server: Server,
    ) -> AsyncGenerator[Delta, None]:
        """Ask once. Raises :class:`TryAgainError` or :class:`RefusedError` only before a delta."""
        import httpx

        asked.append(server)
        reader = AnswerReader(server.shown_url + path, request, prompt_estimate(body))
        try:
            async with server.request("POST", path, body) as response:
                async for delta in _deltas(response, reader):
                    yield delta
        except RefusedError as refused:
            raise _sorted_out(server, refused, path, started=reader.started) from refused
        except httpx.RequestError as error:
            if reader.finish is None:
                raise self._broken(server, error, path, started=reader.started) from error
        if reader.finish is None:
            raise _incomplete(server.shown_url + path, started=reader.started)
        yield reader.end()

    def _broken(self, server: Server, error: Exception, path: str, *, started: bool) -> Exception:
        import httpx

        if not started:
            return server.failure(error, path)
        if isinstance(error, httpx.TimeoutException):
            why = f"it sent nothing for {self._settings.timeout:g} s"
        else:
            why = reason(error)
        return EngineError(
            f"{server.shown_url}{path} stopped in mid-answer ({why}); what came is incomplete"
        )

    async def _probe(self, server: Server) -> AsyncGenerator[None, None]:
        import httpx

        path = "/models"
        try:
            async with server.request("GET", path, seconds=_PROBE_SECONDS) as response:
                if "html" in response.headers.get("content-type", ""):
                    raise EngineError(
                        f"{server.shown_url}{path} answers with a web page; check base_url, "
                        "which usually ends in /v1"
                    )
        except RefusedError as refused:
            # A server that lists no models, or is not ready yet, may well answer.
            status = refused.refusal.status
            if status in (301, 302, 307, 308, 401, 403):
                raise server.error_for(refused, path) from refused
            if status >= 500 and len(self._settings.urls) > 1:
                raise server.error_for(refused, path) from refused
        except EngineUnavailableError as error:
            if not isinstance(error.__cause__, httpx.ReadTimeout):
                raise
        yield

    async def _embed(
        self, texts: list[str], server: Server
    ) -> AsyncGenerator[list[list[float]], None]:
        import httpx

        path = "/embeddings"
        url = server.shown_url + path
        body = {"model": self._settings.model, "input": texts}
        rows: list[list[float]] = []
        try:
            async with server.request("POST", path, body) as response:
                async for value in json_objects(response, url, lambda: False):
                    if value is not None:
                        rows = _vectors(value)
        except RefusedError as refused:
            error = _sorted_out(server, refused, path, started=False)
            raise server.error_for(refused, path) if error is refused else error from refused
        except httpx.RequestError as error:
            raise server.failure(error, path) from error
        except (ValueError, KeyError, TypeError) as error:
            raise EngineError(f"{url} gives no vectors; choose a model that embeds text") from error
        if len(rows) != len(texts):
            raise EngineError(f"{url} gives {len(rows)} vectors for {len(texts)} texts")
        yield rows


def _sorted_out(server: Server, refused: RefusedError, path: str, *, started: bool) -> Exception:
    """Decide about a refusal: ask again, ask for something else, or give up."""
    refusal = refused.refusal
    if started:
        said = server.without_key(refusal.text)
        return EngineError(
            f"{server.shown_url}{path} broke its answer off ({said}); what came is incomplete"
        )
    if refusal.status in _RETRIED and not is_final(refusal):
        error = server.error_for(refused, path)
        if isinstance(error, EngineUnavailableError):
            return TryAgainError(error, refusal.after)
        return error
    return refused


def _refusal(
    server: Server, refused: RefusedError, path: str, body: Mapping[str, Any]
) -> EngineError:
    if "grammar" in body and "grammar" in refused.refusal.text.lower():
        said = server.without_key(refused.refusal.text)
        return GrammarError(f"{server.shown_url}{path}: {said}")
    return server.error_for(refused, path)


def _incomplete(url: str, *, started: bool) -> Exception:
    if started:
        return EngineError(f"{url} stopped in mid-answer; what came is incomplete")
    return TryAgainError(EngineUnavailableError(f"{url} ended without an answer"))


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
