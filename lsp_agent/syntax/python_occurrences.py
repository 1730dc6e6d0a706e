"""Where a name stands in one Python file, and as what.

A name's occurrences are found in the bytes, and each is classified by one descent of the tree:
some 30 µs an occurrence, whatever else the file holds. Not thread-safe.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.python_chain import (
    Chain,
    Walker,
    binder,
    descend,
    is_annotation,
    naming_list,
    parameter_list,
    role,
    target,
)
from lsp_agent.syntax.python_model import Occurrence, Role, Scope, ScopeKind

if TYPE_CHECKING:
    from tree_sitter import Node

_NO_WORD = frozenset(range(0x80)) - frozenset(
    b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
)


class OccurrenceFinder:
    """The occurrences of one file; ``chains`` has the way to each that was found, by its offset."""

    def __init__(self, document: SyntaxDocument) -> None:
        self._document = document
        self._data = document.data
        self._root = document.root
        self._hints: dict[int, Node | None] = {}
        self.walker = Walker(self.text, len(self._data))
        self.chains: dict[int, Chain] = {}

    def text(self, node: Node) -> str:
        """Return what a node spans."""
        return self._data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def word(self, offset: int) -> tuple[int, str] | None:
        """Return the word around a byte with its offset; ``None`` where there is none."""
        data = self._data
        start = end = max(offset, 0)
        while start > 0 and data[start - 1] not in _NO_WORD:
            start -= 1
        while end < len(data) and data[end] not in _NO_WORD:
            end += 1
        if start == end or not start <= offset < end:
            return None
        return start, data[start:end].decode("utf-8", "replace")

    def find(self, name: str) -> Iterator[Occurrence]:
        """Yield every place where a name stands as a name, in source order."""
        if self._root is None or not name.isidentifier():
            return
        data, word = self._data, name.encode("utf-8", "replace")
        at = data.find(word)
        while at >= 0:
            end = at + len(word)
            alone = at == 0 or data[at - 1] in _NO_WORD
            if alone and (end == len(data) or data[end] in _NO_WORD):
                found = self._classify(name, at)
                if found is not None:
                    yield found
            at = data.find(word, end)

    def _classify(self, name: str, start: int) -> Occurrence | None:
        chain = self.descend(start)
        leaf = chain[-1].node
        if leaf.type == "string_content" and self._whole(leaf, name):
            listed = naming_list(chain, self.walker)
            if listed is None:
                return None
            self.chains[start] = chain
            scope = self.walker.scope(chain, len(chain) - 1)
            return Occurrence(name, start, Role.LISTED, scope)
        if leaf.type != "identifier" or leaf.start_byte != start or len(chain) < 2:
            return None
        self.chains[start] = chain
        last = len(chain) - 1
        if binder(chain) is not None:
            return Occurrence(name, start, Role.BINDING, self._binding_scope(chain), stores=True)
        what = role(chain)
        stored = target(chain, last - 1) if what is Role.ATTRIBUTE else None
        stores = stored is not None and chain[stored].node.type != "delete_statement"
        return Occurrence(name, start, what, self.walker.scope(chain, last), stores)

    def descend(self, start: int) -> Chain:
        """Return the way to a byte, into the types in strings."""
        if self._root is None:
            return []
        chain = descend(self._root, start)
        leaf = chain[-1].node
        if leaf.type == "string_content" and is_annotation(chain, self.walker):
            string = chain[-2].node
            inner = self.parsed_hint(string)
            if inner is not None:
                # The module that a parser puts around a hint must not pass for the file's.
                chain = chain[:-1] + [
                    link for link in descend(inner, start) if link.node.type != "module"
                ]
        return chain

    def parsed_hint(self, string: Node) -> Node | None:
        """Return the tree of a type in a string; its offsets are those of the file."""
        if string.start_byte not in self._hints:
            content = [c for c in string.named_children if c.type == "string_content"]
            parsed = self._document.parsed_within(content[0]) if len(content) == 1 else None
            self._hints[string.start_byte] = parsed
        return self._hints[string.start_byte]

    def _whole(self, content: Node, name: str) -> bool:
        return content.end_byte - content.start_byte == len(name.encode("utf-8", "replace"))

    def _binding_scope(self, chain: Chain) -> Scope:
        """Return where the identifier at a chain's end is bound, by where it stands."""
        index = binder(chain)
        last = len(chain) - 1
        scope = self.walker.scope(chain, last)
        listed = parameter_list(chain)
        if listed is not None:
            return self.walker.body(chain[listed - 1].node, self.walker.scope(chain, listed - 1))
        above = chain[index].node if index is not None else None
        if above is not None and above.type == "named_expression":
            while scope.kind is ScopeKind.COMPREHENSION and scope.parent is not None:
                scope = scope.parent
        if above is not None and above.type == "type_alias_statement" and scope.parent is not None:
            return scope.parent if scope.kind is ScopeKind.TYPES else scope
        return scope
