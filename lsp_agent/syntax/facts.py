"""What a file says of itself, for the index: definitions, uses, imports and tests in one go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from lsp_agent.syntax.imports import Import
from lsp_agent.syntax.offsets import OffsetMap
from lsp_agent.syntax.parser import MAX_CHARACTERS, PARSE_SECONDS, query, shared_parsers
from lsp_agent.syntax.symbols import Symbol, SymbolFinder
from lsp_agent.workspace.text import Text

if TYPE_CHECKING:
    from tree_sitter import Node


class Reference(NamedTuple):
    """A use of a name: 0-based line and code point; ``call`` where it is called."""

    name: str
    line: int
    character: int
    call: bool


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file's facts, each kind in source order."""

    symbols: tuple[Symbol, ...] = ()
    references: tuple[Reference, ...] = ()
    imports: tuple[Import, ...] = ()
    tests: tuple[str, ...] = ()


def file_facts(content: str, language: str | None, *, limit: float = PARSE_SECONDS) -> FileFacts:
    """Return the facts of a text; none without a parser, or where it takes ``limit`` seconds."""
    if language is None or len(content) > MAX_CHARACTERS or "\0" in content:
        return FileFacts()
    data = content.encode("utf-8", "replace")
    tree = shared_parsers().parse(language, data, limit=limit)
    if tree is None:
        return FileFacts()
    text = Text(content)
    offsets = OffsetMap(content, data)
    symbols = SymbolFinder(language, text, data, offsets).find(tree.root_node)
    names = {offsets.to_bytes(text.offset(symbol.name_range.start)) for symbol in symbols}
    return FileFacts(
        tuple(symbols),
        tuple(_references(tree.root_node, language, text, data, offsets, names)),
    )


def _references(
    root: Node, language: str, text: Text, data: bytes, offsets: OffsetMap, names: set[int]
) -> list[Reference]:
    from tree_sitter import QueryCursor

    wanted = query(language, "references")
    if wanted is None:
        return []
    captures = QueryCursor(wanted).captures(root)
    calls = {node.start_byte for node in captures.get("reference.call", ())}
    found = []
    for start, end in sorted({node.byte_range for nodes in captures.values() for node in nodes}):
        if start not in names:
            place = text.position(offsets.to_chars(start))
            name = data[start:end].decode("utf-8", "replace")
            found.append(Reference(name, place.line, place.character, start in calls))
    return found
