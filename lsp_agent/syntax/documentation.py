"""What is said about a definition, where each language says it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node


def documentation(language: str, first: Node, body: Node | None, data: bytes) -> list[Node]:
    """Return the nodes that document a definition whose first node is ``first``.

    In Python the string that begins its body; in Elixir ``@doc`` above it or ``@moduledoc`` in it;
    elsewhere the comments right above it.
    """
    if language == "python":
        return _string(_statement(body))
    if language == "elixir":
        found = _elixir(first, body, data)
        if found:
            return found
    return _comments(first, data)


def _statement(body: Node | None) -> Node | None:
    inner = next(iter(body.named_children), None) if body else None
    if inner is not None and inner.type == "expression_statement":
        inner = next(iter(inner.named_children), None)
    return inner


def _string(node: Node | None) -> list[Node]:
    return [node] if node is not None and node.type == "string" else []


def _elixir(first: Node, body: Node | None, data: bytes) -> list[Node]:
    inside = body.named_child(0) if body is not None and body.named_child_count else None
    if inside is not None and (said := _attribute(inside, b"@moduledoc", data)):
        return said
    node = first.prev_named_sibling
    while node is not None and node.type == "unary_operator":
        if said := _attribute(node, b"@doc", data) or _attribute(node, b"@typedoc", data):
            return said
        if not data.startswith((b"@spec", b"@impl", b"@deprecated"), node.start_byte):
            break
        node = node.prev_named_sibling
    return []


def _attribute(node: Node, name: bytes, data: bytes) -> list[Node]:
    """Return the string that an attribute of a module holds, if it is the one that is named."""
    if node.type != "unary_operator" or not data.startswith(name, node.start_byte):
        return []
    call = node.child_by_field_name("operand")
    arguments = call.named_child(1) if call is not None and call.named_child_count > 1 else None
    return _string(arguments.named_child(0) if arguments is not None else None)


def _comments(first: Node, data: bytes) -> list[Node]:
    comments: list[Node] = []
    row, node = first.start_point.row, first.prev_sibling
    while (
        node is not None
        and "comment" in node.type
        and node.end_point.row in (row - 1, row)
        and _begins_line(node, data)
        and not _names_interpreter(node, data)
    ):
        comments.append(node)
        row, node = node.start_point.row, node.prev_sibling
    return comments[::-1]


def _begins_line(node: Node, data: bytes) -> bool:
    line_start = data.rfind(b"\n", 0, node.start_byte) + 1
    return not data[line_start : node.start_byte].strip()


def _names_interpreter(node: Node, data: bytes) -> bool:
    return node.start_byte == 0 and data.startswith(b"#!")
