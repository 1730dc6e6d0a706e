"""Documents come, change, are saved and go."""

from __future__ import annotations

from lsprotocol import types

from lsp_agent.server.completions import Completions
from lsp_agent.server.context import Context
from lsp_agent.server.documents import OpenDocument
from lsp_agent.server.indexing import IndexKeeper
from lsp_agent.server.session import Session
from lsp_agent.workspace.text import Text


def register(context: Context, completions: Completions, keeper: IndexKeeper) -> None:
    """Keep our documents equal to the editor's, and remember where the user was."""
    server, session, diagnostics = context.server, context.session, context.diagnostics
    reviews = context.reviews
    recent = _Recent(session)

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def did_open(params: types.DidOpenTextDocumentParams) -> None:
        document = session.documents.open(params.text_document)
        reviews.opened(document)
        diagnostics.schedule(document, delay=0)
        recent.opened(document)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(params: types.DidChangeTextDocumentParams) -> None:
        reviews.typed()
        item = params.text_document
        before = session.documents.get(item.uri)
        document = session.documents.change(
            item.uri, item.version, params.content_changes, session.encoding
        )
        if document is not None and before is not None:
            diagnostics.schedule(document)
            recent.changed(document, _changed_line(before.text, document.text, params))

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def did_save(params: types.DidSaveTextDocumentParams) -> None:
        document = session.documents.get(params.text_document.uri)
        if document is not None:
            diagnostics.schedule(document, delay=0)
            reviews.saved(document)
            session.judge.saved(document)
        session.hunks.end(params.text_document.uri)
        keeper.changed([params.text_document.uri])

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(params: types.DidCloseTextDocumentParams) -> None:
        session.documents.close(params.text_document.uri)
        reviews.closed(params.text_document.uri)
        session.hunks.end(params.text_document.uri)
        diagnostics.clear(params.text_document.uri)
        recent.closed(params.text_document.uri)
        completions.forget(params.text_document.uri)
        keeper.changed([params.text_document.uri])

    @server.feature(
        types.TEXT_DOCUMENT_DIAGNOSTIC,
        types.DiagnosticOptions(
            inter_file_dependencies=False, workspace_diagnostics=False, identifier="lsp-agent"
        ),
    )
    async def pull(params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
        document = session.documents.get(params.text_document.uri)
        if document is None:
            return types.RelatedFullDocumentDiagnosticReport(items=[])
        result_id = diagnostics.result_id(document)
        if params.previous_result_id == result_id:
            return types.RelatedUnchangedDocumentDiagnosticReport(result_id=result_id)
        await session.in_thread(document.syntax.errors)
        return types.RelatedFullDocumentDiagnosticReport(
            items=diagnostics.pull(document), result_id=result_id
        )


class _Recent:
    """Tells the session's ring of open documents that lie in a folder and hold code."""

    def __init__(self, session: Session) -> None:
        self._session = session
        # Where a document lies takes system calls, too many for every key.
        self._paths: dict[str, str] = {}

    def opened(self, document: OpenDocument) -> None:
        place = self._session.locate(document.uri)
        if place.root is not None and document.syntax.language is not None:
            self._paths[document.uri] = place.path
            self._session.surroundings.ring.opened(place.path, document.text)

    def changed(self, document: OpenDocument, line: int) -> None:
        if path := self._paths.get(document.uri):
            self._session.surroundings.ring.edited(path, document.text, line)

    def closed(self, uri: str) -> None:
        if path := self._paths.pop(uri, None):
            self._session.surroundings.ring.closed(path)


def _changed_line(before: Text, after: Text, params: types.DidChangeTextDocumentParams) -> int:
    """Return the line of the last change; that of the first difference for a whole new text."""
    last = params.content_changes[-1] if params.content_changes else None
    if isinstance(last, types.TextDocumentContentChangePartial):
        return last.range.start.line
    # Halving by whole comparisons is far faster than a loop over characters.
    low, high = 0, min(len(before.content), len(after.content))
    while low < high:
        middle = (low + high + 1) // 2
        if before.content[low:middle] == after.content[low:middle]:
            low = middle
        else:
            high = middle - 1
    return after.position(low).line
