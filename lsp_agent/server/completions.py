"""Completion at a cursor, for whichever request a client makes of it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

from lsprotocol import types

from lsp_agent.agent.suggestions import Suggestions
from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.errors import LspAgentError
from lsp_agent.server.context import Context
from lsp_agent.server.convert import from_range
from lsp_agent.server.documents import OpenDocument
from lsp_agent.server.pace import Pace

if TYPE_CHECKING:
    from lsp_agent.agent.completion import Completion
    from lsp_agent.config.model import Settings


class Completions:
    """Answers from what was suggested before, else from the model; the newest request only.

    Everything here happens in the event loop but for the model's work.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._session = context.session
        self._suggestions = Suggestions()
        self._pace = Pace(time.monotonic)
        self._running: dict[str, CancelToken] = {}
        self._told: set[str] = set()
        self._settings: Settings | None = None

    async def at(self, uri: str, place: types.Position, *, invoked: bool) -> str | None:
        """Return what to insert at a place of a document, ``""`` for nothing.

        ``None`` for a document that is not open. A newer request for the document ends this one.
        ``invoked`` by the user, it never waits for a pause in typing.
        """
        document = self._session.documents.get(uri)
        if document is None:
            return None
        if older := self._running.pop(uri, None):
            older.cancel()
        cancel = self._running[uri] = CancelToken()
        if not invoked:
            self._pace.typed()
        try:
            return await self._answer(document, place, cancel, invoked=invoked)
        except asyncio.CancelledError:
            cancel.cancel()
            raise
        except Cancelled:
            return ""
        except LspAgentError as error:
            self._tell(f"lsp-agent: no completion: {error}")
            return ""
        finally:
            if self._running.get(uri) is cancel:
                del self._running[uri]

    def forget(self, uri: str) -> None:
        """Forget what was suggested in a document."""
        self._suggestions.forget(uri)

    async def _answer(
        self, document: OpenDocument, place: types.Position, cancel: CancelToken, *, invoked: bool
    ) -> str:
        session, text = self._session, document.text
        app = await session.app()
        if app.settings is not self._settings:
            # Another model may have other ideas.
            self._suggestions.forget()
            self._settings = app.settings
        range_ = types.Range(place, place)
        position = from_range(text, range_, session.encoding).start
        offset = text.offset(position)
        if known := self._suggestions.find(document.uri, text.content, offset):
            return known
        if not invoked:
            await _pause(self._pace.delay(app.settings.completion.debounce_ms / 1000), cancel)
        cancel.check()
        if session.documents.get(document.uri) is not document:
            return ""
        overlay, path = session.overlay(document.uri)

        def work() -> Completion:
            from lsp_agent.agent.completion import complete
            from lsp_agent.agent.sampling import sampling_of
            from lsp_agent.engine.types import Job

            with app.engines.lease("completion") as engine:
                return complete(
                    engine,
                    overlay,
                    path or "",
                    position,
                    cancel,
                    surroundings=session.surroundings,
                    document=document.syntax,
                    sampling=sampling_of(app.settings, Job.COMPLETION),
                )

        done: Completion = await session.in_thread(work)
        if done.first_token_ms and done.source == "model":
            self._pace.took(done.total_ms / 1000)
        self._suggestions.add(document.uri, text.content, offset, done.text)
        return done.text

    def _tell(self, message: str) -> None:
        # Asked at every keystroke: said once.
        if message not in self._told:
            self._told.add(message)
            self._context.tell(message)


async def _pause(seconds: float, cancel: CancelToken) -> None:
    """Wait, or until the request is cancelled, which is done by the event loop alone."""
    if seconds <= 0:
        return
    ended = asyncio.Event()
    forget = cancel.on_cancel(ended.set)
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await ended.wait()
    finally:
        forget()
