"""The servers of one engine: who is asked, what happens when one fails, how much at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any, TypeVar

from lsp_agent.config.model import OpenAISettings
from lsp_agent.engine.endpoints import Endpoints, RateLimit
from lsp_agent.engine.openai_errors import RefusedError
from lsp_agent.engine.openai_http import Server
from lsp_agent.engine.retry import TryAgainError
from lsp_agent.engine.types import EngineError, EngineUnavailableError

T = TypeVar("T")
Attempt = Callable[[Server], AsyncGenerator[T, None]]


class ServerPool:
    """Several servers of one model. All methods run on one event loop.

    ``probe`` finds out, cheaply, whether a server is there; it raises when not.
    """

    def __init__(
        self, settings: OpenAISettings, key: str, probe: Attempt[None], endpoints: Endpoints
    ) -> None:
        self._servers = {url: Server(settings, key, url) for url in settings.urls}
        self._probe = probe
        self._endpoints = endpoints
        self._rate = RateLimit(settings.requests_per_minute)
        self._most = settings.max_concurrency
        self._slots: asyncio.Semaphore | None = None
        self._checks: set[asyncio.Task[Exception | None]] = set()
        self._waiting = self._running = 0

    @property
    def first(self) -> Server:
        """The first server of the configuration."""
        return next(iter(self._servers.values()))

    def detail(self) -> dict[str, Any]:
        """Describe the servers and what they do, for ``EngineInfo.detail``."""
        detail = {
            "base_url": self.first.shown_url,
            "running": self._running,
            "queue": self._waiting,
        }
        if len(self._servers) > 1:
            detail["endpoints"] = [
                {
                    "url": self._servers[one.url].shown_url,
                    "running": one.running,
                    "well": not one.failures,
                }
                for one in self._endpoints.states()
            ]
        return detail

    async def ask(self, attempt: Attempt[T], conversation: str) -> AsyncGenerator[T, None]:
        """Yield the answer of the first server that gives one.

        Raises :class:`TryAgainError` when none does now, and whatever ends the request for good.
        """
        tried: list[str] = []
        afters: list[float | None] = []
        failure: TryAgainError | None = None
        self._look_after()
        async with self._slot():
            while (url := self._endpoints.choose(conversation, tried)) is not None:
                tried.append(url)
                try:
                    async with aclosing(self._once(attempt, url)) as items:
                        async for item in items:
                            yield item
                except (TryAgainError, EngineUnavailableError) as error:
                    self._endpoints.failed(url, getattr(error, "after", None))
                    failure = self._passing(error)
                    afters.append(failure.after)
                else:
                    return
        if failure is None:
            raise EngineUnavailableError(f"{self.first.shown_url} is not asked now; try later")
        known = [one for one in afters if one is not None]
        # One that names no time may be back at once.
        raise TryAgainError(failure.error, min(known) if len(known) == len(afters) else None)

    async def _once(self, attempt: Attempt[T], url: str) -> AsyncGenerator[T, None]:
        self._endpoints.begin(url)
        try:
            await asyncio.sleep(self._rate.reserve())
            async with aclosing(attempt(self._servers[url])) as items:
                async for item in items:
                    yield item
        except RefusedError:
            # It answers, so it is well.
            self._endpoints.worked(url)
            raise
        else:
            self._endpoints.worked(url)
        finally:
            self._endpoints.end(url)

    async def check_all(self) -> AsyncGenerator[None, None]:
        """Ask all servers for their health; raises the first one's error when none is well."""
        checks = [self._check(url) for url in self._servers]
        errors = [error for error in await asyncio.gather(*checks) if error is not None]
        if len(errors) == len(checks):
            raise errors[0]
        yield

    async def close(self) -> None:
        """Close all connections."""
        for server in self._servers.values():
            await server.close()

    def _passing(self, error: TryAgainError | EngineUnavailableError) -> TryAgainError:
        """Return a failure that another server may not have; raise one that it would."""
        if isinstance(error, TryAgainError):
            return error
        import httpx

        if len(self._servers) > 1 and isinstance(error.__cause__, httpx.ConnectTimeout):
            return TryAgainError(error)
        raise error

    def _look_after(self) -> None:
        """Ask servers that have rested for their health, while others do the work."""
        if len(self._servers) == 1:
            return
        for url in self._endpoints.due():
            task = asyncio.create_task(self._check(url))
            self._checks.add(task)
            task.add_done_callback(self._checks.discard)

    async def _check(self, url: str) -> Exception | None:
        try:
            async with aclosing(self._probe(self._servers[url])) as answers:
                async for _ in answers:
                    pass
        except (TryAgainError, EngineError) as error:
            self._endpoints.failed(url)
            return error
        self._endpoints.worked(url)
        return None

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        """Wait until the servers may be asked once more."""
        if self._slots is None:
            self._slots = asyncio.Semaphore(self._most)
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
