"""Definitions in a file, found by the queries in ``grammars/queries``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from lsp_agent.syntax.documentation import documentation
from lsp_agent.syntax.naming import name_nodes, parameters, plain_name, scope_name
from lsp_agent.syntax.nodes import ascent
from lsp_agent.syntax.offsets import OffsetMap
from lsp_agent.syntax.parser import matches, query
from lsp_agent.workspace.positions import Position, Range
from lsp_agent.workspace.text import Text

if TYPE_CHECKING:
    from tree_sitter import Node

# Nodes that belong to the one definition they hold: decorators, ``export``, ``template <…>``.
_WRAPPERS = frozenset(
    {
        "decorated_definition", "export_statement", "template_declaration",
        "ambient_declaration", "statement", "type_declaration", "const_declaration",
        "var_declaration",
    }
)  # fmt: skip
# Those that may hold several: ``const ( … )``. Where they hold one, the keyword stands in them.
_GROUPS = frozenset({"type_declaration", "const_declaration", "var_declaration"})
# Nodes that belong to the definition after them.
_ATTRIBUTES = frozenset({"attribute_item", "decorator", "pub"})
_HOLDERS = frozenset(
    {"class", "interface", "struct", "enum", "object", "implementation", "enum_member"}
)
# What C declares in them is their own.
_LOCAL = frozenset({"function", "method"})
KINDS = (
    "array", "class", "constant", "constructor", "enum", "enum_member", "event", "field",
    "function", "implementation", "interface", "key", "method", "module", "namespace", "object",
    "operator", "property", "string", "struct", "trait", "type", "variable",
)  # fmt: skip
"""The kinds that symbols have."""
_VALUES = frozenset({"field", "property", "constant", "variable", "enum_member", "event", "key"})
# What may be bound again; the first place counts.
_REBOUND = frozenset({"constant", "variable", "field"})
# In data four levels of keys are definitions, and no more than 5,000 of them.
_DATA_DEPTH = {"json": 8, "yaml": 13, "toml": 6}
_MAX_DATA = 5_000
_WINDOW = 1 << 16
_MAX_NESTING = 40
_MAX_SIGNATURE = 300
# Languages that write something else than dots between names.
_SCOPED = frozenset({"cpp", "php", "ruby"})
_SCOPE_MARKS = re.compile(r"::|\\")
# Where the parentheses of a signature stand on lines of their own.
_LINE_ENDS = re.compile(r"([(\[<])[ \t]*\r?\n\s*|,?[ \t]*\r?\n\s*([)\]>])")
Match = tuple[int, "dict[str, list[Node]]"]


class _Item(NamedTuple):
    """A query's match: ``end`` is the byte where the definition's own text stops."""

    kind: str
    node: Node
    captures: dict[str, list[Node]]
    end: int


@dataclass(frozen=True, slots=True)
class Symbol:
    """A definition. ``range`` holds its decorators and attributes, not the comments above it.

    ``kind`` is a symbol kind of the Language Server Protocol in lower case (``enum_member``), or
    ``type`` for an alias and ``implementation`` for ``impl`` and extensions. ``signature`` is the
    text before the body on one line, at most 300 characters; ``parent`` and ``qualified_name`` are
    dotted, whatever the language writes. ``docstring`` and its range cover the quotes or comment
    marks.
    """

    kind: str
    name: str
    range: Range
    name_range: Range
    signature: str
    signature_range: Range
    body_range: Range | None
    docstring: str | None
    docstring_range: Range | None
    parameters: tuple[str, ...]
    parent: str | None

    @property
    def qualified_name(self) -> str:
        """The name with those of the symbols around it, dotted."""
        return f"{self.parent}.{self.name}" if self.parent else self.name

    @property
    def is_value(self) -> bool:
        """Whether it is a mere field, constant or key, with nothing inside it."""
        return self.kind in _VALUES and self.body_range is None


class SymbolFinder:
    """Turns query matches of one tree into symbols."""

    def __init__(self, language: str, text: Text, data: bytes, offsets: OffsetMap) -> None:
        self._language = language
        self.text = text
        self._data = data
        self._offsets = offsets
        self._places: dict[int, Position] = {}

    def find(self, root: Node, within: tuple[int, int] | None = None) -> list[Symbol]:
        """Return the definitions in source order; ``within`` limits them to a stretch of bytes.

        What is nested more than 40 deep is left out; of JSON, YAML and TOML four levels of keys
        count, and 5,000 keys. Cost: one query over the tree, or over the nodes that touch the
        stretch; then about 40 µs a definition.
        """
        return self.read(self.matches(root, within=within))

    def matches(
        self, root: Node, *others: str, within: tuple[int, int] | None = None
    ) -> list[Match]:
        """Return the matches of the definitions' query, and of others in the same walk."""
        wanted = query(self._language, "definitions", *others)
        if wanted is None:
            return []
        depth = _DATA_DEPTH.get(self._language)
        if depth is None or within is not None:
            return matches(wanted, root, within=within, depth=depth)
        found: list[Match] = []
        # A key may match twice, and once more in each window that it reaches into.
        for start in range(0, root.end_byte, _WINDOW):
            found += matches(wanted, root, within=(start, start + _WINDOW), depth=depth)
            if len(found) > 4 * _MAX_DATA:
                break
        return found

    def read(self, all_matches: list[Match]) -> list[Symbol]:
        """Return the definitions among matches in source order."""
        found: dict[int, tuple[int, dict[int, _Item]]] = {}
        # Where two patterns match a node, the one that stands first in the file says what it is;
        # one pattern may give it several names (int a, b), or one name for each parameter.
        for pattern, captures in sorted(all_matches, key=lambda match: match[0]):
            kind = next((name for name in captures if name.startswith("definition.")), None)
            if kind is None:
                continue
            node = captures[kind][0]
            first, items = found.setdefault(node.id, (pattern, {}))
            if first != pattern:
                continue
            item = _Item(kind.partition(".")[2], node, captures, node.end_byte)
            named = captures.get("name") or captures.get("declarator")
            name = named[0].id if named else 0
            known = items.setdefault(name, item)
            if known is not item and captures.get("parameters"):
                known.captures["parameters"] += captures["parameters"]
        ordered = sorted(
            (item for _, items in found.values() for item in items.values()),
            key=lambda item: (item.node.start_byte, -item.end),
        )
        if self._language in _DATA_DEPTH:
            ordered = ordered[:_MAX_DATA]
        if any("section" in item.captures for item in ordered):
            ordered = _reaching(ordered, len(self._data))
        return list(first_bindings(self._nest(ordered)))

    @property
    def reaches(self) -> bool:
        """Whether definitions of the language may end behind their nodes, as sections do."""
        definitions = query(self._language, "definitions")
        return definitions is not None and any(
            definitions.capture_name(index) == "section"
            for index in range(definitions.capture_count)
        )

    def attached(self, root: Node, offset: int) -> list[Symbol]:
        """Return the definition whose decorator or attribute holds a byte offset, if any."""
        around = ascent(root, root.descendant_for_byte_range(offset, offset))
        node = next((one for one in around if one.type in _ATTRIBUTES | _WRAPPERS), None)
        if node is None:
            return []
        start = self._at(node.start_byte)
        while node is not None and node.type in _ATTRIBUTES:
            node = node.next_named_sibling
        while node is not None and node.type in _WRAPPERS and node.named_child_count:
            node = node.named_child(node.named_child_count - 1)
        if node is None:
            return []
        inside = self.find(root, (node.start_byte, node.start_byte + 1))
        return [symbol for symbol in inside if symbol.range.start <= start < symbol.range.end]

    def range(self, start: Node, end: Node) -> Range:
        """Return the range from one node's start to another's end."""
        return Range(self._at(start.start_byte), self._at(end.end_byte))

    def _visible(self, first: int, last: int) -> Range | None:
        """Return the range of a stretch of bytes without the white space at its end."""
        if self._data[last - 1 : last].isspace():
            last = first + len(self._data[first:last].rstrip())
        return Range(self._at(first), self._at(last)) if first < last else None

    def _at(self, offset: int) -> Position:
        # The parts of one definition begin and end together.
        place = self._places.get(offset)
        if place is None:
            place = self.text.position(self._offsets.to_chars(offset))
            self._places[offset] = place
        return place

    def _nest(self, items: list[_Item]) -> Iterator[Symbol]:
        open_: list[tuple[_Item, Symbol]] = []
        for item in items:
            start = item.node.start_byte
            while open_ and (open_[-1][0].end <= start or (open_[-1][0].node.id == item.node.id)):
                open_.pop()
            if len(open_) >= _MAX_NESTING:
                continue
            if open_ and item.node.type == "declaration" and open_[-1][1].kind in _LOCAL:
                continue
            symbol = self._symbol(item, open_[-1][1] if open_ else None)
            if symbol is None:
                continue
            yield symbol
            open_.append((item, symbol))

    def _symbol(self, item: _Item, around: Symbol | None) -> Symbol | None:
        node, captures = item.node, item.captures
        body = captures["body"][0] if captures.get("body") else None
        outer = _outer(node)
        first = _first(outer)
        head = self._head(item, outer, first, body)
        signature_range = Range(self._at(head[0]), self._at(head[1]))
        signature = _on_one_line(self._data[slice(*head)].decode("utf-8", "replace"))
        scopes, named = name_nodes(captures)
        if named:
            name = plain_name(self._of(named[0], named[-1]), self._language)
            name_range = self.range(named[0], named[-1])
        else:
            name, name_range = signature, signature_range
        whole = self._visible(first.start_byte, max(item.end, outer.end_byte))
        if not name or whole is None or (name == "_" and item.kind in _VALUES):
            return None
        names = [*(scope for scope in map(scope_name, map(self._of, scopes)) if scope), name]
        if around is not None and around.kind == "constructor" and item.kind == "property":
            holder = around.parent
        else:
            holder = around.qualified_name if around is not None else None
        parent = ".".join([*([holder] if holder else []), *names[:-1]])
        if self._language in _SCOPED:
            parent = _SCOPE_MARKS.sub(".", parent)
        said = documentation(self._language, first, body, self._data)
        return Symbol(
            kind=self._kind(item.kind, names, around),
            name=name,
            range=whole,
            name_range=name_range,
            signature=signature[:_MAX_SIGNATURE],
            signature_range=signature_range,
            body_range=self._body(item, body),
            # A line comment may hold its line end.
            docstring="\n".join(self._of(part).rstrip() for part in said) or None,
            docstring_range=self._visible(said[0].start_byte, said[-1].end_byte) if said else None,
            parameters=parameters(captures, self._of),
            parent=parent or None,
        )

    def _kind(self, kind: str, names: list[str], around: Symbol | None) -> str:
        if kind == "function" and self._language != "sql":
            inside = len(names) > 1 or (around is not None and around.kind in _HOLDERS)
            return "method" if inside else kind
        if self._language == "python" and kind in _REBOUND and names[-1].isupper():
            return "constant"
        return kind

    def _body(self, item: _Item, body: Node | None) -> Range | None:
        if body is not None:
            return self.range(body, body)
        return (
            self._visible(item.node.end_byte, item.end) if item.end > item.node.end_byte else None
        )

    def _head(self, item: _Item, outer: Node, first: Node, body: Node | None) -> tuple[int, int]:
        """Return the bytes from which and up to which the signature goes."""
        node = outer if outer.type in _GROUPS else item.node
        if item.captures.get("signature"):
            node = item.captures["signature"][0]
            return node.start_byte, node.end_byte
        start = first if first.type == "pub" else node
        return start.start_byte, self._head_end(node, body)

    def _head_end(self, node: Node, body: Node | None) -> int:
        """Return where the signature ends: before the body, or else with the first line."""
        if body is None:
            line_end = self._data.find(b"\n", node.start_byte, node.end_byte)
            return node.end_byte if line_end < 0 else line_end
        before = body.prev_sibling
        while before is not None and "comment" in before.type:
            before = before.prev_sibling
        return body.start_byte if before is None else before.end_byte

    def _of(self, node: Node, last: Node | None = None) -> str:
        # Node.text reads the source again through the parser's callback, which is slow.
        return self._data[node.start_byte : (last or node).end_byte].decode("utf-8", "replace")


def _on_one_line(head: str) -> str:
    """Write a signature as it would stand on one line, without what opens a body or a value."""
    line = " ".join(_LINE_ENDS.sub(lambda match: match[1] or match[2], head).split())
    return line.rstrip("{[(<").rstrip().removesuffix(" =").removesuffix(" :=")


def _reaching(items: list[_Item], end: int) -> list[_Item]:
    """Let each section reach to the next one of its level or of one above it."""
    reached, ends = list(items), {0: end}
    for index in range(len(items) - 1, -1, -1):
        item = items[index]
        if "section" not in item.captures:
            continue
        level = _level(item.node)
        reached[index] = item._replace(end=min(ends[one] for one in ends if one <= level))
        ends[level] = item.node.start_byte
    return reached


def _level(node: Node) -> int:
    """Return a Markdown heading's level; other sections are all of one."""
    marks = [char for child in node.children for char in child.type if char.isdigit()]
    return int(marks[0]) if marks else 1


def _outer(node: Node) -> Node:
    """Return the definition with what is wrapped around it."""
    while (parent := node.parent) is not None and parent.type in _WRAPPERS:
        if parent.type in _GROUPS and parent.named_child_count > 1:
            break
        node = parent
    return node


def _first(node: Node) -> Node:
    """Return the first of the attributes that stand before a definition, or itself."""
    before = node.prev_sibling
    while before is not None and before.type in _ATTRIBUTES:
        node, before = before, before.prev_sibling
    return node


def first_bindings(symbols: Iterable[Symbol]) -> Iterator[Symbol]:
    """Leave out the places where a variable, constant or field is bound again."""
    bound: set[str] = set()
    for symbol in symbols:
        if symbol.kind in _REBOUND:
            if symbol.qualified_name in bound:
                continue
            bound.add(symbol.qualified_name)
        yield symbol
