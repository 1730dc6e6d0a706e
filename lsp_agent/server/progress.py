"""``$/progress`` of a run: begin, reports a few times a second, end; the token is freed after."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import Callable

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from lsp_agent.server.session import Session

_INTERVAL = 0.2
_CREATE_SECONDS = 2.0


class ProgressBook:
    """Makes progress tokens and knows what each one cancels."""

    def __init__(self, server: LanguageServer, session: Session) -> None:
        self._server = server
        self._session = session
        self._numbers = itertools.count(1)
        self._cancels: dict[types.ProgressToken, Callable[[], None]] = {}

    async def begin(
        self,
        title: str,
        token: types.ProgressToken | None,
        cancel: Callable[[], None] | None = None,
    ) -> Progress:
        """Start progress on the client's token, or on one made for it where it takes one.

        Without ``cancel`` the user is not offered to.
        """
        if token is None:
            token = await self._create()
        if token is None:
            return Progress(self._server, None, lambda: None)
        if cancel is not None:
            self._cancels[token] = cancel
        known = token
        value = types.WorkDoneProgressBegin(title=title, cancellable=cancel is not None)
        self._server.protocol.notify(types.PROGRESS, types.ProgressParams(token, value))
        return Progress(self._server, known, lambda: self._cancels.pop(known, None))

    def cancel(self, token: types.ProgressToken) -> None:
        """Cancel the work behind a token; an unknown one is none of ours any more."""
        cancel = self._cancels.get(token)
        if cancel is not None:
            cancel()

    async def _create(self) -> types.ProgressToken | None:
        if not self._session.features.progress:
            return None
        token = f"lsp-agent-{next(self._numbers)}"
        params = types.WorkDoneProgressCreateParams(token)
        with contextlib.suppress(TimeoutError, JsonRpcException):
            async with asyncio.timeout(_CREATE_SECONDS):
                await self._server.window_work_done_progress_create_async(params)
                return token
        return None


class Progress:
    """One run's progress; without a token nothing is sent."""

    def __init__(
        self,
        server: LanguageServer,
        token: types.ProgressToken | None,
        free: Callable[[], object],
    ) -> None:
        self._server = server
        self._token = token
        self._free = free
        self._last = 0.0
        self._said = ""

    def report(self, message: str, share: float | None = None) -> None:
        """Say what is going on; the same words come at most five times a second."""
        now = time.monotonic()
        if self._token is None or (message == self._said and now - self._last < _INTERVAL):
            return
        self._last, self._said = now, message
        percentage = None if share is None else int(share * 100)
        self._send(types.WorkDoneProgressReport(message=message, percentage=percentage))

    def end(self, message: str) -> None:
        """Say how it ended."""
        if self._token is not None:
            self._send(types.WorkDoneProgressEnd(message=message))
            self._free()
            self._token = None

    def _send(self, value: types.WorkDoneProgressReport | types.WorkDoneProgressEnd) -> None:
        if self._token is not None:
            self._server.protocol.notify(types.PROGRESS, types.ProgressParams(self._token, value))
