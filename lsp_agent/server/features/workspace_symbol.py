"""``workspace/symbol``: definitions in all folders by a part of their name."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from lsprotocol import types

from lsp_agent.index.types import IndexUnavailableError, SymbolRow
from lsp_agent.server.context import Context
from lsp_agent.server.features.document_symbol import symbol_kind
from lsp_agent.workspace.positions import PositionEncoding, encode_character

if TYPE_CHECKING:
    from lsp_agent.index.view import IndexView

METHOD = types.WORKSPACE_SYMBOL
_LIMIT = 128


async def answer(
    context: Context, query: str, languages: Collection[str]
) -> list[types.SymbolInformation]:
    """Return the likeliest definitions of each folder in some languages; in all without any."""
    session = context.session
    app = await session.app()
    views = [
        index.view(session.overlay_of(root))
        for root in session.roots
        if (index := app.folders.index(root)) is not None
    ]
    found: list[types.SymbolInformation] = await session.in_thread(
        lambda: [one for view in views for one in _search(view, query, languages, session.encoding)]
    )
    return found


def _search(
    view: IndexView, query: str, languages: Collection[str], encoding: PositionEncoding
) -> list[types.SymbolInformation]:
    try:
        rows = view.symbols(query, _LIMIT, languages=languages)
    except IndexUnavailableError:
        # It is being built, or built anew.
        return []
    return [_information(view, row, encoding) for row in rows]


def _information(
    view: IndexView, row: SymbolRow, encoding: PositionEncoding
) -> types.SymbolInformation:
    line = view.line(row.path, row.line)
    start, end = (
        types.Position(row.line, encode_character(line, at, encoding))
        for at in (row.character, row.character + len(row.name))
    )
    return types.SymbolInformation(
        name=row.name,
        kind=symbol_kind(row.kind),
        location=types.Location(view.overlay.uri(row.path), types.Range(start, end)),
        container_name=row.parent or None,
    )
