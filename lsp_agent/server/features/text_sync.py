"""Documents come, change, are saved and go."""

from __future__ import annotations

from lsprotocol import types

from lsp_agent.server.context import Context


def register(context: Context) -> None:
    """Keep our documents equal to the editor's."""
    server, session, diagnostics = context.server, context.session, context.diagnostics

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def did_open(params: types.DidOpenTextDocumentParams) -> None:
        diagnostics.schedule(session.documents.open(params.text_document), delay=0)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(params: types.DidChangeTextDocumentParams) -> None:
        item = params.text_document
        document = session.documents.change(
            item.uri, item.version, params.content_changes, session.encoding
        )
        if document is not None:
            diagnostics.schedule(document)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def did_save(params: types.DidSaveTextDocumentParams) -> None:
        document = session.documents.get(params.text_document.uri)
        if document is not None:
            diagnostics.schedule(document, delay=0)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(params: types.DidCloseTextDocumentParams) -> None:
        session.documents.close(params.text_document.uri)
        diagnostics.clear(params.text_document.uri)

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
        result_id = str(document.version)
        if params.previous_result_id == result_id:
            return types.RelatedUnchangedDocumentDiagnosticReport(result_id=result_id)
        await session.in_thread(document.syntax.errors)
        return types.RelatedFullDocumentDiagnosticReport(
            items=diagnostics.pull(document), result_id=result_id
        )
