"""Definitions in a file, found by the queries in ``grammars/queries``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
        "ambient_declaration", "type_declaration",
    }
)  # fmt: skip
# Nodes that belong to the definition after them.
_ATTRIBUTES = frozenset({"attribute_item", "decorator"})
_PARAMETER_NAMES = frozenset({"identifier", "property_identifier", "variable_name"})
_HOLDERS = frozenset({"class", "interface", "struct", "enum", "implementation"})
_TYPE_ARGUMENTS = re.compile(r"<.*>|\[.*\]")
_MAX_SIGNATURE = 300
Match = tuple[int, "dict[str, list[Node]]"]
_Item = tuple[str, "Node", "dict[str, list[Node]]"]


@dataclass(frozen=True, slots=True)
class Symbol:
    """A definition. ``range`` holds its decorators and attributes, not the comments above it.

    ``signature`` is the text before the body on one line, at most 300 characters; ``parent`` and
    ``qualified_name`` are dotted, whatever the language writes. ``docstring`` and its range cover
    the quotes or comment marks.
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


class SymbolFinder:
    """Turns query matches of one tree into symbols."""

    def __init__(self, language: str, text: Text, data: bytes, offsets: OffsetMap) -> None:
        self._language = language
        self._text = text
        self._data = data
        self._offsets = offsets

    def find(self, root: Node, within: tuple[int, int] | None = None) -> list[Symbol]:
        """Return the definitions in source order; ``within`` limits them to a stretch of bytes.

        Cost: one query over the tree, or over the nodes that touch the stretch; then about 40 µs a
        definition.
        """
        return self.read(self.matches(root, within=within))

    def matches(
        self, root: Node, *others: str, within: tuple[int, int] | None = None
    ) -> list[Match]:
        """Return the matches of the definitions' query, and of others in the same walk."""
        wanted = query(self._language, "definitions", *others)
        return matches(wanted, root, within=within) if wanted is not None else []

    def read(self, all_matches: list[Match]) -> list[Symbol]:
        """Return the definitions among matches in source order."""
        found: dict[int, _Item] = {}
        # Where two patterns match a node, the one that stands first in the file says what it is.
        for _, captures in sorted(all_matches, key=lambda match: match[0]):
            kind = next((name for name in captures if name.startswith("definition.")), None)
            if kind is None:
                continue
            node = captures[kind][0]
            found.setdefault(node.id, (kind.partition(".")[2], node, captures))
        ordered = sorted(found.values(), key=lambda item: (item[1].start_byte, -item[1].end_byte))
        return list(self._nest(ordered))

    def attached(self, root: Node, offset: int) -> list[Symbol]:
        """Return the definition whose decorator or attribute holds a byte offset, if any."""
        node = root.descendant_for_byte_range(offset, offset)
        while node is not None and node.type not in _ATTRIBUTES and node.type not in _WRAPPERS:
            node = node.parent
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

    def _visible(self, nodes: list[Node]) -> Range | None:
        """Return the range of successive nodes without the white space at their end."""
        if not nodes:
            return None
        first, last = nodes[0].start_byte, nodes[-1].end_byte
        return Range(self._at(first), self._at(first + len(self._data[first:last].rstrip())))

    def _at(self, offset: int) -> Position:
        return self._text.position(self._offsets.to_chars(offset))

    def _nest(self, items: list[_Item]) -> Iterator[Symbol]:
        open_: list[tuple[int, Symbol]] = []
        for kind, node, captures in items:
            while open_ and open_[-1][0] <= node.start_byte:
                open_.pop()
            symbol = self._symbol(kind, node, captures, open_[-1][1] if open_ else None)
            yield symbol
            open_.append((node.end_byte, symbol))

    def _symbol(
        self, kind: str, node: Node, captures: dict[str, list[Node]], around: Symbol | None
    ) -> Symbol:
        body = captures["body"][0] if captures.get("body") else None
        names, name_node, parameters = self._named(captures)
        parent = ".".join([*([around.qualified_name] if around else []), *names[:-1]])
        if kind == "function" and (len(names) > 1 or (around and around.kind in _HOLDERS)):
            kind = "method"
        outer = _outer(node)
        first = _first(outer)
        # In Go the keyword stands in the wrapper: type T struct.
        head = outer if outer.type == "type_declaration" else node
        signature_range = Range(self._at(head.start_byte), self._at(self._head_end(node, body)))
        signature = " ".join(self._text.slice(signature_range).split())
        documentation = self._documentation(first, body)
        return Symbol(
            kind=kind,
            name=names[-1],
            range=self.range(first, outer),
            name_range=self.range(name_node, name_node),
            signature=signature.removesuffix("{").rstrip()[:_MAX_SIGNATURE],
            signature_range=signature_range,
            body_range=self.range(body, body) if body else None,
            # A line comment may hold its line end.
            docstring="\n".join(self._of(part).rstrip() for part in documentation) or None,
            docstring_range=self._visible(documentation),
            parameters=self._parameters(parameters),
            parent=parent or None,
        )

    def _named(self, captures: dict[str, list[Node]]) -> tuple[list[str], Node, Node | None]:
        """Return the name with the names that qualify it, its node, and the parameter list."""
        parameters = captures["parameters"][0] if captures.get("parameters") else None
        if captures.get("declarator"):
            # In C a name stands inside what is done to get its type: *name(…)[…].
            node, parameters = _declared(captures["declarator"][0])
        else:
            node = captures["name"][0]
        scopes = [_TYPE_ARGUMENTS.sub("", self._of(scope)) for scope in captures.get("scope", [])]
        while (part := _qualifier(node)) is not None:
            scopes.append(_TYPE_ARGUMENTS.sub("", self._of(part[0])))
            node = part[1]
        return [*(scope for scope in scopes if scope), self._of(node)], node, parameters

    def _head_end(self, node: Node, body: Node | None) -> int:
        """Return where the signature ends: before the body, or else with the first line."""
        if body is None:
            line_end = self._data.find(b"\n", node.start_byte, node.end_byte)
            return node.end_byte if line_end < 0 else line_end
        before = body.prev_sibling
        while before is not None and "comment" in before.type:
            before = before.prev_sibling
        return body.start_byte if before is None else before.end_byte

    def _documentation(self, first: Node, body: Node | None) -> list[Node]:
        if self._language == "python":
            inner = next(iter(body.named_children), None) if body else None
            if inner is not None and inner.type == "expression_statement":
                inner = next(iter(inner.named_children), None)
            return [inner] if inner is not None and inner.type == "string" else []
        comments: list[Node] = []
        row, node = first.start_point.row, first.prev_sibling
        while (
            node is not None
            and "comment" in node.type
            and node.end_point.row in (row - 1, row)
            and self._begins_line(node)
        ):
            comments.append(node)
            row, node = node.start_point.row, node.prev_sibling
        return comments[::-1]

    def _begins_line(self, node: Node) -> bool:
        line_start = self._data.rfind(b"\n", 0, node.start_byte) + 1
        return not self._data[line_start : node.start_byte].strip()

    def _parameters(self, node: Node | None) -> tuple[str, ...]:
        """Return the parameters' names: each one's first identifier, or all that it declares."""
        names: list[str] = []
        if node is not None and node.type in _PARAMETER_NAMES:
            return (self._of(node),)
        for parameter in node.named_children if node else []:
            if "comment" in parameter.type or parameter.type == "attribute_list":
                continue
            declared = parameter.children_by_field_name("name")
            if len(declared) > 1:
                names += [self._of(name) for name in declared if name.is_named]
                continue
            pending = [parameter]
            while pending:
                part = pending.pop(0)
                if part.type in _PARAMETER_NAMES:
                    names.append(self._of(part))
                    break
                named = part.child_by_field_name("name") or part.child_by_field_name("declarator")
                pending = [named] if named else [*part.named_children, *pending]
        return tuple(names)

    def _of(self, node: Node) -> str:
        # Node.text reads the source again through the parser's callback, which is slow.
        return self._data[node.start_byte : node.end_byte].decode("utf-8", "replace")


def _outer(node: Node) -> Node:
    """Return the definition with what is wrapped around it."""
    while (parent := node.parent) is not None and parent.type in _WRAPPERS:
        if parent.type == "type_declaration" and parent.named_child_count > 1:
            break
        node = parent
    return node


def _first(node: Node) -> Node:
    """Return the first of the attributes that stand before a definition, or itself."""
    before = node.prev_named_sibling
    while before is not None and before.type in _ATTRIBUTES:
        node, before = before, before.prev_named_sibling
    return node


def _declared(node: Node) -> tuple[Node, Node | None]:
    """Return the name inside a C declarator, and its parameter list."""
    parameters = None
    while (inner := _inner_declarator(node)) is not None:
        parameters = node.child_by_field_name("parameters") or parameters
        node = inner
    return node, parameters


def _inner_declarator(node: Node) -> Node | None:
    inner = node.child_by_field_name("declarator")
    if inner is None and node.type.endswith("_declarator") and node.named_child_count:
        inner = node.named_child(node.named_child_count - 1)
    return inner


def _qualifier(node: Node) -> tuple[Node, Node] | None:
    """Split ``A::b``, ``a.b`` or ``a:b`` into what stands before and behind the mark."""
    for before, behind in (("scope", "name"), ("table", "field"), ("table", "method")):
        first, second = node.child_by_field_name(before), node.child_by_field_name(behind)
        if first is not None and second is not None:
            return first, second
    return None
