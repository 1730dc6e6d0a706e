"""A document's tree for other rooms: plain nodes that know their parents and fields.

Offsets are bytes of the text's UTF-8; ``SyntaxDocument.position_at`` translates them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

    from lsp_agent.syntax.document import SyntaxDocument

_BRACKETED = 3


class SyntaxNode:
    """A node; two of one document are equal where they are of one type and extent."""

    def __init__(
        self, data: bytes, node: Node, parent: SyntaxNode | None = None, field: str | None = None
    ) -> None:
        self._data = data
        self._node = node
        self.parent = parent
        self.field = field
        self.type: str = node.type
        self.named: bool = node.is_named
        self.start: int = node.start_byte
        self.end: int = node.end_byte

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SyntaxNode) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __repr__(self) -> str:
        return f"SyntaxNode({self.type}, {self.text[:40]!r})"

    @property
    def _key(self) -> tuple[str, int, int]:
        return self.type, self.start, self.end

    @property
    def text(self) -> str:
        """The node's source."""
        return self._data[self.start : self.end].decode("utf-8", "replace")

    @property
    def broken(self) -> bool:
        """Whether there is a syntax error in it."""
        return self._node.has_error

    @cached_property
    def children(self) -> list[SyntaxNode]:
        """All children, marks and comments among them."""
        cursor = self._node.walk()
        found = []
        more = cursor.goto_first_child()
        while more:
            if cursor.node is not None:
                found.append(SyntaxNode(self._data, cursor.node, self, cursor.field_name))
            more = cursor.goto_next_sibling()
        return found

    @property
    def leaf(self) -> bool:
        """Whether nothing is below it; costs less than to look at its children."""
        return not self._node.child_count

    def children_within(self, start: int, end: int) -> list[SyntaxNode]:
        """Return the children that touch the bytes from ``start`` to ``end``.

        Cost: what stands behind them is not looked at.
        """
        cursor = self._node.walk()
        found: list[SyntaxNode] = []
        more = cursor.goto_first_child_for_byte(start) is not None
        while more and cursor.node is not None and cursor.node.start_byte <= end:
            found.append(SyntaxNode(self._data, cursor.node, self, cursor.field_name))
            more = cursor.goto_next_sibling()
        return found

    @property
    def parts(self) -> list[SyntaxNode]:
        """The named children but comments."""
        return [one for one in self.children if one.named and one.type != "comment"]

    @property
    def bare(self) -> SyntaxNode:
        """What is left of it without parentheses that hold nothing else, not even a comment."""
        node = self
        while node.type == "parenthesized_expression" and len(node.children) == _BRACKETED:
            node = node.parts[0]
        return node

    @property
    def top(self) -> SyntaxNode:
        """The child of the root that it is or stands in; the root itself of the root."""
        node = self
        while node.parent is not None and node.parent.parent is not None:
            node = node.parent
        return node

    def child(self, field: str) -> SyntaxNode | None:
        """Return the first child that has a field."""
        return next((one for one in self.children if one.field == field), None)

    def all(self, field: str) -> list[SyntaxNode]:
        """Return the children that have a field."""
        return [one for one in self.children if one.field == field]

    def around(self) -> Iterator[SyntaxNode]:
        """Yield what the node stands in, innermost first."""
        node = self.parent
        while node is not None:
            yield node
            node = node.parent

    def above(self, *types: str) -> SyntaxNode | None:
        """Return the innermost node of one of some types that it stands in."""
        return next((one for one in self.around() if one.type in types), None)

    def walk(self, *, skip: frozenset[str] = frozenset()) -> Iterator[SyntaxNode]:
        """Yield the node and all below it in source order, without what is below ``skip``."""
        pending = [self]
        while pending:
            node = pending.pop()
            yield node
            if node is self or node.type not in skip:
                pending += reversed(node.children)

    def holds(self, other: SyntaxNode) -> bool:
        """Whether another node's extent is within this one's."""
        return self.start <= other.start and other.end <= self.end

    def sibling(self, step: int) -> SyntaxNode | None:
        """Return the part of its parent that comes so many behind it (or before it)."""
        parts = self.parent.parts if self.parent is not None else []
        at = next((index for index, one in enumerate(parts) if one == self), None)
        if at is None or not 0 <= at + step < len(parts):
            return None
        return parts[at + step]


def tree(document: SyntaxDocument) -> SyntaxNode | None:
    """Return a document's root; ``None`` without a parser."""
    root = document.root
    return SyntaxNode(document.data, root) if root is not None else None


def covering(document: SyntaxDocument, start: int, end: int) -> SyntaxNode | None:
    """Return the smallest node that holds the bytes from ``start`` to ``end``.

    Of an empty stretch behind a word it is the word. Cost: one descent from the root.
    """
    found = _descend(document, start, end)
    if start == end > 0 and found is not None and not (found.leaf and found.named):
        before = _descend(document, start - 1, end)
        if before is not None and before.named and before.leaf:
            return before
    return found


def _descend(document: SyntaxDocument, start: int, end: int) -> SyntaxNode | None:
    node = tree(document)
    if node is None or document.root is None:
        return None
    cursor = document.root.walk()
    while cursor.goto_first_child_for_byte(start) is not None and cursor.node is not None:
        if cursor.node.start_byte > start or cursor.node.end_byte < end:
            break
        node = SyntaxNode(document.data, cursor.node, node, cursor.field_name)
    return node
