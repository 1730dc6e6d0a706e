"""Python expressions out of tree-sitter nodes, as plain data."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lsp_agent.syntax.python_chain import COMPREHENSIONS, Walker
from lsp_agent.syntax.python_model import (
    UNKNOWN,
    AttributeExpr,
    AwaitExpr,
    CallExpr,
    ChoiceExpr,
    ComprehensionExpr,
    DisplayExpr,
    Expr,
    LambdaExpr,
    LiteralExpr,
    NameExpr,
    OperatorExpr,
    Scope,
    SubscriptExpr,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_LITERALS = {"integer": "int", "float": "float", "true": "bool", "false": "bool", "none": "None"}
_DISPLAYS = {
    "list": "list",
    "tuple": "tuple",
    "expression_list": "tuple",
    "pattern_list": "tuple",
    "set": "set",
}
_MAX_DEPTH = 40
_MAX_ITEMS = 64


class ExpressionReader:
    """Turns nodes into expressions; ``annotation`` parses the strings of type hints.

    Cost: O(nodes), but no more than 40 levels deep and 64 items wide; the rest is unknown.
    """

    def __init__(self, walker: Walker, annotation: Callable[[Node], Node | None]) -> None:
        self._walker = walker
        self._annotation = annotation
        self._in_hint = False
        self._readers: dict[str, Callable[[Node, Scope, int], Expr]] = {
            "identifier": self._name,
            "attribute": self._attribute,
            "member_type": self._member,
            "call": self._call,
            "subscript": self._subscript,
            "generic_type": self._generic,
            "string": self._string,
            "concatenated_string": self._string,
            "dictionary": self._dictionary,
            "conditional_expression": self._conditional,
            "boolean_operator": self._boolean,
            "union_type": self._boolean,
            "binary_operator": self._operator,
            "comparison_operator": lambda _node, _scope, _depth: LiteralExpr("bool"),
            "not_operator": lambda _node, _scope, _depth: LiteralExpr("bool"),
            "await": self._await,
            "lambda": self._lambda,
            "named_expression": self._value,
            "assignment": self._right,
            "parenthesized_expression": self._inner,
            "type": self._inner,
            "expression_statement": self._inner,
            "module": self._inner,
            "dotted_name": self._dotted,
            "unary_operator": self._argument,
            **dict.fromkeys(_DISPLAYS, self._display),
            **dict.fromkeys(COMPREHENSIONS, self._comprehension),
        }

    def read(self, node: Node | None, scope: Scope, *, hint: bool = False, depth: int = 0) -> Expr:
        """Return a node's expression; ``hint`` says that a string is a type."""
        if node is None or depth > _MAX_DEPTH:
            return UNKNOWN
        if hint and not self._in_hint:
            self._in_hint = True
            try:
                return self.read(node, scope, depth=depth)
            finally:
                self._in_hint = False
        if self._in_hint and node.type == "string":
            return self.read(self._annotation(node), scope, depth=depth + 1)
        literal = _LITERALS.get(node.type)
        if literal is not None:
            return LiteralExpr(literal, self._walker.text(node))
        reader = self._readers.get(node.type)
        return UNKNOWN if reader is None else reader(node, scope, depth + 1)

    def read_prefix(self, dotted: Node, end: Node, scope: Scope) -> Expr:
        """Return what stands before ``end`` in a dotted name of a pattern."""
        first, *rest = dotted.named_children
        found = self.read(first, scope)
        for part in rest:
            if part.start_byte >= end.start_byte:
                break
            found = AttributeExpr(found, self._walker.text(part), part.start_byte)
        return found

    def _name(self, node: Node, scope: Scope, _depth: int) -> Expr:
        return NameExpr(self._walker.text(node), node.start_byte, scope)

    def _attribute(self, node: Node, scope: Scope, depth: int) -> Expr:
        name = node.child_by_field_name("attribute")
        if name is None:
            return UNKNOWN
        value = self.read(node.child_by_field_name("object"), scope, depth=depth)
        return AttributeExpr(value, self._walker.text(name), name.start_byte)

    def _member(self, node: Node, scope: Scope, depth: int) -> Expr:
        first, last = node.named_children[0], node.named_children[-1]
        return AttributeExpr(
            self.read(first, scope, depth=depth), self._walker.text(last), last.start_byte
        )

    def _dotted(self, node: Node, scope: Scope, depth: int) -> Expr:
        first, *rest = node.named_children
        found = self.read(first, scope, depth=depth)
        for part in rest:
            found = AttributeExpr(found, self._walker.text(part), part.start_byte)
        return found

    def _call(self, node: Node, scope: Scope, depth: int) -> Expr:
        function = self.read(node.child_by_field_name("function"), scope, depth=depth)
        listed = node.child_by_field_name("arguments")
        positional: list[Expr] = []
        keywords: list[tuple[str, Expr]] = []
        if listed is not None and listed.type == "argument_list":
            for child in listed.named_children[:_MAX_ITEMS]:
                if child.type == "keyword_argument":
                    name = child.child_by_field_name("name")
                    value = self.read(child.child_by_field_name("value"), scope, depth=depth)
                    keywords.append((self._walker.text(name) if name else "", value))
                elif child.type != "comment":
                    positional.append(self.read(child, scope, depth=depth))
        elif listed is not None:
            positional.append(self.read(listed, scope, depth=depth))
        if _is_cast(function) and listed is not None and positional:
            positional[0] = self.read(listed.named_children[0], scope, hint=True, depth=depth)
        return CallExpr(function, tuple(positional), tuple(keywords), node.start_byte, scope)

    def _subscript(self, node: Node, scope: Scope, depth: int) -> Expr:
        value = self.read(node.child_by_field_name("value"), scope, depth=depth)
        parts = node.children_by_field_name("subscript")
        return SubscriptExpr(value, self._indices(parts, scope, depth))

    def _generic(self, node: Node, scope: Scope, depth: int) -> Expr:
        first, *rest = node.named_children
        parts = [part for group in rest for part in group.named_children]
        return SubscriptExpr(
            self.read(first, scope, depth=depth), self._indices(parts, scope, depth)
        )

    def _indices(self, parts: list[Node], scope: Scope, depth: int) -> tuple[Expr, ...]:
        if len(parts) == 1 and parts[0].type in ("tuple", "expression_list"):
            parts = parts[0].named_children
        return tuple(self._index(part, scope, depth) for part in parts)

    def _index(self, node: Node, scope: Scope, depth: int) -> Expr:
        while node.type == "type" and node.named_children:
            node = node.named_children[0]
        if node.type == "slice":
            return LiteralExpr("slice")
        if node.type == "ellipsis":
            return LiteralExpr("...")
        return self.read(node, scope, depth=depth)

    def _string(self, node: Node, _scope: Scope, _depth: int) -> Expr:
        text = self._walker.text(node)
        head = text[: len(text) - len(text.lstrip("rRbBuUfF"))].lower()
        return LiteralExpr("bytes" if "b" in head else "str", text)

    def _display(self, node: Node, scope: Scope, depth: int) -> Expr:
        items = node.named_children[:_MAX_ITEMS]
        found = tuple(self.read(item, scope, depth=depth) for item in items)
        return DisplayExpr(_DISPLAYS[node.type], found)

    def _dictionary(self, node: Node, scope: Scope, depth: int) -> Expr:
        pairs = [pair for pair in node.named_children[:_MAX_ITEMS] if pair.type == "pair"]
        keys = tuple(self.read(p.child_by_field_name("key"), scope, depth=depth) for p in pairs)
        values = tuple(self.read(p.child_by_field_name("value"), scope, depth=depth) for p in pairs)
        return DisplayExpr("dict", values, keys)

    def _conditional(self, node: Node, scope: Scope, depth: int) -> Expr:
        parts = node.named_children
        if len(parts) != 3:
            return UNKNOWN
        return ChoiceExpr(tuple(self.read(part, scope, depth=depth) for part in parts[::2]))

    def _boolean(self, node: Node, scope: Scope, depth: int) -> Expr:
        parts = node.named_children
        return ChoiceExpr(tuple(self.read(part, scope, depth=depth) for part in parts))

    def _operator(self, node: Node, scope: Scope, depth: int) -> Expr:
        operator = node.child_by_field_name("operator")
        sign = self._walker.text(operator) if operator is not None else ""
        left = self.read(node.child_by_field_name("left"), scope, depth=depth)
        right = self.read(node.child_by_field_name("right"), scope, depth=depth)
        return OperatorExpr(sign, left, right)

    def _await(self, node: Node, scope: Scope, depth: int) -> Expr:
        return AwaitExpr(self.read(node.named_children[0], scope, depth=depth))

    def _lambda(self, node: Node, scope: Scope, depth: int) -> Expr:
        body = self._walker.body(node, scope)
        return LambdaExpr(self.read(node.child_by_field_name("body"), body, depth=depth))

    def _comprehension(self, node: Node, scope: Scope, depth: int) -> Expr:
        inner = self._walker.comprehension(node, scope)
        body, kind = node.child_by_field_name("body"), COMPREHENSIONS[node.type]
        if body is None or body.type != "pair":
            return ComprehensionExpr(kind, self.read(body, inner, depth=depth))
        key = self.read(body.child_by_field_name("key"), inner, depth=depth)
        value = self.read(body.child_by_field_name("value"), inner, depth=depth)
        return ComprehensionExpr(kind, value, key)

    def _value(self, node: Node, scope: Scope, depth: int) -> Expr:
        return self.read(node.child_by_field_name("value"), scope, depth=depth)

    def _right(self, node: Node, scope: Scope, depth: int) -> Expr:
        return self.read(node.child_by_field_name("right"), scope, depth=depth)

    def _argument(self, node: Node, scope: Scope, depth: int) -> Expr:
        return self.read(node.child_by_field_name("argument"), scope, depth=depth)

    def _inner(self, node: Node, scope: Scope, depth: int) -> Expr:
        children = [child for child in node.named_children if child.type != "comment"]
        return self.read(children[0], scope, depth=depth) if children else UNKNOWN


def _is_cast(function: Expr) -> bool:
    return isinstance(function, NameExpr | AttributeExpr) and function.name == "cast"
