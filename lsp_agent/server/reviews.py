"""Reviews of documents as they are saved, and of what changed on demand; and what they found.

A review on save gives way: the next key in any document cancels it, one goes on at a time, and what
was answered is kept, so that the next one goes on where it stopped. Findings stand by their text:
they move with it, and are gone with it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.errors import LspAgentError
from lsp_agent.server.background import Background
from lsp_agent.server.convert import to_range
from lsp_agent.server.diagnostics import SOURCE, Diagnostics
from lsp_agent.server.documents import OpenDocument
from lsp_agent.server.progress import ProgressBook
from lsp_agent.server.session import Session
from lsp_agent.workspace.markdown import harmless_message
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.text import Text, shortened

if TYPE_CHECKING:
    from lsp_agent.agent.types import DiagnosticNote
    from lsp_agent.review.run import Review
    from lsp_agent.review.types import ChangedFile, Finding, Severity

DISMISS = "lspAgent.dismiss"
DISMISS_KIND = "quickfix.lspAgent.dismiss"
_MAX_TITLE = 60
_log = logging.getLogger(__name__)
_SEVERITIES: dict[Severity, types.DiagnosticSeverity] = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "information": types.DiagnosticSeverity.Information,
    "hint": types.DiagnosticSeverity.Hint,
}


@dataclass(frozen=True, slots=True)
class Target:
    """Files of one folder to review; ``overlay`` is how they were seen."""

    overlay: Overlay
    files: Sequence[ChangedFile]


class Reviews:
    """The reviews of one session. Only the event loop's thread uses it."""

    def __init__(
        self,
        server: LanguageServer,
        session: Session,
        book: ProgressBook,
        diagnostics: Diagnostics,
    ) -> None:
        self._server = server
        self._session = session
        self._book = book
        self._diagnostics = diagnostics
        self._found: dict[str, tuple[Finding, ...]] = {}
        self._located: dict[str, tuple[Text, tuple[Finding, ...], list[Finding]]] = {}
        self._opened: dict[str, str] = {}
        self._closed: set[str] = set()
        self._saving: dict[str, CancelToken] = {}
        self._asked: set[CancelToken] = set()
        self._background = Background()
        self._turn = asyncio.Lock()
        diagnostics.more = self.diagnostics

    def opened(self, document: OpenDocument) -> None:
        """Remember what a document was like; where there is no git a review goes by it."""
        self._opened[document.uri] = document.text.content
        if document.uri in self._closed:
            self._closed.discard(document.uri)
            self._diagnostics.publish_closed(document.uri, [])

    def typed(self) -> None:
        """Stop what goes on by itself: the machine is needed for something else."""
        for token in self._saving.values():
            token.cancel()
        self._saving.clear()

    def closed(self, uri: str) -> None:
        """Forget a document."""
        self._opened.pop(uri, None)
        self._found.pop(uri, None)
        self._located.pop(uri, None)
        if token := self._saving.pop(uri, None):
            token.cancel()

    def saved(self, document: OpenDocument) -> None:
        """Review what changed in a document, without anyone waiting."""
        if before := self._saving.pop(document.uri, None):
            before.cancel()
        token = self._saving[document.uri] = CancelToken()
        self._background.start(self._on_save(document, token))

    def cancel(self) -> None:
        """Stop all reviews."""
        self.typed()
        for token in self._asked:
            token.cancel()

    def located(self, document: OpenDocument) -> list[Finding]:
        """Return a document's findings where they stand now; looked for once a version."""
        found = self._found.get(document.uri)
        if not found:
            return []
        text, known, located = self._located.get(document.uri, (None, None, []))
        if text is not document.text or known is not found:
            from lsp_agent.review.anchor import moved

            places = [(one, moved(one, document.text)) for one in found]
            located = [replace(one, range=place) for one, place in places if place is not None]
            self._located[document.uri] = (document.text, found, located)
        return located

    def diagnostics(self, document: OpenDocument) -> list[types.Diagnostic]:
        """Return a document's findings in the client's form."""
        return [self._diagnostic(document.text, one) for one in self.located(document)]

    def about(self, document: OpenDocument, diagnostic: types.Diagnostic) -> Finding | None:
        """Return the finding that a client's diagnostic shows, also if it keeps no ``data``."""
        if diagnostic.source != SOURCE:
            return None
        data = diagnostic.data
        id_ = data.get("findingId") if isinstance(data, Mapping) else None
        for one in self.located(document):
            if one.id == id_ or (
                id_ is None and harmless_message(one.message) == diagnostic.message
            ):
                return one
        return None

    def completed(
        self,
        document: OpenDocument,
        diagnostics: Sequence[types.Diagnostic],
        notes: Sequence[DiagnosticNote],
    ) -> tuple[DiagnosticNote, ...]:
        """Return the notes of diagnostics with the fixes that are ready for them."""
        found = [self.about(document, one) for one in diagnostics]
        return tuple(
            note if one is None or one.fix is None else replace(note, range=one.range, fix=one.fix)
            for note, one in zip(notes, found, strict=True)
        )

    async def dismiss(self, uri: str, finding: str) -> None:
        """Never show a finding again in its folder."""
        app = await self._session.app()
        root = self._session.locate(uri).root
        workspace = str(root.path) if root is not None else ""
        await self._session.in_thread(lambda: app.findings.dismiss(workspace, finding))
        self._put(uri, [one for one in self._found.get(uri, ()) if one.id != finding])

    async def review(
        self, uri: str | None, base: str | None, token: types.ProgressToken | None
    ) -> int:
        """Review what changed in a document or in all folders; return how much was found.

        Raises ``LspAgentError`` where nothing tells what changed, or no model can review it.
        """
        cancel = CancelToken()
        self._asked.add(cancel)
        # It is about the same, and nobody waits for it.
        self.typed()
        progress = await self._book.begin("lsp-agent: review", token, cancel.cancel)
        ended = "failed"
        try:
            count, seen = 0, set()
            for target in await self._targets(uri, base):
                count += await self._of_target(target, cancel, progress.report)
                seen |= {target.overlay.uri(file.path) for file in target.files}
            # What was found in a file that is not changed any more is gone.
            for other in ({uri} if uri is not None else {*self._found}) - seen:
                self._put(other, (), Text(""))
            ended = f"{count} findings" if count != 1 else "one finding"
            return count
        except (Cancelled, asyncio.CancelledError):
            ended = "cancelled"
            cancel.cancel()
            raise
        finally:
            self._asked.discard(cancel)
            progress.end(ended)

    async def _of_target(
        self, target: Target, cancel: CancelToken, report: Callable[..., None]
    ) -> int:
        from lsp_agent.engine.types import EngineUnavailableError

        async with self._turn:
            review, _ = await self._prepared(target)
            if review.unable:
                raise EngineUnavailableError(review.unable)
            found = await self._carried_out(review, cancel, report)
        for file in target.files:
            mine = [one for one in found if one.path == file.path]
            self._put(target.overlay.uri(file.path), mine, Text(file.after))
        return len(found)

    async def _targets(self, uri: str | None, base: str | None) -> list[Target]:
        session = self._session
        if uri is not None:
            overlay, path = session.overlay(uri)
            return [await session.in_thread(lambda: self._one(overlay, path or "", uri, base))]
        overlays = [session.overlay_of(root) for root in session.roots]
        opened = {document.uri for document in session.documents}
        found: list[Target] = await session.in_thread(
            lambda: [self._all(overlay, base, opened) for overlay in overlays]
        )
        return found

    def _one(self, overlay: Overlay, path: str, uri: str, base: str | None) -> Target:
        from lsp_agent.review.changes import changed_files, reviewable
        from lsp_agent.review.types import ChangedFile
        from lsp_agent.vcs.place import VcsError

        try:
            return Target(overlay, changed_files(overlay, base, [path]))
        except VcsError:
            opened = self._opened.get(uri)
            if base is not None or opened is None:
                raise
        after = reviewable(overlay, path)
        changed = after is not None and after != opened
        return Target(overlay, [ChangedFile(path, opened, after or "")] if changed else [])

    def _all(self, overlay: Overlay, base: str | None, opened: set[str]) -> Target:
        from lsp_agent.review.changes import changed_files
        from lsp_agent.vcs.place import VcsError

        try:
            return Target(overlay, changed_files(overlay, base))
        except VcsError:
            if base is not None:
                raise
        paths = [path for path in overlay.unsaved() if overlay.uri(path) in opened]
        files = [
            one for path in paths for one in self._one(overlay, path, overlay.uri(path), None).files
        ]
        return Target(overlay, files)

    async def _on_save(self, document: OpenDocument, token: CancelToken) -> None:
        try:
            async with self._turn:
                await self._review_saved(document, token)
        except Cancelled:
            _log.debug("the review of %s gives way", document.uri)
        except LspAgentError as error:
            _log.warning("no review of %s: %s", document.uri, error)
        finally:
            if self._saving.get(document.uri) is token:
                del self._saving[document.uri]

    async def _review_saved(self, document: OpenDocument, token: CancelToken) -> None:
        session, uri = self._session, document.uri
        app = await session.app()
        token.check()
        settings = app.settings.review
        overlay, path = session.overlay(uri)
        name = path or ""
        if not settings.on_save or await session.in_thread(
            lambda: app.unable("review", name, "review")
        ):
            return
        target = await session.in_thread(lambda: self._one(overlay, name, uri, None))
        token.check()
        review, pending = await self._prepared(target, settings.max_hunks)
        token.check()
        if not pending:
            found = await self._carried_out(review, token, lambda *_: None)
        else:
            progress = await self._book.begin("lsp-agent: review", None, token.cancel)
            try:
                found = await self._carried_out(review, token, progress.report)
            finally:
                progress.end("cancelled" if token.cancelled else "done")
        token.check()
        self._put(uri, found)

    async def _prepared(self, target: Target, most: int | None = None) -> tuple[Review, int]:
        """Return a review, and of how many hunks a model has to be asked; prompts are read."""
        app = await self._session.app()

        def prepare() -> tuple[Review, int]:
            review = app.review(target.overlay, target.files, most)
            return review, review.prepare()

        prepared: tuple[Review, int] = await self._session.in_thread(prepare)
        return prepared

    async def _carried_out(
        self, review: Review, cancel: CancelToken, report: Callable[..., None]
    ) -> list[Finding]:
        loop = asyncio.get_running_loop()

        def step(words: str, share: float | None) -> None:
            loop.call_soon_threadsafe(report, words, share)

        work = loop.run_in_executor(self._session.workers, lambda: review.carry_out(cancel, step))
        # Nobody is left to hear how it ended where the wait for it was given up.
        work.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            return list((await asyncio.shield(work)).findings)
        except asyncio.CancelledError:
            cancel.cancel()
            raise

    def _put(self, uri: str, found: Sequence[Finding], text: Text | None = None) -> None:
        """Take findings in the place of what was found before, and show them."""
        document = self._session.documents.get(uri)
        if found:
            self._found[uri] = tuple(found)
        else:
            self._found.pop(uri, None)
        if document is not None:
            self._diagnostics.refresh(document)
        elif text is not None and (found or uri in self._closed):
            rows = [self._diagnostic(text, one) for one in found]
            self._diagnostics.publish_closed(uri, rows)
            (self._closed.add if found else self._closed.discard)(uri)

    def _diagnostic(self, text: Text, one: Finding) -> types.Diagnostic:
        return types.Diagnostic(
            range=to_range(text, one.range, self._session.encoding),
            message=harmless_message(one.message),
            severity=_SEVERITIES[one.severity],
            source=SOURCE,
            code=one.category,
            data={"findingId": one.id},
        )


def dismissals(
    reviews: Reviews, document: OpenDocument, diagnostics: Sequence[types.Diagnostic]
) -> list[types.CodeAction]:
    """Return an action for each finding among diagnostics that takes it away for good."""
    rows = []
    for one in diagnostics:
        finding = reviews.about(document, one)
        if finding is not None:
            arguments = [{"uri": document.uri, "findingId": finding.id}]
            title = f"Dismiss: {shortened(one.message, _MAX_TITLE)}"
            rows.append(
                types.CodeAction(
                    title=title,
                    kind=DISMISS_KIND,
                    diagnostics=[one],
                    command=types.Command(title, DISMISS, arguments=arguments),
                )
            )
    return rows
