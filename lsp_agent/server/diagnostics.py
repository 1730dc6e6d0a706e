"""Findings of the open documents, pushed until the client begins to pull them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from lsp_agent.server.convert import to_range
from lsp_agent.server.documents import OpenDocument
from lsp_agent.server.session import Session
from lsp_agent.workspace.characters import find_odd
from lsp_agent.workspace.positions import Range

SOURCE = "lsp-agent"
_QUIET_SECONDS = 0.15
_SETTLED_SECONDS = 1.0
# A larger document is parsed outside the event loop.
_LARGE = 500_000
_MAX_ODD = 100


class Diagnostics:
    """Publishes findings for the newest version only, after a pause in typing."""

    def __init__(self, server: LanguageServer, session: Session) -> None:
        self._server = server
        self._session = session
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._pulled = False
        self._stamp = 0
        self.more: Callable[[OpenDocument], list[types.Diagnostic]] = lambda _: []

    def schedule(self, document: OpenDocument, delay: float = _QUIET_SECONDS) -> None:
        """Publish soon, unless another change comes first."""
        self.forget(document.uri)
        self._tasks[document.uri] = asyncio.ensure_future(self._later(document, delay))

    def forget(self, uri: str) -> None:
        """Drop what is waiting for a document."""
        task = self._tasks.pop(uri, None)
        if task is not None:
            task.cancel()

    def clear(self, uri: str) -> None:
        """Take back a document's findings, as it closes."""
        self.forget(uri)
        if not self._pulled:
            self._publish(uri, None, [])

    def pull(self, document: OpenDocument) -> list[types.Diagnostic]:
        """Answer a pull; from the first one on nothing is pushed, or it would show twice."""
        if not self._pulled:
            self._pulled = True
            for open_document in self._session.documents:
                self.schedule(open_document)
                self._publish(open_document.uri, None, [])
        return self.compute(document)

    def compute(self, document: OpenDocument) -> list[types.Diagnostic]:
        """Return a document's findings in the client's form."""
        return self._errors(document) + self._odd(document) + self.more(document)

    def refresh(self, document: OpenDocument) -> None:
        """Show what else was found in a document, in the client's way."""
        self._stamp += 1
        if not self._pulled:
            self._publish_newest(document)
        elif self._session.features.diagnostic_refresh:
            self._server.workspace_diagnostic_refresh(None)

    def result_id(self, document: OpenDocument) -> str:
        """Return what a pull's answer is known by: another one once there is more to say."""
        return f"{document.version}.{self._stamp}{' settled' if document.settled else ''}"

    def publish_closed(self, uri: str, found: list[types.Diagnostic]) -> None:
        """Show what was found in a file that is not open, which no client pulls."""
        self._publish(uri, None, found)

    def _errors(self, document: OpenDocument) -> list[types.Diagnostic]:
        return [
            types.Diagnostic(
                range=to_range(document.text, issue.range, self._session.encoding),
                message=issue.message,
                severity=types.DiagnosticSeverity.Error,
                source=SOURCE,
                code="syntax",
            )
            for issue in document.syntax.errors()
        ]

    def _odd(self, document: OpenDocument) -> list[types.Diagnostic]:
        """Return what is invisible in a text, turns it round or looks like something else."""
        text = document.text
        return [
            types.Diagnostic(
                range=to_range(
                    text,
                    Range(text.position(one.start), text.position(one.end)),
                    self._session.encoding,
                ),
                message=f"{one.kind} character: {one.detail}",
                severity=types.DiagnosticSeverity.Information
                if one.kind == "space"
                else types.DiagnosticSeverity.Warning,
                source=SOURCE,
                code="characters",
            )
            for one in find_odd(text.content)[:_MAX_ODD]
        ]

    async def _later(self, document: OpenDocument, delay: float) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            if not self._pulled:
                await asyncio.sleep(delay)
                if len(document.text.content) > _LARGE:
                    await self._session.in_thread(document.syntax.errors)
                self._publish_newest(document)
            await self._settle(document)
            self._tasks.pop(document.uri, None)

    async def _settle(self, document: OpenDocument) -> None:
        """Read a broken text as a whole once nothing is typed any more, and tell what changed."""
        await asyncio.sleep(_SETTLED_SECONDS)
        syntax = await self._session.in_thread(document.syntax.settled)
        if syntax is document.syntax:
            return
        settled = self._session.documents.settle(document, syntax)
        if settled is None:
            return
        if not self._pulled:
            self._publish_newest(settled)
        elif self._session.features.diagnostic_refresh:
            self._server.workspace_diagnostic_refresh(None)

    def _publish_newest(self, document: OpenDocument) -> None:
        current = self._session.documents.get(document.uri)
        if current is not None and current.version == document.version:
            self._publish(document.uri, document.version, self.compute(document))

    def _publish(self, uri: str, version: int | None, found: list[types.Diagnostic]) -> None:
        known = version if self._session.features.diagnostic_versions else None
        self._server.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(uri=uri, diagnostics=found, version=known)
        )
