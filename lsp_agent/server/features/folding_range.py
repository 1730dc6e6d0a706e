"""``textDocument/foldingRange``: what of an open document can be folded away, by lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from lsp_agent.server.context import Context
from lsp_agent.server.documents import OpenDocument

if TYPE_CHECKING:
    from lsp_agent.syntax.folding import Fold

METHOD = types.TEXT_DOCUMENT_FOLDING_RANGE
_KINDS = {kind.value: kind for kind in types.FoldingRangeKind}


async def answer(
    context: Context, document: OpenDocument, _params: types.FoldingRangeParams
) -> list[types.FoldingRange]:
    """Return the folds in source order."""
    folds: list[Fold] = await context.session.in_thread(document.syntax.folds)
    return [
        types.FoldingRange(fold.start_line, fold.end_line, kind=_KINDS.get(fold.kind))
        for fold in folds
    ]
