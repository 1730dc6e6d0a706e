"""HTTP to one OpenAI-compatible server: where it is, the key, responses as JSON objects."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lsp_agent.config.model import OpenAISettings
from lsp_agent.engine.openai_errors import (
    KeySource,
    RefusedError,
    error_for,
    reason,
    refusal_of,
)
from lsp_agent.engine.retry import TryAgainError
from lsp_agent.engine.sse import EventDecoder, EventTooLongError
from lsp_agent.engine.types import EngineError, EngineUnavailableError

if TYPE_CHECKING:
    import httpx

_MAX_REFUSAL = 64 * 2**10
_MAX_BODY = 64 * 2**20
# Long enough for the usage that follows the last word; some servers then say nothing, for ever.
_GRACE_SECONDS = 2.0
_SSE_FIELDS = (b"data", b"event", b"id", b"retry", b":")
_LONGEST_FIELD = 6


class Server:
    """One server. Only its ``url`` is ever contacted. All methods run on one event loop."""

    def __init__(self, settings: OpenAISettings, key: str, url: str) -> None:
        self._settings = settings
        self._key = key.strip()
        self._url = url
        self._client: httpx.AsyncClient | None = None
        self.shown_url = _checked(self._url)
        self.key_source = KeySource(settings.api_key_env, bool(self._key))

    @asynccontextmanager
    async def request(
        self, method: str, path: str, body: Any = None, *, seconds: float | None = None
    ) -> AsyncIterator[httpx.Response]:
        """Give the response to a request once its headers are there.

        Raises :class:`RefusedError` for a status that is no success, :class:`TryAgainError` for a
        connection that may succeed later, :class:`EngineUnavailableError` for one that won't, and
        what httpx raises while the body is read.
        """
        import httpx

        client = self._http()
        # Half a surrogate pair, as editors may send, must not end the run.
        text = None if body is None else json.dumps(body, ensure_ascii=False)
        try:
            request = client.build_request(
                method,
                self._url + path,
                content=None if text is None else text.encode("utf-8", "replace"),
                headers={} if text is None else {"content-type": "application/json"},
                timeout=self._timeout(seconds),
            )
        except (httpx.InvalidURL, ValueError) as error:
            raise EngineUnavailableError(f"base_url {self.shown_url} is no URL: {error}") from error
        try:
            response = await client.send(request, stream=True)
        except httpx.RequestError as error:
            raise self.failure(error, path) from error
        try:
            if not response.is_success:
                raise await self._refused(response)
            yield response
        finally:
            await response.aclose()

    def failure(self, error: Exception, path: str) -> Exception:
        """Turn an error of the connection, before anything of an answer came, into ours."""
        import httpx

        url, settings = self.shown_url + path, self._settings
        if isinstance(error, httpx.ConnectTimeout):
            return EngineUnavailableError(
                f"{url} can't be reached: no connection within {settings.connect_timeout:g} s; "
                "start the server or correct base_url"
            )
        if isinstance(error, httpx.TimeoutException):
            # The server may be at work on it: asking again would only add to its load.
            return EngineUnavailableError(
                f"{url} sent nothing for {settings.timeout:g} s; look into the server's log or "
                "raise timeout for this engine"
            )
        said = self.without_key(reason(error))
        unavailable = EngineUnavailableError(
            f"{url} can't be reached: {said}; start the server or correct base_url"
        )
        lasting = isinstance(error, httpx.UnsupportedProtocol | httpx.DecodingError)
        return unavailable if lasting else TryAgainError(unavailable)

    def error_for(self, refused: RefusedError, path: str) -> EngineError:
        """Turn a refusal into the error that ends the request."""
        refusal = replace(refused.refusal, text=self.without_key(refused.refusal.text))
        return error_for(refusal, self.shown_url + path, self.key_source)

    def without_key(self, text: str) -> str:
        """Return a text that came from outside, fit to be shown."""
        return text.replace(self._key, "[key]") if self._key else text

    async def close(self) -> None:
        """Close all connections."""
        if self._client is not None:
            await self._client.aclose()

    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            import httpx

            settings = self._settings
            self._client = httpx.AsyncClient(
                headers=self._headers(),
                timeout=httpx.Timeout(
                    settings.timeout, connect=settings.connect_timeout, pool=None
                ),
                # A proxy of the environment must not see what goes to this very machine.
                trust_env=not _is_loopback(self._url),
                follow_redirects=False,
            )
        return self._client

    def _timeout(self, seconds: float | None) -> httpx.Timeout:
        import httpx

        between_bytes = self._settings.timeout if seconds is None else seconds
        return httpx.Timeout(between_bytes, connect=self._settings.connect_timeout, pool=None)

    def _headers(self) -> dict[str, str]:
        if not self._key:
            return {}
        if not (self._key.isascii() and self._key.isprintable()):
            raise EngineUnavailableError(
                f"the key in the variable {self.key_source.variable} holds characters that no "
                "HTTP header can carry"
            )
        return {"authorization": f"Bearer {self._key}"}

    async def _refused(self, response: httpx.Response) -> RefusedError:
        import httpx

        data = b""
        # The status says enough when the words do not come.
        with suppress(httpx.RequestError):
            async for chunk in response.aiter_bytes():
                data += chunk
                if len(data) > _MAX_REFUSAL:
                    break
        text = data[:_MAX_REFUSAL].decode("utf-8", "replace")
        return RefusedError(refusal_of(response.status_code, text, _retry_after(response.headers)))


async def json_objects(
    response: httpx.Response, url: str, complete: Callable[[], bool]
) -> AsyncGenerator[Mapping[str, Any] | None, None]:
    """Yield the JSON objects of a response, streamed as events or sent whole.

    ``None`` comes last where the server says that nothing follows. Once ``complete`` is true, the
    rest is waited for only shortly. Raises :class:`EngineError` for what is neither.
    """
    chunks = _bounded(response, complete)
    head = b""
    async for chunk in chunks:
        head = (head + chunk).lstrip(b"\xef\xbb\xbf \t\r\n")
        if len(head) >= _LONGEST_FIELD:
            break
    if not _is_event_stream(head):
        body = await _whole(head, chunks, url)
        if body:
            yield _object(body, url)
            yield None
        return
    async for event in _events(head, chunks, url):
        if event.strip() == "[DONE]":
            yield None
            return
        if event.strip():
            yield _object(event, url)


async def _whole(head: bytes, chunks: AsyncGenerator[bytes, None], url: str) -> str:
    data, size = [head], len(head)
    async for chunk in chunks:
        data.append(chunk)
        size += len(chunk)
        if size > _MAX_BODY:
            raise EngineError(f"{url} sends an answer without an end")
    return b"".join(data).decode("utf-8", "replace")


async def _events(
    head: bytes, chunks: AsyncGenerator[bytes, None], url: str
) -> AsyncGenerator[str, None]:
    decoder = EventDecoder()
    try:
        for event in decoder.feed(head):
            yield event
        async for chunk in chunks:
            for event in decoder.feed(chunk):
                yield event
    except EventTooLongError as error:
        raise EngineError(f"{url} sends an event without an end") from error
    for event in decoder.finish():
        # One that was cut in two is the sign of an incomplete answer, not of a wrong server.
        if event.strip() == "[DONE]" or _is_json(event):
            yield event


async def _bounded(
    response: httpx.Response, complete: Callable[[], bool]
) -> AsyncGenerator[bytes, None]:
    stream = response.aiter_bytes()
    while True:
        try:
            async with asyncio.timeout(_GRACE_SECONDS if complete() else None):
                chunk = await anext(stream)
        except (StopAsyncIteration, TimeoutError):
            return
        yield chunk


def _is_event_stream(head: bytes) -> bool:
    """Whether a body's first bytes begin events: some servers name another content type."""
    name, colon, _ = head[:_LONGEST_FIELD].partition(b":")
    return head.startswith(b":") or (bool(colon) and name in _SSE_FIELDS)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _object(text: str, url: str) -> Mapping[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        if text.lstrip().startswith("<"):
            what = "a web page"
        else:
            what = f"something that is no JSON: {' '.join(text[:100].split())!r}"
        raise EngineError(
            f"{url} answers with {what}; check base_url, which usually ends in /v1"
        ) from None
    if not isinstance(value, Mapping):
        raise EngineError(f"{url} answers with JSON that is no object: {text[:80]!r}")
    if value.get("error") or value.get("object") == "error":
        raise RefusedError(refusal_of(_status(value), text))
    return value


def _status(value: Mapping[str, Any]) -> int:
    """Return the status that an error inside a successful response names; 500 without one."""
    error = value.get("error")
    code = error.get("code") if isinstance(error, Mapping) else value.get("code")
    return code if isinstance(code, int) and 400 <= code < 600 else 500


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the wait that a server asks for, in seconds; it may give a date or milliseconds."""
    milliseconds, header = headers.get("retry-after-ms"), headers.get("retry-after")
    try:
        if milliseconds:
            return max(float(milliseconds) / 1000, 0.0)
        if not header:
            return None
        if header.strip().replace(".", "", 1).isdigit():
            return float(header)
        return max(parsedate_to_datetime(header).timestamp() - time.time(), 0.0)
    except (ValueError, OverflowError):
        return None


def _checked(url: str) -> str:
    """Return a URL without user name, password and query, fit to be shown.

    Raises :class:`EngineUnavailableError` for what is no URL of a server.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise EngineUnavailableError(f"base_url is no URL: {error}") from error
    if not host:
        raise EngineUnavailableError(f"base_url is no URL: {url!r} names no host")
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def _is_loopback(url: str) -> bool:
    host = (urlsplit(url).hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
