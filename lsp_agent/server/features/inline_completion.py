"""``textDocument/inlineCompletion``: one completion at the cursor."""

from __future__ import annotations

from lsprotocol import types

from lsp_agent.server.completions import Completions
from lsp_agent.server.context import Context


def register(context: Context, completions: Completions) -> None:
    """Answer inline completion."""

    @context.server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())
    async def inline_completion(
        params: types.InlineCompletionParams,
    ) -> types.InlineCompletionList | None:
        kind = params.context.trigger_kind
        text = await completions.at(
            params.text_document.uri,
            params.position,
            invoked=kind == types.InlineCompletionTriggerKind.Invoked,
        )
        if text is None:
            return None
        place = types.Range(params.position, params.position)
        items = [types.InlineCompletionItem(text, range=place)] if text else []
        return types.InlineCompletionList(items)
