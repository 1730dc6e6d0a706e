"""Listing code actions without inference, and resolving one into an edit."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from lsp_agent.actions.menu import Row, shortlist, spot_of
from lsp_agent.actions.spec import Place
from lsp_agent.errors import LspAgentError
from lsp_agent.server.convert import from_diagnostics, from_range
from lsp_agent.server.deliver import current_changes, edit_for
from lsp_agent.server.documents import OpenDocument
from lsp_agent.server.features.deliveries import Deliveries
from lsp_agent.server.features.hunks import KIND as HUNK_KIND
from lsp_agent.server.features.hunks import HunkFeatures
from lsp_agent.server.features.requests import NO_FOLDER, ActionData, check_version
from lsp_agent.server.reviews import DISMISS_KIND, dismissals
from lsp_agent.syntax.document import SyntaxDocument

if TYPE_CHECKING:
    from lsp_agent.actions.spec import Action, Offer
    from lsp_agent.app import App
    from lsp_agent.server.context import Context
    from lsp_agent.server.protocol import AgentProtocol

RESOLVE_SECONDS = 2.0
COMMAND = "lspAgent.action"
_MAX_DIAGNOSTICS = 20
# What the actions look at: a definition, a parameter without a hint, a comment with a task.
_SMALL = "def f(a): return a  # TODO: more\n"


def register(context: Context, deliveries: Deliveries, hunks: HunkFeatures) -> None:
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
        found: list[types.CodeAction | types.Command] = []
        if _wanted(HUNK_KIND, params.context.only):
            found += await hunks.actions(document, params.range)
        found += _offered(context, await session.app(), document, params)
        if _wanted(DISMISS_KIND, params.context.only):
            shown = params.context.diagnostics[:_MAX_DIAGNOSTICS]
            found += dismissals(context.reviews, document, shown)
        return found

    @server.feature(types.CODE_ACTION_RESOLVE)
    async def resolve(action: types.CodeAction) -> types.CodeAction:
        # Neovim and Helix resolve actions that have nothing to resolve.
        if not isinstance(action.data, Mapping) or action.command is not None or action.edit:
            return action
        data = ActionData.read(action.data)
        return await _resolved(context, deliveries, action, data)


def warm_up(context: Context, app: App) -> None:
    """Answer one request about a small file, outside the event loop; the answer goes nowhere.

    What the event loop would else do when the first one comes, for 70 ms, is done then: modules are
    imported, queries compiled, cattrs' hooks generated, for the commands of actions too.
    """
    document = OpenDocument("untitled:warm-up.py", 0, SyntaxDocument.parse(_SMALL, "python"))
    place = {"start": {"line": 0, "character": 5}, "end": {"line": 0, "character": 5}}
    found = {"range": place, "message": "", "severity": 1, "source": "", "code": ""}
    params = {
        "textDocument": {"uri": document.uri},
        "range": place,
        "context": {"diagnostics": [found], "triggerKind": 1},
    }
    protocol = cast("AgentProtocol", context.server.protocol)
    # Twice: meeting its first list or mapping, cattrs forgets the hooks that it has made.
    for _ in range(2):
        asked = protocol.decoded(types.TEXT_DOCUMENT_CODE_ACTION, params)
        answer = protocol.encoded(_offered(context, app, document, asked))
        for row in answer["result"]:
            ActionData.read(protocol.decoded(types.CODE_ACTION_RESOLVE, row).data)
        protocol.decoded(types.WORKSPACE_EXECUTE_COMMAND, {"command": "", "arguments": [{}]})


def _offered(
    context: Context, app: App, document: OpenDocument, params: types.CodeActionParams
) -> list[types.CodeAction]:
    shown = params.context.diagnostics[:_MAX_DIAGNOSTICS]
    where = context.session.locate(document.uri)
    place = _place(context, document, where.path, params.range, shown)
    found: list[Row] = []
    for action in app.actions.values():
        if not _wanted(action.kind, params.context.only):
            continue
        unable = app.unable(action.name, place.path)
        alone = NO_FOLDER if action.needs_folder and where.root is None else ""
        for offer in action.offers(place):
            beyond = unable if offer.needs_model else ""
            listed = replace(offer, disabled=offer.disabled or alone or beyond or None)
            if listed.disabled and not context.session.features.disabled_actions:
                continue
            found.append((action, listed))
    if not params.context.only:
        found = shortlist(found, spot_of(place))
    found.sort(key=lambda row: row[0].kind)
    return [
        _listed(context, action, offer, document, params.range, shown) for action, offer in found
    ]


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
    path: str,
    range_: types.Range,
    diagnostics: Sequence[types.Diagnostic],
) -> Place:
    session = context.session
    notes = from_diagnostics(document.text, diagnostics, session.encoding)
    return Place(
        path,
        document.syntax,
        from_range(document.text, range_, session.encoding),
        context.reviews.completed(document, diagnostics, notes),
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
        argument="0" if about and offer.argument.isdecimal() else offer.argument,
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
        tags=[types.CodeActionTag.LlmGenerated] if features.llm_tag and offer.needs_model else None,
        data=data.write(context.server.protocol),
    )
    if features.resolves_edit if action.answer == "edit" else features.resolves_command:
        return row
    row.command = types.Command(offer.title, COMMAND, arguments=[row.data])
    return row


def _about(
    action: Action, offer: Offer, diagnostics: Sequence[types.Diagnostic]
) -> list[types.Diagnostic]:
    if not action.kind.startswith("quickfix"):
        return []
    if offer.argument.startswith("code:"):
        return [one for one in diagnostics if f"code:{one.code}" == offer.argument]
    if not offer.argument.isdecimal():
        return []
    return [*diagnostics][int(offer.argument) :][:1]
