"""Listing code actions without inference, and resolving one into an edit."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from lsp_agent.actions.menu import Row, shortlist, spot_of
from lsp_agent.actions.spec import Place
from lsp_agent.errors import LspAgentError
from lsp_agent.server.convert import from_diagnostics, from_range
from lsp_agent.server.deliver import current_changes, edit_for
from lsp_agent.server.features.deliveries import Deliveries
from lsp_agent.server.features.requests import ActionData, check_version

if TYPE_CHECKING:
    from lsp_agent.actions.spec import Action, Offer
    from lsp_agent.server.context import Context
    from lsp_agent.server.documents import OpenDocument

RESOLVE_SECONDS = 2.0
COMMAND = "lspAgent.action"
_MAX_DIAGNOSTICS = 20


def register(context: Context, deliveries: Deliveries) -> None:
    """Answer ``textDocument/codeAction`` and ``codeAction/resolve``."""
    server, session = context.server, context.session
    options = types.CodeActionOptions(
        code_action_kinds=[
            types.CodeActionKind.QuickFix,
            types.CodeActionKind.RefactorExtract,
            types.CodeActionKind.RefactorInline,
            types.CodeActionKind.RefactorRewrite,
            types.CodeActionKind.Source,
        ],
        resolve_provider=True,
        work_done_progress=True,
    )

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, options)
    async def code_action(
        params: types.CodeActionParams,
    ) -> list[types.CodeAction | types.Command] | None:
        document = session.documents.get(params.text_document.uri)
        if document is None:
            return None
        app = await session.app()
        shown = params.context.diagnostics[:_MAX_DIAGNOSTICS]
        place = _place(context, document, params.range, shown)
        found: list[Row] = []
        for action in app.actions.values():
            if not _wanted(action.kind, params.context.only):
                continue
            unable = app.unable(action.name, place.path)
            for offer in action.offers(place):
                beyond = unable if offer.needs_model else ""
                listed = replace(offer, disabled=offer.disabled or beyond or None)
                if listed.disabled and not session.features.disabled_actions:
                    continue
                found.append((action, listed))
        if not params.context.only:
            found = shortlist(found, spot_of(place))
        found.sort(key=lambda row: row[0].kind)
        return [
            _listed(context, action, offer, document, params.range, shown)
            for action, offer in found
        ]

    @server.feature(types.CODE_ACTION_RESOLVE)
    async def resolve(action: types.CodeAction) -> types.CodeAction:
        # Neovim and Helix resolve actions that have nothing to resolve.
        if not isinstance(action.data, Mapping) or action.command is not None or action.edit:
            return action
        data = ActionData.read(action.data)
        return await _resolved(context, deliveries, action, data)


async def _resolved(
    context: Context, deliveries: Deliveries, action: types.CodeAction, data: ActionData
) -> types.CodeAction:
    """Run the action; what takes longer than a moment comes by a command instead.

    Helix gives a request 20 seconds, and some editors wait in front of the user.
    """
    check_version(data.version, context.session.documents.get(data.uri))
    app = await context.session.app()
    known = app.actions.get(data.action)
    if known is not None and known.answer == "text":
        # Nothing to edit: the text is shown once the user really chose the action.
        action.command = types.Command(action.title, COMMAND, arguments=[action.data])
        return action
    handle = await deliveries.start(data)
    try:
        done, _ = await asyncio.wait({handle.result}, timeout=RESOLVE_SECONDS)
    except asyncio.CancelledError:
        handle.cancel.cancel()
        raise
    # What fails a check is asked about, once the user really chose it.
    if not done or handle.result.result().remark:
        deliveries.park(handle)
        action.command = types.Command(action.title, COMMAND, arguments=[{"runId": handle.run_id}])
        return action
    result = handle.result.result()
    if result.status != "edited":
        raise JsonRpcException(
            deliveries.explain(result),
            types.LSPErrorCodes.RequestCancelled
            if result.status == "cancelled"
            else types.LSPErrorCodes.RequestFailed,
        )
    try:
        changes = await current_changes(context.session, handle.overlay, result.changes)
        action.edit = edit_for(context.session, changes, result.verdicts)
        await context.session.keeper.offered(handle.run_id, handle.overlay, changes)
        context.session.keeper.watch(handle.run_id, handle.overlay, changes)
    except LspAgentError as error:
        context.tell(f"lsp-agent: {error}")
        raise JsonRpcException(str(error), types.LSPErrorCodes.ContentModified) from error
    return action


def _place(
    context: Context,
    document: OpenDocument,
    range_: types.Range,
    diagnostics: Sequence[types.Diagnostic],
) -> Place:
    session = context.session
    return Place(
        session.locate(document.uri).path,
        document.syntax,
        from_range(document.text, range_, session.encoding),
        from_diagnostics(document.text, diagnostics, session.encoding),
    )


def _wanted(kind: str, only: Sequence[types.CodeActionKind | str] | None) -> bool:
    if not only:
        return True
    prefixes = [str(getattr(one, "value", one)) for one in only]
    return any(kind == prefix or kind.startswith(f"{prefix}.") or not prefix for prefix in prefixes)


def _listed(
    context: Context,
    action: Action,
    offer: Offer,
    document: OpenDocument,
    range_: types.Range,
    diagnostics: Sequence[types.Diagnostic],
) -> types.CodeAction:
    features = context.session.features
    # A quick fix is about one diagnostic; with it alone its index is 0.
    about = _about(action, offer, diagnostics)
    data = ActionData(
        action=action.name,
        argument="0" if about else offer.argument,
        uri=document.uri,
        version=document.version,
        range=range_,
        diagnostics=tuple(about),
    )
    row = types.CodeAction(
        title=offer.title,
        kind=action.kind,
        diagnostics=about or None,
        is_preferred=offer.preferred or None,
        disabled=types.CodeActionDisabled(offer.disabled) if offer.disabled else None,
        tags=[types.CodeActionTag.LlmGenerated] if features.llm_tag else None,
        data=data.write(context.server.protocol),
    )
    if features.resolves_edit if action.answer == "edit" else features.resolves_command:
        return row
    row.command = types.Command(offer.title, COMMAND, arguments=[row.data])
    return row


def _about(
    action: Action, offer: Offer, diagnostics: Sequence[types.Diagnostic]
) -> list[types.Diagnostic]:
    if not action.kind.startswith("quickfix") or not offer.argument.isdecimal():
        return []
    return [*diagnostics][int(offer.argument) :][:1]
