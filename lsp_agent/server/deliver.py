"""Bringing a run's edit to the editor: on the newest text, or not at all.

The client's ``applied`` flag is not believed: Neovim answers ``true`` for an edit that it skipped.
What counts is the document's text afterwards. For a file that is not open there is nothing else to
go by than the flag.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from lsp_agent.agent.types import ApprovalQuestion
from lsp_agent.cancel import CancelToken
from lsp_agent.errors import LspAgentError
from lsp_agent.server.approvals import ask_client
from lsp_agent.server.edits import EditOptions, workspace_edit
from lsp_agent.server.session import Session
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.issues import new_errors
from lsp_agent.verify.types import Verdict
from lsp_agent.verify.words import checked, remark
from lsp_agent.workspace.files import read_text
from lsp_agent.workspace.overlay import FileChange, Overlay
from lsp_agent.workspace.rebase import rebase

APPLY_SECONDS = 30.0
TEXT_SECONDS = 2.0
_FITTING_TRIES = 5


class StaleEditError(LspAgentError):
    """The text changed while the run was under way, and the edit no longer fits."""

    code = "stale-edit"


class NotAppliedError(LspAgentError):
    """The editor did not carry the edit out."""

    code = "not-applied"


async def current_changes(
    session: Session, overlay: Overlay, changes: Sequence[FileChange]
) -> list[FileChange]:
    """Return the changes carried over to the texts and versions of this very moment.

    Files are read and merged outside the event loop; if the user typed meanwhile it is done again.
    Raises :class:`StaleEditError` naming the file, when a change no longer fits.
    """
    for _ in range(_FITTING_TRIES):
        fitted: list[FileChange] = await session.in_thread(
            lambda: [_current(session, overlay, change) for change in changes]
        )
        if all(_is_current(session, change) for change in fitted):
            return fitted
    raise StaleEditError("the text keeps changing; ask for the edit again")


def _is_current(session: Session, change: FileChange) -> bool:
    document = session.documents.get(change.uri)
    return (document.version if document is not None else None) == change.version


def edit_for(
    session: Session, changes: Sequence[FileChange], verdicts: Sequence[Verdict] = ()
) -> types.WorkspaceEdit:
    """Return a WorkspaceEdit of current changes in the client's form, with what checked it.

    Where it fails a check, or the settings want every edit approved, it is also marked as needing
    confirmation.
    """
    always = "safety.approve is 'always'" if _approves_always(session) else ""
    confirm = "\n".join(one for one in (remark(verdicts), always) if one)
    options = EditOptions(session.features, session.encoding, confirm or None, checked(verdicts))
    return workspace_edit(changes, options)


async def deliver(
    server: LanguageServer,
    session: Session,
    overlay: Overlay,
    changes: Sequence[FileChange],
    label: str,
    run_id: str | None,
    verdicts: Sequence[Verdict] = (),
    *,
    confirmed: bool = False,
) -> types.WorkspaceEdit:
    """Send a run's edit by ``workspace/applyEdit`` and see that it arrived; return what was sent.

    It is written down before it is sent, and again as it arrived; without a ``run_id`` it is not,
    as a part of a run that is taken back.

    One that fails a check is asked about first, unless that was ``confirmed`` when the run ended.
    Raises :class:`StaleEditError`, :class:`NotAppliedError` or ``UnsupportedEditError``.
    """
    if not session.features.apply_edit:
        raise NotAppliedError("this editor takes no edits from a server; use: lsp-agent run")
    doubt = remark(verdicts)
    if doubt and not confirmed:
        question = ApprovalQuestion("Apply an edit that is not verified?", doubt)
        if await ask_client(server, question, CancelToken()) == "refuse":
            await session.judge.refused(run_id, changes)
            raise NotAppliedError(f"the edit is not applied: {doubt}")
    fitted = await current_changes(session, overlay, changes)
    edit = edit_for(session, fitted, verdicts)
    if run_id is not None:
        await session.keeper.offered(run_id, overlay, fitted)
    params = types.ApplyWorkspaceEditParams(edit=edit, label=label)
    try:
        async with asyncio.timeout(APPLY_SECONDS):
            result = await server.workspace_apply_edit_async(params)
    except TimeoutError:
        raise NotAppliedError("the editor did not answer; look whether the edit is there") from None
    except JsonRpcException as error:
        raise NotAppliedError(f"the editor refused the edit: {error.message}") from error
    for change in fitted:
        if not await _arrived(session, change, applied=result.applied):
            detail = f": {result.failure_reason}" if result.failure_reason else ""
            raise NotAppliedError(f"the editor did not apply the edit of {change.path}{detail}")
    if run_id is not None:
        await session.keeper.applied(run_id, overlay, fitted)
    return edit


def _approves_always(session: Session) -> bool:
    settings = session.settings
    return settings is not None and settings.safety.approve == "always"


async def _arrived(session: Session, change: FileChange, *, applied: bool) -> bool:
    if change.kind != "modify" or session.documents.get(change.uri) is None:
        return applied
    return await session.documents.wait_for_text(change.uri, change.after or "", TEXT_SECONDS)


def _current(session: Session, overlay: Overlay, change: FileChange) -> FileChange:
    now, version = _text_now(session, overlay, change)
    if change.kind == "create":
        if now is not None:
            raise StaleEditError(f"{change.path} was created meanwhile; the edit is not applied")
        return replace(change, version=None)
    if now is None:
        raise StaleEditError(f"{change.path} is gone; the edit is not applied")
    if now == change.before:
        return replace(change, version=version)
    if change.kind != "modify" or change.before is None or change.after is None:
        raise StaleEditError(f"{change.path} changed meanwhile; the edit is not applied")
    try:
        after = rebase(change.before, change.after, now)
    except LspAgentError as error:
        raise StaleEditError(f"{change.path}: {error}") from error
    current = SyntaxDocument.read(change.path, now)
    broken = new_errors(current, current.replaced(after))
    if broken:
        raise StaleEditError(
            f"{change.path} changed meanwhile, and with the edit it would not parse "
            f"({broken[0].message}); ask for it again"
        )
    return replace(change, before=now, after=after, version=version)


def _text_now(
    session: Session, overlay: Overlay, change: FileChange
) -> tuple[str | None, int | None]:
    document = session.documents.get(change.uri)
    if document is not None:
        return document.text.content, document.version
    if overlay.root is None:
        return None, None
    try:
        return read_text(overlay.root.resolve(change.path)).content, None
    except LspAgentError:
        return None, None
