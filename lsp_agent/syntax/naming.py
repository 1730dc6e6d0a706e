"""What the definitions and their parameters are called, in the trees of many languages."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

_PARAMETER_NAMES = frozenset(
    {"identifier", "property_identifier", "variable_name", "simple_identifier", "IDENTIFIER"}
)
_PARAMETERS = frozenset({"parameter", "identifier", "variable_name"})
_TYPE_ARGUMENTS = re.compile(r"<.*>|\[.*\]")
_TAGS = re.compile(r"<[^>]*>")
_CLOSING_MARKS = re.compile(r"\s+#+$")
_MAX_NAME = 200
_Of = Callable[["Node"], str]


def name_nodes(captures: dict[str, list[Node]]) -> tuple[list[Node], list[Node]]:
    """Return the nodes that qualify a definition's name, and those of the name, if it has one.

    In C a name stands inside what is done to get its type: ``*name(…)[…]``.
    """
    nodes = captures.get("name", [])
    if captures.get("declarator"):
        nodes = [_declared(captures["declarator"][0])[0]]
    scopes = list(captures.get("scope", []))
    while len(nodes) == 1 and (part := _qualifier(nodes[0])) is not None:
        scopes.append(part[0])
        nodes = [part[1]]
    if len(nodes) == 1 and nodes[0].type == "operator_cast":
        # ``operator bool``, without the parameters.
        nodes = [nodes[0].children[0], *nodes[0].children_by_field_name("type")]
    return scopes, nodes


def scope_name(text: str) -> str:
    """Return a qualifier without its type arguments and quotes."""
    return unquoted(_TYPE_ARGUMENTS.sub("", text))


def plain_name(text: str, language: str) -> str:
    """Return a name as people say it: on one line, without quotes and marks, 200 characters."""
    if language == "html":
        text = _TAGS.sub("", text)
    elif language == "markdown":
        text = _CLOSING_MARKS.sub("", text.rstrip())
    elif language == "ruby":
        text = text.removeprefix(":")
    return unquoted(" ".join(text.split()))[:_MAX_NAME]


def unquoted(text: str) -> str:
    """Return a text without the quotes around it."""
    if len(text) > 2 and text[0] in "\"'`" and text[-1] == text[0]:
        return text[1:-1]
    return text


def parameters(captures: dict[str, list[Node]], of: _Of) -> tuple[str, ...]:
    """Return the parameters' names: each one's first identifier, or all that it declares."""
    nodes = list({node.id: node for node in captures.get("parameters", [])}.values())
    if captures.get("declarator"):
        list_ = _declared(captures["declarator"][0])[1]
        nodes = [list_] if list_ is not None else []
    names: list[str] = []
    for node in nodes:
        for parameter in [node] if node.type in _PARAMETERS else node.named_children:
            names += _parameter(parameter, of)
    return tuple(names)


def _parameter(node: Node, of: _Of) -> list[str]:
    if "comment" in node.type or node.type in ("attribute_list", "parameter_modifiers"):
        return []
    declared = [
        name for name in node.children_by_field_name("name") if name.type in _PARAMETER_NAMES
    ]
    if declared:
        return [of(name) for name in declared]
    pending = [node]
    while pending:
        part = pending.pop(0)
        if part.type in _PARAMETER_NAMES:
            return [of(part)]
        named = part.child_by_field_name("name") or part.child_by_field_name("declarator")
        pending = [named] if named else [*part.named_children, *pending]
    return []


def _declared(node: Node) -> tuple[Node, Node | None]:
    """Return the name inside a C declarator, and its parameter list."""
    list_ = None
    while (inner := _inner_declarator(node)) is not None:
        list_ = node.child_by_field_name("parameters") or list_
        node = inner
    return node, list_


def _inner_declarator(node: Node) -> Node | None:
    if node.type == "operator_cast":
        return None
    inner = node.child_by_field_name("declarator")
    if inner is None and node.type.endswith("_declarator") and node.named_child_count:
        inner = node.named_child(node.named_child_count - 1)
    return inner


def _qualifier(node: Node) -> tuple[Node, Node] | None:
    """Split ``A::b``, ``a.b`` or ``a:b`` into what stands before and behind the mark."""
    if not node.child_count:
        return None
    for before, behind in (("scope", "name"), ("table", "field"), ("table", "method")):
        first, second = node.child_by_field_name(before), node.child_by_field_name(behind)
        if first is not None and second is not None:
            return first, second
    return None
