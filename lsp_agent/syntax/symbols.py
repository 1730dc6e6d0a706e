"""Definitions in a file, found by the queries in ``grammars/queries``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsp_agent.syntax.offsets import OffsetMap
from lsp_agent.syntax.parser import query
from lsp_agent.workspace.positions import Range
from lsp_agent.workspace.text import Text

if TYPE_CHECKING:
    from tree_sitter import Node

# Nodes that belong to the definition they hold: decorators, ``export``.
_WRAPPERS = frozenset({"decorated_definition", "export_statement", "template_declaration"})
_PARAMETER_NAMES = frozenset({"identifier", "property_identifier", "variable_name"})


@dataclass(frozen=True, slots=True)
class Symbol:
    """A definition. ``range`` holds decorators and documentation inside it, but not above it.

    ``signature`` is the text before the body on one line; ``parent`` and ``qualified_name`` are
    dotted. ``docstring_range`` covers the quotes or comment marks.
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

        Cost: one query over the tree, or over the nodes that touch the stretch.
        """
        from tree_sitter import QueryCursor

        definitions = query(self._language, "definitions")
        if definitions is None:
            return []
        cursor = QueryCursor(definitions)
        if within is not None:
            cursor.set_byte_range(*within)
        found: dict[int, tuple[str, Node, dict[str, list[Node]]]] = {}
        for _, captures in cursor.matches(root):
            kind = next(name for name in captures if name.startswith("definition."))
            node = captures[kind][0]
            found.setdefault(node.id, (kind.partition(".")[2], node, captures))
        ordered = sorted(found.values(), key=lambda item: (item[1].start_byte, -item[1].end_byte))
        return self._nest(ordered)

    def range(self, start: Node, end: Node) -> Range:
        """Return the range from one node's start to another's end."""
        return self.byte_range(start.start_byte, end.end_byte)

    def byte_range(self, start: int, end: int) -> Range:
        """Return the range of a stretch of bytes."""
        text, offsets = self._text, self._offsets
        return Range(text.position(offsets.to_chars(start)), text.position(offsets.to_chars(end)))

    def _nest(self, items: list[tuple[str, Node, dict[str, list[Node]]]]) -> list[Symbol]:
        symbols: list[Symbol] = []
        open_: list[tuple[int, Symbol]] = []
        for kind, node, captures in items:
            while open_ and open_[-1][0] <= node.start_byte:
                open_.pop()
            parent = open_[-1][1] if open_ else None
            symbol = self._symbol(kind, node, captures, parent)
            symbols.append(symbol)
            open_.append((node.end_byte, symbol))
        return symbols

    def _symbol(
        self, kind: str, node: Node, captures: dict[str, list[Node]], parent: Symbol | None
    ) -> Symbol:
        name = captures["name"][0]
        body = captures["body"][0] if captures.get("body") else None
        outer = node.parent if node.parent and node.parent.type in _WRAPPERS else node
        if kind == "function" and parent is not None and parent.kind in ("class", "interface"):
            kind = "method"
        head_end = body.start_byte if body else outer.end_byte
        signature_range = self.byte_range(node.start_byte, head_end)
        documentation = self._documentation(outer, body)
        return Symbol(
            kind=kind,
            name=self._of(name),
            range=self.range(outer, outer),
            name_range=self.range(name, name),
            signature=" ".join(self._text.slice(signature_range).split()),
            signature_range=signature_range,
            body_range=self.range(body, body) if body else None,
            docstring="\n".join(self._of(part) for part in documentation) or None,
            docstring_range=self.range(documentation[0], documentation[-1])
            if documentation
            else None,
            parameters=self._parameters(captures.get("parameters", [])),
            parent=parent.qualified_name if parent else None,
        )

    def _documentation(self, outer: Node, body: Node | None) -> list[Node]:
        if self._language == "python":
            first = next(iter(body.named_children), None) if body else None
            if first is not None and first.type == "expression_statement":
                first = next(iter(first.named_children), None)
            return [first] if first is not None and first.type == "string" else []
        comments: list[Node] = []
        row, node = outer.start_point.row, outer.prev_sibling
        while node is not None and "comment" in node.type and node.end_point.row in (row - 1, row):
            comments.append(node)
            row, node = node.start_point.row, node.prev_sibling
        return comments[::-1]

    def _parameters(self, nodes: list[Node]) -> tuple[str, ...]:
        """Return the parameters' names: each one's first identifier."""
        names = []
        for parameter in nodes[0].named_children if nodes else []:
            if "comment" in parameter.type:
                continue
            pending = [parameter]
            while pending:
                node = pending.pop(0)
                if node.type in _PARAMETER_NAMES:
                    names.append(self._of(node))
                    break
                named = node.child_by_field_name("name") or node.child_by_field_name("declarator")
                pending = [named] if named else [*node.named_children, *pending]
        return tuple(names)

    def _of(self, node: Node) -> str:
        # Node.text reads the source again through the parser's callback, which is slow.
        return self._data[node.start_byte : node.end_byte].decode("utf-8", "replace")
