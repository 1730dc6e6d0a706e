"""A text with its tree: immutable from the outside, cheap to edit.

Cost, measured on a 10,000-line Python file: an edit and its reparse about 8 ms, most of it inside
tree-sitter; errors of a sound file microseconds; the symbols around a place well under 1 ms; all
symbols are found once, when first asked for.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from lsp_agent.syntax.folding import Fold, folds
from lsp_agent.syntax.issues import SyntaxIssue, find_issues
from lsp_agent.syntax.offsets import OffsetMap
from lsp_agent.syntax.parser import MAX_CHARACTERS, shared_parsers
from lsp_agent.syntax.selection import selection
from lsp_agent.syntax.symbols import Symbol, SymbolFinder
from lsp_agent.workspace.positions import Position, Range
from lsp_agent.workspace.text import Text

if TYPE_CHECKING:
    from tree_sitter import Node, Tree


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment with its marks."""

    range: Range
    text: str


class SyntaxDocument:
    """A document's text in a language; without one (``None``) everything answers empty.

    Parsing happens when something is first asked of the tree. Thread-safe.
    """

    def __init__(self, text: Text, language: str | None, _old: Tree | None = None) -> None:
        self.text = text
        self.language = language
        self._old = _old
        self._lock = threading.RLock()

    @classmethod
    def parse(cls, content: str | Text, language: str | None) -> SyntaxDocument:
        """Make a document from its text."""
        return cls(content if isinstance(content, Text) else Text(content), language)

    def edited(self, range_: Range, new_text: str) -> SyntaxDocument:
        """Return the document after one change; the tree is reused."""
        start, end = sorted((self.text.offset(range_.start), self.text.offset(range_.end)))
        text = self.text.splice(start, end, new_text)
        tree = self._tree
        if tree is None:
            return SyntaxDocument(text, self.language)
        old = tree.copy()
        first, last = self._offsets.to_bytes(start), self._offsets.to_bytes(end)
        grown = first + len(new_text.encode("utf-8", "replace"))
        start_point = self._point(self._data, first)
        old.edit(
            first,
            last,
            grown,
            start_point,
            self._point(self._data, last),
            _advance(start_point, new_text.encode("utf-8", "replace")),
        )
        return SyntaxDocument(text, self.language, old)

    def replaced(self, content: str) -> SyntaxDocument:
        """Return the document with another text."""
        return SyntaxDocument(Text(content), self.language)

    def errors(self, limit: int = 100) -> list[SyntaxIssue]:
        """Return the syntax errors in source order."""
        tree = self._tree
        if tree is None or self._finder is None:
            return []
        return find_issues(tree.root_node, self._finder, self.text, limit)

    def symbols(self) -> list[Symbol]:
        """Return all definitions in source order, outer ones before inner ones."""
        return self._symbols

    def folds(self) -> list[Fold]:
        """Return the stretches of lines that can be folded away."""
        return folds(self)

    def selection(self, position: Position) -> list[Range]:
        """Return what holds a position, from the word to the whole document."""
        return selection(self, position)

    def enclosing(self, position: Position) -> Symbol | None:
        """Return the innermost definition that holds a position, decorators included."""
        tree = self._tree
        if tree is None or self._finder is None:
            return None
        # On the white space before a definition the user means the definition.
        line = self.text.line(position.line)
        indent = len(line) - len(line.lstrip())
        place = Position(position.line, min(max(position.character, indent), len(line)))
        at = self._offsets.to_bytes(self.text.offset(place))
        around = self._finder.find(tree.root_node, (max(at - 1, 0), at + 1))
        around += self._finder.attached(tree.root_node, at)
        holding = [symbol for symbol in around if symbol.range.start <= place <= symbol.range.end]
        # Of two that begin together the later one stands inside the other.
        return max(reversed(holding), key=lambda symbol: symbol.range.start, default=None)

    def comment_at(self, position: Position) -> Comment | None:
        """Return the comment on a position's line."""
        tree = self._tree
        if tree is None or self._finder is None:
            return None
        line = self.text.line(position.line)
        start = self._offsets.to_bytes(self.text.offset(Position(position.line, 0)))
        end = start + len(line.encode("utf-8", "replace"))
        node = tree.root_node.descendant_for_byte_range(max(end - 1, start), end)
        while node is not None and "comment" not in node.type:
            node = node.parent
        if node is None or node.end_byte < start:
            return None
        range_ = self._finder.range(node, node)
        return Comment(range_, self.text.slice(range_))

    def statement(self, range_: Range) -> Range:
        """Return the whole lines of the smallest multi-token node that holds a range."""
        tree = self._tree
        start_line, end_line = range_.start.line, range_.end.line
        if tree is not None and self._finder is not None:
            first = self._offsets.to_bytes(self.text.offset(range_.start))
            last = self._offsets.to_bytes(self.text.offset(range_.end))
            node = tree.root_node.named_descendant_for_byte_range(first, last)
            while node is not None and node.parent is not None and not _is_statement(node):
                node = node.parent
            if node is not None and node.parent is not None:
                found = self._finder.range(node, node)
                start_line, end_line = found.start.line, found.end.line
        return Range(Position(start_line, 0), Position(end_line, len(self.text.line(end_line))))

    def node_at(self, position: Position) -> Node | None:
        """Return the smallest node at a position, on a line's white space that of its code.

        For this room's own modules: nodes do not leave it.
        """
        tree = self._tree
        if tree is None:
            return None
        line = self.text.line(position.line)
        indent = len(line) - len(line.lstrip())
        place = Position(position.line, min(max(position.character, indent), len(line)))
        at = self._offsets.to_bytes(self.text.offset(place))
        return tree.root_node.descendant_for_byte_range(at, at)

    @property
    def root(self) -> Node | None:
        """The tree's root, for this room's own modules as :meth:`node_at` is."""
        tree = self._tree
        return tree.root_node if tree is not None else None

    def node_text(self, node: Node) -> str:
        """Return the source of a node."""
        return self._data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def node_range(self, node: Node) -> Range:
        """Return the range of a node."""
        to_chars, position = self._offsets.to_chars, self.text.position
        return Range(position(to_chars(node.start_byte)), position(to_chars(node.end_byte)))

    @cached_property
    def _data(self) -> bytes:
        return self.text.content.encode("utf-8", "replace")

    @cached_property
    def _offsets(self) -> OffsetMap:
        return OffsetMap(self.text.content, self._data)

    @property
    def _tree(self) -> Tree | None:
        with self._lock:
            return self._parsed

    @cached_property
    def _parsed(self) -> Tree | None:
        content = self.text.content
        if self.language is None or len(content) > MAX_CHARACTERS or "\0" in content:
            return None
        old, self._old = self._old, None
        return shared_parsers().parse(self.language, self._data, old)

    @cached_property
    def _finder(self) -> SymbolFinder | None:
        if self.language is None:
            return None
        return SymbolFinder(self.language, self.text, self._data, self._offsets)

    @cached_property
    def _symbols(self) -> list[Symbol]:
        tree = self._tree
        if tree is None or self._finder is None:
            return []
        return self._finder.find(tree.root_node)

    @staticmethod
    def _point(data: bytes, offset: int) -> tuple[int, int]:
        return data.count(b"\n", 0, offset), offset - data.rfind(b"\n", 0, offset) - 1


def _advance(point: tuple[int, int], data: bytes) -> tuple[int, int]:
    rows = data.count(b"\n")
    if not rows:
        return point[0], point[1] + len(data)
    return point[0] + rows, len(data) - data.rfind(b"\n") - 1


def _is_statement(node: Node) -> bool:
    return node.type.endswith(("statement", "declaration", "definition", "_item", "comment"))
