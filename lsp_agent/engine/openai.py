"""``OpenAIEngine``: any OpenAI-compatible server, streamed, retried, and cancelled at once.

HTTP runs on one private event loop in a thread of its own, so that a cancellation also reaches a
request that is connecting or waiting for its first byte; deltas come out through a queue. Only
``base_url`` is ever contacted.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import queue
import random
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.config.model import OpenAISettings
from lsp_agent.engine.openai_wire import AnswerReader, error_for, request_body
from lsp_agent.engine.sse import EventDecoder
from lsp_agent.engine.types import (
    Delta,
    EngineError,
    EngineInfo,
    EngineUnavailableError,
    Request,
)
from lsp_agent.errors import LspAgentError

if TYPE_CHECKING:
    import httpx

_RETRIED = frozenset({408, 429, 500, 502, 503, 504})
_BACKOFF_SECONDS = 0.25
_BACKOFF_LIMIT = 8.0
_LOAD_TIMEOUT = 5.0
_BYTES_PER_TOKEN = 4


class _TryAgain(Exception):  # noqa: N818 - control flow
    """A failure that may pass, before anything of the answer was given out."""

    def __init__(self, error: EngineError, after: float | None = None) -> None:
        self.error = error
        self.after = after


class OpenAIEngine:
    """A remote model; see :class:`~lsp_agent.engine.types.Engine`. ``env`` holds the key."""

    def __init__(self, name: str, settings: OpenAISettings, env: Mapping[str, str]) -> None:
        self.name = name
        self._settings = settings
        self._key = env.get(settings.api_key_env, "") if settings.api_key_env else ""
        self._url = settings.base_url.rstrip("/")
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: httpx.AsyncClient | None = None
        self._slots: asyncio.Semaphore | None = None
        self._closed = False
        self._running = 0

    def info(self) -> EngineInfo:
        """Describe the configuration; the server is not asked."""
        return EngineInfo(
            name=self.name,
            kind="openai",
            model=self._settings.model,
            n_ctx=self._settings.n_ctx,
            grammar=self._settings.grammar,
            native_tools=True,
            fim=True,
            embeddings=True,
            detail={"base_url": self._shown_url(), "running": self._running},
        )

    def load(self, cancel: CancelToken) -> EngineInfo:
        """Ask the server for its models, to know that it is there."""
        for _ in self._stream(self._probe(), cancel):
            pass
        return self.info()

    def generate(self, request: Request, cancel: CancelToken) -> Iterator[Delta]:
        """Yield an answer; retries only before its first piece."""
        yield from self._stream(self._generate(request), cancel)

    def count_tokens(self, text: str) -> int:
        """Estimate: the server's tokenizer is not known here."""
        return -(-len(text.encode("utf-8", "replace")) // _BYTES_PER_TOKEN)

    def embed(self, texts: Sequence[str], cancel: CancelToken) -> list[list[float]]:
        """Return the server's vectors."""
        vectors: list[list[float]] = next(iter(self._stream(self._embed(list(texts)), cancel)))
        return vectors

    def close(self) -> None:
        """End every request and the thread."""
        with self._lock:
            self._closed = True
            loop, self._loop = self._loop, None
        if loop is not None:
            asyncio.run_coroutine_threadsafe(self._shut(), loop).result(timeout=5)
            loop.call_soon_threadsafe(loop.stop)

    async def _shut(self) -> None:
        mine = asyncio.current_task()
        for task in asyncio.all_tasks():
            if task is not mine:
                task.cancel()
        await asyncio.get_running_loop().shutdown_asyncgens()
        if self._client is not None:
            await self._client.aclose()

    def _stream(self, items: AsyncIterator[Any], cancel: CancelToken) -> Iterator[Any]:
        """Drive an async iterator on the private loop and yield what it gives."""
        cancel.check()
        results: queue.SimpleQueue[Any] = queue.SimpleQueue()
        done = object()

        async def drive() -> None:
            self._running += 1
            try:
                async for item in items:
                    results.put(item)
                results.put(done)
            except LspAgentError as error:
                results.put(error)
            except asyncio.CancelledError:
                results.put(self._unavailable("is closed") if self._closed else Cancelled())
                raise
            except Exception as error:  # noqa: BLE001 - the waiting run must hear of anything
                results.put(EngineError(f"{self._shown_url()} failed: {error!r}"))
            finally:
                self._running -= 1

        task = self._submit(drive())
        forget = cancel.on_cancel(task.cancel)
        try:
            while (item := results.get()) is not done:
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            forget()
            task.cancel()

    def _submit(self, work: Coroutine[Any, Any, None]) -> Any:
        with self._lock:
            if self._closed:
                work.close()
                raise self._unavailable("is closed")
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(
                    target=self._loop.run_forever, name=f"engine-{self.name}", daemon=True
                ).start()
            return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _generate(self, request: Request) -> AsyncIterator[Delta]:
        path, body = request_body(self._settings, request)
        for attempt in range(self._settings.max_retries + 1):
            try:
                async for delta in self._attempt(path, body):
                    yield delta
            except _TryAgain as failure:
                if attempt == self._settings.max_retries:
                    raise failure.error from failure
                await asyncio.sleep(_pause(attempt, failure.after))
            else:
                return

    async def _attempt(self, path: str, body: Mapping[str, Any]) -> AsyncIterator[Delta]:
        import httpx

        reader = AnswerReader()
        url = self._shown_url() + path
        try:
            async with (
                self._slot(),
                self._http().stream("POST", self._url + path, json=body) as response,
            ):
                await self._refuse_errors(response, url)
                async for chunk in _chunks(response, url):
                    delta = reader.read(chunk)
                    if delta is not None:
                        yield delta
        except httpx.TransportError as error:
            raise self._failed(reader, url, error) from error
        if reader.finish is None and not reader.started:
            raise EngineError(f"{url} ended without an answer")
        if reader.finish is None:
            raise EngineError(f"{url} stopped in mid-answer; what came is incomplete")
        yield reader.end()

    def _failed(self, reader: AnswerReader, url: str, error: httpx.TransportError) -> Exception:
        import httpx

        if reader.started:
            return EngineError(
                f"{url} stopped in mid-answer ({_reason(error)}); what came is incomplete"
            )
        if isinstance(error, httpx.ReadTimeout):
            # The server may be working on it: asking again would only add to its load.
            return self._unavailable(f"sent nothing for {self._settings.timeout:g} s; {_MEND}")
        return _TryAgain(self._unavailable(f"can't be reached ({_reason(error)}); {_MEND}"))

    async def _refuse_errors(self, response: httpx.Response, url: str) -> None:
        if response.status_code < 400:
            return
        text = (await response.aread()).decode("utf-8", "replace")
        error = error_for(response.status_code, text, url, self._settings.api_key_env)
        if response.status_code in _RETRIED:
            raise _TryAgain(error, _retry_after(response.headers.get("retry-after")))
        raise error

    async def _probe(self) -> AsyncIterator[None]:
        import httpx

        url = self._shown_url() + "/models"
        try:
            response = await self._http().get(self._url + "/models", timeout=_LOAD_TIMEOUT)
        except httpx.HTTPError as error:
            raise self._unavailable(f"can't be reached ({_reason(error)}); {_MEND}") from error
        if response.status_code in (401, 403):
            raise error_for(response.status_code, response.text, url, self._settings.api_key_env)
        yield

    async def _embed(self, texts: list[str]) -> AsyncIterator[list[list[float]]]:
        import httpx

        url = self._shown_url() + "/embeddings"
        body = {"model": self._settings.model, "input": texts}
        try:
            async with self._slot():
                response = await self._http().post(self._url + "/embeddings", json=body)
            if response.status_code >= 400:
                raise error_for(
                    response.status_code, response.text, url, self._settings.api_key_env
                )
            rows = sorted(response.json()["data"], key=lambda row: int(row.get("index", 0)))
            yield [[float(x) for x in row["embedding"]] for row in rows]
        except httpx.HTTPError as error:
            raise self._unavailable(f"can't be reached ({_reason(error)}); {_MEND}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise EngineError(f"{url} gave no embeddings") from error

    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            import httpx

            seconds, connect = self._settings.timeout, self._settings.connect_timeout
            self._client = httpx.AsyncClient(
                headers={"Authorization": f"Bearer {self._key}"} if self._key else {},
                timeout=httpx.Timeout(seconds, connect=connect, pool=None),
                # A proxy of the environment must not see what goes to this very machine.
                trust_env=not _is_loopback(self._url),
                follow_redirects=False,
            )
        return self._client

    def _slot(self) -> asyncio.Semaphore:
        if self._slots is None:
            self._slots = asyncio.Semaphore(self._settings.max_concurrency)
        return self._slots

    def _shown_url(self) -> str:
        """Return the URL without user name and password."""
        parts = urlsplit(self._url)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()

    def _unavailable(self, what: str) -> EngineUnavailableError:
        return EngineUnavailableError(f"the engine {self.name!r} at {self._shown_url()} {what}")


_MEND = "start the server or correct base_url"


async def _chunks(response: httpx.Response, url: str) -> AsyncIterator[Mapping[str, Any]]:
    """Yield the JSON objects of a response, streamed as events or sent whole."""
    kind = response.headers.get("content-type", "")
    if "event-stream" not in kind:
        body = await response.aread()
        yield _object(body.decode("utf-8", "replace"), url)
        return
    decoder = EventDecoder()
    async for data in response.aiter_bytes():
        for event in decoder.feed(data):
            if event.strip() == "[DONE]":
                return
            yield _object(event, url)
    for event in decoder.finish():
        if event.strip() != "[DONE]":
            yield _object(event, url)


def _object(text: str, url: str) -> Mapping[str, Any]:
    with contextlib.suppress(ValueError):
        value = json.loads(text)
        if isinstance(value, Mapping):
            return value
    what = "a web page" if text.lstrip().startswith("<") else f"no JSON object: {text[:80]!r}"
    raise EngineError(f"{url} answered with {what}; check that base_url ends in /v1")


def _pause(attempt: int, after: float | None) -> float:
    if after is not None:
        return min(after, _BACKOFF_LIMIT)
    # Jitter, so that several clients do not come back at the same moment.
    return float(min(_BACKOFF_SECONDS * 2**attempt, _BACKOFF_LIMIT) * random.uniform(0.5, 1))  # noqa: S311


def _retry_after(header: str | None) -> float | None:
    try:
        return max(float(header), 0.0) if header else None
    except ValueError:
        return None


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")
