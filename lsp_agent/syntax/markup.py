"""JSX tags and string literals at a place, as scaffolds need them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lsp_agent.workspace.positions import Position

if TYPE_CHECKING:
    from tree_sitter import Node

    from lsp_agent.syntax.document import SyntaxDocument

Kind = Literal["flag", "text", "handler", "value"]
"""What an attribute is given: nothing, a string, an event's function, some expression."""

_TAGS = ("jsx_opening_element", "jsx_self_closing_element")
_STRINGS = frozenset({"string", "template_string"})
_MAX_STRING = 300


@dataclass(frozen=True, slots=True)
class Tag:
    """A JSX element; ``attributes`` are its names and kinds in their order, spreads left out."""

    name: str
    attributes: tuple[tuple[str, Kind], ...]
    has_children: bool


def tag_at(document: SyntaxDocument, position: Position) -> Tag | None:
    """Return the element whose name holds a position; ``None`` where there is none."""
    line, near = document.near(position)
    at = near.byte_at(Position(position.line - line, position.character))
    for place in (at, max(at - 1, 0)):
        around = near.nodes_at(near.position_at(place))
        tag = next((one for one in around if one.type in _TAGS), None)
        name = tag.child_by_field_name("name") if tag is not None else None
        if tag is not None and name is not None and name.start_byte <= at <= name.end_byte:
            rows = [_attribute(near, one) for one in tag.named_children]
            attributes = tuple(dict(row for row in rows if row is not None).items())
            opens = tag.type == _TAGS[0]
            return Tag(near.node_text(name), attributes, opens)
    return None


def string_at(document: SyntaxDocument, position: Position) -> str | None:
    """Return what the string literal at a position holds, without its quotes."""
    line, near = document.near(position)
    around = near.nodes_at(Position(position.line - line, position.character))
    node = next((one for one in around[:3] if one.type in _STRINGS), None)
    if node is None or node.end_byte - node.start_byte > _MAX_STRING:
        return None
    return near.node_text(node)[1:-1]


def _attribute(document: SyntaxDocument, node: Node) -> tuple[str, Kind] | None:
    if node.type != "jsx_attribute" or not node.named_children:
        return None
    name, *values = node.named_children
    text = document.node_text(name)
    if not values:
        return text, "flag"
    if values[0].type == "string":
        return text, "text"
    handles = text.startswith("on") and text[2:3].isupper()
    return text, "handler" if handles else "value"
