"""A text with its tree: immutable from the outside, cheap to edit.

Cost, measured on a 10,000-line Python file: the first edit 20 ms for its tree, each one after that
about 1 ms; errors and the symbols around a place well under 1 ms; all symbols are found once, when
first asked for.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from lsp_agent.syntax.embedded import CHECKED_HOSTS, Part, embedded, placed
from lsp_agent.syntax.folding import Fold, folds
from lsp_agent.syntax.imports import Import, imports
from lsp_agent.syntax.issues import SyntaxIssue, find_issues
from lsp_agent.syntax.languages import is_checked, language_of
from lsp_agent.syntax.macros import macro_count
from lsp_agent.syntax.nodes import ascent
from lsp_agent.syntax.offsets import OffsetMap, advanced, point_at
from lsp_agent.syntax.parser import MAX_CHARACTERS, Stretch, shared_parsers
from lsp_agent.syntax.pieces import MIN_DOCUMENT_LINES, Pieces, cut
from lsp_agent.syntax.recovery import carried, restarted
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

    def __init__(
        self,
        text: Text,
        language: str | None,
        _old: Tree | None = None,
        _sound: SyntaxDocument | None = None,
        _slow: int = 0,
        _pieces: Pieces | None = None,
    ) -> None:
        self.text = text
        self.language = language
        self._old = _old
        # The last text before this one that had no errors, or the first of all.
        self._sound = _sound
        # The size of the text before this one that took the parser too long.
        self._slow = _slow
        # What answers for a large text once it was edited.
        self._pieces = _pieces
        self._enclosed: tuple[Position, Symbol | None] | None = None
        self._lock = threading.RLock()

    @classmethod
    def parse(cls, content: str | Text, language: str | None) -> SyntaxDocument:
        """Make a document from its text."""
        return cls(content if isinstance(content, Text) else Text(content), language)

    @classmethod
    def read(cls, path: str, content: str | Text) -> SyntaxDocument:
        """Make a file's document, in the language that its name and its text tell."""
        text = content if isinstance(content, Text) else Text(content)
        return cls(text, language_of(path, text=text.content))

    def edited(self, range_: Range, new_text: str) -> SyntaxDocument:
        """Return the document after one change; what was parsed is reused.

        A large document is answered for in pieces from then on, see ``pieces``; its one tree is
        made when something needs it.
        """
        start, end = sorted((self.text.offset(range_.start), self.text.offset(range_.end)))
        text = self.text.splice(start, end, new_text)
        pieces = self._cut()
        tree = self._known_tree() if pieces else self._tree
        if tree is None:
            return SyntaxDocument(text, self.language, _slow=self._slow)
        if not pieces and self._macros != macro_count(self.language, text.content):
            # What was parsed is no longer what stands there.
            return SyntaxDocument(text, self.language)
        old = tree.copy()
        first, last = self._offsets.to_bytes(start), self._offsets.to_bytes(end)
        grown = first + len(new_text.encode("utf-8", "replace"))
        start_point = point_at(self.data, first)
        old.edit(
            first,
            last,
            grown,
            start_point,
            point_at(self.data, last),
            advanced(start_point, new_text.encode("utf-8", "replace")),
        )
        if pieces:
            changed = pieces.edited(start, end, new_text)
            return SyntaxDocument(text, self.language, old, _pieces=changed)
        if not tree.root_node.has_error:
            self._sound = None
        sound = self._sound or self
        return SyntaxDocument(text, self.language, old, sound)

    @cached_property
    def _macros(self) -> int:
        return macro_count(self.language, self.text.content)

    def settled(self) -> SyntaxDocument:
        """Return the document as its whole text reads, where that has fewer errors than its pieces.

        Cost: that of one tree for all of it, up to a quarter of a second for 10,000 lines that are
        broken near the top; nothing where no piece has an error.
        """
        errors = self.errors() if self._pieces else []
        if not errors:
            return self
        whole = SyntaxDocument(self.text, self.language, self._known_tree())
        return whole if len(whole.errors()) < len(errors) else self

    def replaced(self, content: str) -> SyntaxDocument:
        """Return the document with another text."""
        return SyntaxDocument(Text(content), self.language, _slow=self._slow)

    def errors(self, limit: int = 100) -> list[SyntaxIssue]:
        """Return the syntax errors in source order; none where the grammar can't tell."""
        if self._pieces is not None:
            return self._pieces.errors(limit)
        tree = self._tree
        if tree is None or self._finder is None or not is_checked(self.language):
            return []
        issues = find_issues(tree.root_node, self._finder, self.text, limit)
        for part in self._parts if self.language in CHECKED_HOSTS else ():
            if part.checked:
                finder = self._finder_of(part.language)
                issues += find_issues(part.tree.root_node, finder, self.text, limit)
        issues.sort(key=lambda issue: issue.range.start)
        return issues[:limit]

    def symbols(self) -> list[Symbol]:
        """Return all definitions in source order, outer ones before inner ones.

        Those in embedded languages stand at their place, below what holds them.
        """
        return self._symbols

    def near(self, position: Position) -> tuple[int, SyntaxDocument]:
        """Return what is parsed together around a position, and its first line here."""
        return self._pieces.at(position.line) if self._pieces is not None else (0, self)

    @cached_property
    def imports(self) -> list[Import]:
        """What the file takes from others."""
        return self._pieces.imports() if self._pieces is not None else imports(self)

    def folds(self) -> list[Fold]:
        """Return the stretches of lines that can be folded away."""
        return folds(self)

    def selection(self, position: Position) -> list[Range]:
        """Return what holds a position, from the word to the whole document."""
        return selection(self, position)

    def language_at(self, position: Position) -> str | None:
        """Return the language at a position: that of the script or fence there, else the file's."""
        if self._pieces is not None or self._tree is None:
            return self.language
        at = self.byte_at(position)
        inner = (part.language for part in self._parts if part.start <= at < part.end)
        return next(inner, self.language)

    def enclosing(self, position: Position) -> Symbol | None:
        """Return the innermost definition that holds a position, decorators included.

        Fields, constants and the like are passed over for what they stand in. The last answer is
        kept: every code action asks for the same place.
        """
        known = self._enclosed
        if known is None or known[0] != position:
            known = self._enclosed = (position, self._find_enclosing(position))
        return known[1]

    def _find_enclosing(self, position: Position) -> Symbol | None:
        if self._pieces is not None:
            return self._pieces.enclosing(position)
        tree = self._tree
        if tree is None or self._finder is None:
            return None
        # On the white space before a definition the user means the definition.
        line = self.text.line(position.line)
        indent = len(line) - len(line.lstrip())
        place = Position(position.line, min(max(position.character, indent), len(line)))
        at = self.byte_at(place)
        if self._finder.reaches or self.language == "html":
            around = self._symbols
        else:
            around = self._finder.find(tree.root_node, (max(at - 1, 0), at + 1))
            around += self._finder.attached(tree.root_node, at)
        holding = [
            symbol
            for symbol in around
            if symbol.range.start <= place <= symbol.range.end and not symbol.is_value
        ]
        # Of two that begin together the later one stands inside the other.
        return max(reversed(holding), key=lambda symbol: symbol.range.start, default=None)

    def comment_at(self, position: Position) -> Comment | None:
        """Return the comment on a position's line."""
        if self._pieces is not None:
            return self._pieces.comment_at(position)
        tree = self._tree
        if tree is None or self._finder is None:
            return None
        line = self.text.line(position.line)
        start = self.byte_at(Position(position.line, 0))
        end = start + len(line.encode("utf-8", "replace"))
        last = tree.root_node.descendant_for_byte_range(max(end - 1, start), end)
        around = ascent(tree.root_node, last)
        node = next((one for one in around if "comment" in one.type), None)
        if node is None or node.end_byte < start:
            return None
        range_ = self._finder.range(node, node)
        return Comment(range_, self.text.slice(range_))

    def statement(self, range_: Range) -> Range:
        """Return the whole lines of the smallest multi-token node that holds a range."""
        if self._pieces is not None and (place := self._pieces.statement(range_)) is not None:
            return place
        tree = self._tree
        start_line, end_line = range_.start.line, range_.end.line
        if tree is not None and self._finder is not None:
            first = self.byte_at(range_.start)
            last = self.byte_at(range_.end)
            inner = tree.root_node.named_descendant_for_byte_range(first, last)
            around = ascent(tree.root_node, inner)[:-1]
            node = next((one for one in around if _is_statement(one)), None)
            if node is not None:
                found = self._finder.range(node, node)
                start_line, end_line = found.start.line, found.end.line
        return Range(Position(start_line, 0), Position(end_line, len(self.text.line(end_line))))

    def node_at(self, position: Position) -> Node | None:
        """Return the smallest node at a position, on a line's white space that of its code.

        For this room's own modules: nodes do not leave it.
        """
        return next(iter(self.nodes_at(position)), None)

    def nodes_at(self, position: Position) -> list[Node]:
        """Return that node and all around it, the root last.

        A cursor in the white space of a line means its code: what stands before the line's end
        holds its end too.
        """
        tree = self._tree
        if tree is None:
            return []
        line = self.text.line(position.line)
        indent = len(line) - len(line.lstrip())
        last = max(indent, len(line.rstrip()) - 1)
        place = Position(position.line, min(max(position.character, indent), last))
        at = self.byte_at(place)
        return ascent(tree.root_node, tree.root_node.descendant_for_byte_range(at, at))

    @property
    def root(self) -> Node | None:
        """The tree's root, for this room's own modules as :meth:`node_at` is."""
        tree = self._tree
        return tree.root_node if tree is not None else None

    @cached_property
    def data(self) -> bytes:
        """The text in UTF-8, which the tree's offsets count in."""
        return self.text.content.encode("utf-8", "replace")

    def position_at(self, offset: int) -> Position:
        """Return the position of a byte offset."""
        return self.text.position(self._offsets.to_chars(offset))

    def byte_at(self, position: Position) -> int:
        """Return the byte offset of a position, clamped to the text."""
        return self._offsets.to_bytes(self.text.offset(position))

    def parsed_within(self, node: Node) -> Node | None:
        """Return the root of a tree of a node's text alone; its offsets are those of the text."""
        if self.language is None:
            return None
        part = Stretch(node.start_byte, node.end_byte, node.start_point, node.end_point)
        tree = shared_parsers().parse(self.language, self.data, ranges=[part])
        return None if tree is None else tree.root_node

    def node_text(self, node: Node) -> str:
        """Return the source of a node."""
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def node_range(self, node: Node) -> Range:
        """Return the range of a node."""
        to_chars, position = self._offsets.to_chars, self.text.position
        return Range(position(to_chars(node.start_byte)), position(to_chars(node.end_byte)))

    @cached_property
    def _offsets(self) -> OffsetMap:
        return OffsetMap(self.text.content, self.data)

    def _cut(self) -> Pieces | None:
        if self._pieces is None and self.text.line_count >= MIN_DOCUMENT_LINES:
            tree = self._tree
            return cut(self, tree.root_node.children) if tree is not None else None
        return self._pieces

    def _known_tree(self) -> Tree | None:
        """Return the tree, or the last one that was made, with the edits since noted in it."""
        with self._lock:
            return self.__dict__.get("_parsed") or self._old

    @property
    def _tree(self) -> Tree | None:
        with self._lock:
            return self._parsed

    @cached_property
    def _parsed(self) -> Tree | None:
        content = self.text.content
        if self.language is None or len(content) > MAX_CHARACTERS or "\0" in content:
            return None
        # Not again with every key: only once half of it is gone.
        if 2 * len(content) > self._slow > 0:
            return None
        old, self._old = self._old, None
        tree = shared_parsers().parse(self.language, self.data, old)
        self._slow = 0 if tree is not None else len(content)
        return tree

    @cached_property
    def _finder(self) -> SymbolFinder | None:
        if self.language is None:
            return None
        return self._finder_of(self.language)

    def _finder_of(self, language: str) -> SymbolFinder:
        return SymbolFinder(language, self.text, self.data, self._offsets)

    @cached_property
    def _parts(self) -> list[Part]:
        tree = self._tree
        if tree is None or self.language is None:
            return []
        return embedded(self.language, tree.root_node, self.data)

    @cached_property
    def _symbols(self) -> list[Symbol]:
        if self._pieces is not None:
            return self._pieces.symbols()
        tree = self._tree
        if tree is None or self._finder is None:
            return []
        inner = [
            symbol
            for part in self._parts
            for symbol in self._finder_of(part.language).find(part.tree.root_node)
        ]
        return placed(self._own, inner) if inner else self._own

    @cached_property
    def _own(self) -> list[Symbol]:
        """The definitions in the file's own language."""
        tree, finder = self._tree, self._finder
        if tree is None or finder is None or self.language is None:
            return []
        found = finder.find(tree.root_node)
        if self._is_sound(tree.root_node):
            return found
        sound = self._sound
        if sound is not None and sound._tree is not None and sound._is_sound(sound._tree.root_node):
            return carried(sound.text, sound._own, self.text, found)
        return restarted(found, finder, self.language, self.data, self._is_sound)

    def _is_sound(self, root: Node) -> bool:
        finder = self._finder
        return not root.has_error or finder is None or not find_issues(root, finder, self.text, 1)


def _is_statement(node: Node) -> bool:
    return node.type.endswith(("statement", "declaration", "definition", "_item", "comment"))
