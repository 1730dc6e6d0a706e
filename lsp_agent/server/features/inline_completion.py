"""``textDocument/inlineCompletion``: one completion at the cursor, the newest request only."""

from __future__ import annotations

import asyncio
import logging

from lsprotocol import types

from lsp_agent.agent.completion import Completion, complete
from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.errors import LspAgentError
from lsp_agent.server.context import Context
from lsp_agent.server.convert import from_range

_log = logging.getLogger(__name__)


def register(context: Context) -> None:
    """Answer inline completion; a newer request for a document ends the older one."""
    server, session = context.server, context.session
    running: dict[str, CancelToken] = {}
    told: set[str] = set()

    @server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())
    async def inline_completion(
        params: types.InlineCompletionParams,
    ) -> types.InlineCompletionList | None:
        uri = params.text_document.uri
        document = session.documents.get(uri)
        if document is None:
            return None
        if older := running.pop(uri, None):
            older.cancel()
        cancel = running[uri] = CancelToken()
        app = await session.app()
        overlay, path = session.overlay(uri)
        place = types.Range(params.position, params.position)
        position = from_range(document.text, place, session.encoding).start

        def work() -> Completion:
            with app.engines.lease("completion") as engine:
                return complete(engine, overlay, path or "", position, cancel)

        try:
            done = await session.in_thread(work)
        except asyncio.CancelledError:
            cancel.cancel()
            raise
        except Cancelled:
            return types.InlineCompletionList([])
        except LspAgentError as error:
            # Asked at every keystroke: said once.
            if str(error) not in told:
                told.add(str(error))
                context.tell(f"lsp-agent: no completion: {error}")
            return types.InlineCompletionList([])
        finally:
            if running.get(uri) is cancel:
                del running[uri]
        items = [types.InlineCompletionItem(done.text, range=place)] if done.text else []
        return types.InlineCompletionList(items)
