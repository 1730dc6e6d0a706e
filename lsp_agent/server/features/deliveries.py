"""From a chosen action to a run, and from a finished run to the editor."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams

from lsp_agent.agent.types import RunResult
from lsp_agent.errors import LspAgentError
from lsp_agent.server.background import Background
from lsp_agent.server.context import Context
from lsp_agent.server.deliver import deliver
from lsp_agent.server.features.requests import NO_FOLDER, ActionData, place_for
from lsp_agent.server.runs import RunHandle
from lsp_agent.workspace.markdown import harmless_markdown

CLAIM_SECONDS = 60.0
_SHOW_SECONDS = 5.0
_MAX_MESSAGE = 2000
_log = logging.getLogger(__name__)


class Deliveries:
    """Starts actions and hands over what they make."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._parked: dict[str, tuple[RunHandle, asyncio.TimerHandle]] = {}
        self._background = Background()

    async def start(self, data: ActionData, token: types.ProgressToken | None = None) -> RunHandle:
        """Start the run of an action; raises an LSP error when it does not apply (any more)."""
        session = self._context.session
        document = session.documents.get(data.uri)
        app = await session.app()
        action = app.actions.get(data.action)
        if action is None or document is None:
            what = f"action {data.action!r}" if action is None else f"open document {data.uri!r}"
            raise JsonRpcInvalidParams(f"there is no {what}")
        try:
            request = action.request(place_for(self._context, data, document), data.argument)
        except LspAgentError as error:
            raise JsonRpcException(str(error), types.LSPErrorCodes.RequestFailed) from error
        overlay, _ = session.overlay(data.uri, scoped=action.reach == "file")
        if action.needs_folder and overlay.root is None:
            raise JsonRpcException(NO_FOLDER, types.LSPErrorCodes.RequestFailed)
        return await self._context.runs.start(request, overlay, token)

    def park(self, handle: RunHandle) -> None:
        """Keep a run whose edit the client will claim by a command; unclaimed ones end."""
        timer = asyncio.get_running_loop().call_later(CLAIM_SECONDS, self._expire, handle.run_id)
        self._parked[handle.run_id] = (handle, timer)

    def claim(self, run_id: str) -> RunHandle | None:
        """Return a parked run, once."""
        entry = self._parked.pop(run_id, None)
        if entry is None:
            return None
        entry[1].cancel()
        return entry[0]

    def finish_later(self, handle: RunHandle) -> None:
        """Hand over a run's result when it is there, without anyone waiting."""
        self._background.start(self._finish(handle))

    async def apply(self, handle: RunHandle, result: RunResult) -> types.WorkspaceEdit:
        """Apply a run's edit in the editor; raises ``LspAgentError`` when it does not arrive."""
        return await deliver(
            self._context.server,
            self._context.session,
            handle.overlay,
            result.changes,
            f"lsp-agent: {handle.title}",
            handle.run_id,
            result.verdicts,
            confirmed=result.confirmed,
        )

    async def show(self, title: str, markdown: str) -> None:
        """Show a text: as a document where the client can, else as a message."""
        context = self._context
        if context.session.features.show_document:
            path = await context.session.in_thread(lambda: self._write(title, markdown))
            params = types.ShowDocumentParams(uri=path.as_uri(), take_focus=False)
            try:
                async with asyncio.timeout(_SHOW_SECONDS):
                    result = await context.server.window_show_document_async(params)
                if result.success:
                    return
            except (TimeoutError, JsonRpcException):
                _log.warning("the editor did not show %s", path)
        context.tell(markdown[:_MAX_MESSAGE], types.MessageType.Info)

    def explain(self, result: RunResult) -> str:
        """Tell the user once why there is no edit; return the same words."""
        words = {
            "no_change": "nothing to change",
            "cancelled": "cancelled",
            "answered": "no edit",
        }.get(result.status, result.status)
        message = f"{words}: {result.summary}" if result.summary else words
        if result.status != "cancelled":
            self._context.tell(f"lsp-agent: {message}")
        return message

    async def _finish(self, handle: RunHandle) -> None:
        result = await self._context.runs.wait(handle)
        if result.status == "answered":
            await self.show(handle.title, harmless_markdown(result.text))
        elif result.status != "edited":
            self.explain(result)
        else:
            try:
                await self.apply(handle, result)
            except LspAgentError as error:
                self._context.tell(f"lsp-agent: {error}")

    def _expire(self, run_id: str) -> None:
        handle = self.claim(run_id)
        if handle is not None:
            _log.info("nobody claimed the edit of run %s", run_id)
            handle.cancel.cancel()

    def _write(self, title: str, markdown: str) -> Path:
        home = self._context.session.home
        path = home.folder(home.documents) / "explanation.md"
        path.write_text(f"# {title}\n\n{markdown}\n", "utf-8")
        return path
