"""``textDocument/selectionRange``: what a selection grows to, step by step."""

from __future__ import annotations

from lsprotocol import types

from lsp_agent.server.context import Context
from lsp_agent.server.convert import to_range
from lsp_agent.server.documents import OpenDocument
from lsp_agent.workspace.positions import PositionEncoding

METHOD = types.TEXT_DOCUMENT_SELECTION_RANGE


async def answer(
    context: Context, document: OpenDocument, params: types.SelectionRangeParams
) -> list[types.SelectionRange]:
    """Return for each position the innermost range, linked to those around it."""
    session = context.session
    found: list[types.SelectionRange] = await session.in_thread(
        lambda: [_linked(document, at, session.encoding) for at in params.positions]
    )
    return found


def _linked(
    document: OpenDocument, at: types.Position, encoding: PositionEncoding
) -> types.SelectionRange:
    text = document.text
    position = text.decode(at.line, at.character, encoding)
    linked: types.SelectionRange | None = None
    for range_ in reversed(document.syntax.selection(position)):
        linked = types.SelectionRange(to_range(text, range_, encoding), linked)
    return linked or types.SelectionRange(types.Range(at, at))
