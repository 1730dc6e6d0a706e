"""``textDocument/documentSymbol``: the outline of an open document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lsprotocol import types

from lsp_agent.server.context import Context
from lsp_agent.server.convert import to_range
from lsp_agent.server.documents import OpenDocument
from lsp_agent.syntax.symbols import Symbol
from lsp_agent.workspace.positions import PositionEncoding

METHOD = types.TEXT_DOCUMENT_DOCUMENT_SYMBOL
_KINDS: Mapping[str, types.SymbolKind] = {
    "array": types.SymbolKind.Array,
    "class": types.SymbolKind.Class,
    "constant": types.SymbolKind.Constant,
    "constructor": types.SymbolKind.Constructor,
    "enum": types.SymbolKind.Enum,
    "enum_member": types.SymbolKind.EnumMember,
    "event": types.SymbolKind.Event,
    "field": types.SymbolKind.Field,
    "function": types.SymbolKind.Function,
    "implementation": types.SymbolKind.Class,
    "interface": types.SymbolKind.Interface,
    "key": types.SymbolKind.Key,
    "method": types.SymbolKind.Method,
    "module": types.SymbolKind.Module,
    "namespace": types.SymbolKind.Namespace,
    "object": types.SymbolKind.Object,
    "operator": types.SymbolKind.Operator,
    "property": types.SymbolKind.Property,
    "string": types.SymbolKind.String,
    "struct": types.SymbolKind.Struct,
    "trait": types.SymbolKind.Interface,
    "type": types.SymbolKind.Class,
    "variable": types.SymbolKind.Variable,
}


async def answer(
    context: Context, document: OpenDocument, _params: types.DocumentSymbolParams
) -> Sequence[types.DocumentSymbol] | Sequence[types.SymbolInformation]:
    """Return the definitions, one inside the other where the client takes that."""
    session = context.session
    found: (
        Sequence[types.DocumentSymbol] | Sequence[types.SymbolInformation]
    ) = await session.in_thread(
        lambda: (
            _nested(document, session.encoding)
            if session.features.nested_symbols
            else _flat(document, session.encoding)
        )
    )
    return found


def symbol_kind(kind: str) -> types.SymbolKind:
    """Return the protocol's name for a kind of ours."""
    return _KINDS.get(kind, types.SymbolKind.Variable)


def _nested(document: OpenDocument, encoding: PositionEncoding) -> list[types.DocumentSymbol]:
    top: list[types.DocumentSymbol] = []
    open_: list[tuple[Symbol, list[types.DocumentSymbol]]] = []
    for symbol in document.syntax.symbols():
        while open_ and open_[-1][0].range.end <= symbol.range.start:
            open_.pop()
        children: list[types.DocumentSymbol] = []
        around = open_[-1][1] if open_ else top
        around.append(
            types.DocumentSymbol(
                name=symbol.name or "…",
                kind=symbol_kind(symbol.kind),
                detail=symbol.signature or None,
                range=to_range(document.text, symbol.range, encoding),
                selection_range=to_range(document.text, symbol.name_range, encoding),
                children=children,
            )
        )
        open_.append((symbol, children))
    return top


def _flat(document: OpenDocument, encoding: PositionEncoding) -> list[types.SymbolInformation]:
    return [
        types.SymbolInformation(
            name=symbol.name or "…",
            kind=symbol_kind(symbol.kind),
            location=types.Location(document.uri, to_range(document.text, symbol.range, encoding)),
            container_name=symbol.parent,
        )
        for symbol in document.syntax.symbols()
    ]
