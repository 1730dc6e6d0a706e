"""The little of control flow that is followed: hidden assignments and ``isinstance``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lsp_agent.syntax.python_chain import COMPREHENSIONS, Chain, Walker
from lsp_agent.syntax.python_exprs import ExpressionReader
from lsp_agent.syntax.python_model import (
    Binding,
    BindingKind,
    CallExpr,
    Expr,
    NameExpr,
    Scope,
    ScopeKind,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_LOOPS = frozenset({"for_statement", "while_statement"})
_LAZY = tuple(COMPREHENSIONS)


class Flow:
    """Answers for one file; ``descend`` gives the way to a byte, ``chain_of`` that to a binding."""

    def __init__(
        self,
        walker: Walker,
        expressions: ExpressionReader,
        descend: Callable[[int], Chain],
        chain_of: Callable[[int], Chain | None],
    ) -> None:
        self._walker = walker
        self._expressions = expressions
        self._descend = descend
        self._chain_of = chain_of

    def narrowed(self, name: str, start: int) -> Expr | None:
        """Return ``C`` where ``isinstance(name, C)`` is known to hold at an offset."""
        chain = self._descend(start)
        found: Expr | None = None
        for index in range(1, len(chain)):
            node, (child, field) = chain[index - 1].node, chain[index]
            test: Node | None = None
            if node.type in ("if_statement", "elif_clause") and field == "consequence":
                test = node.child_by_field_name("condition")
            elif node.type == "conditional_expression" and index < len(chain):
                parts = node.named_children
                if len(parts) == 3 and parts[0].start_byte == child.start_byte:
                    test = parts[1]
            elif node.type == "boolean_operator" and field == "right":
                operator = node.child_by_field_name("operator")
                if operator is not None and operator.type == "and":
                    test = node.child_by_field_name("left")
            elif node.type == "block":
                found = self._asserted(name, node, start, chain, index) or found
            if test is not None:
                found = self._tested(name, test, chain, index - 1) or found
            if node.type in ("function_definition", "class_definition", "lambda"):
                found = None
        return found

    def _asserted(
        self, name: str, block: Node, start: int, chain: Chain, index: int
    ) -> Expr | None:
        """Look for ``assert isinstance(…)`` above a place in its block."""
        for statement in block.named_children:
            if statement.start_byte >= start:
                break
            if statement.type == "assert_statement" and statement.named_children:
                found = self._tested(name, statement.named_children[0], chain, index)
                if found is not None:
                    return found
        return None

    def _tested(self, name: str, test: Node, chain: Chain, index: int) -> Expr | None:
        pending = [test]
        while pending:
            node = pending.pop()
            if node.type == "call":
                call = self._expressions.read(node, self._walker.scope(chain, index))
                if _is_test(call, name) and isinstance(call, CallExpr):
                    return call.arguments[1]
            elif node.type in ("boolean_operator", "parenthesized_expression"):
                operator = node.child_by_field_name("operator")
                if operator is None or operator.type == "and":
                    pending += node.named_children
        return None

    def reaching(self, bindings: list[Binding], start: int) -> list[Binding]:
        """Return those of one scope's bindings that a use at an offset may see.

        Bindings in an enclosing block hide those above them; what stands below counts only in a
        common loop. Of another function's bindings all count.
        """
        if len(bindings) < 2:
            return bindings
        use = self._descend(start)
        if self._running(use) != bindings[0].scope:
            return bindings
        blocks = {link.node.id for link in use if link.node.type in ("block", "module")}
        loops = {link.node.id for link in use if link.node.type in _LOOPS}
        found: list[Binding] = []
        for one in bindings:
            chain = self._chain_of(one.start)
            if chain is None or one.kind in (BindingKind.FUNCTION, BindingKind.CLASS):
                found.append(one)
                continue
            if one.start > start or self._still_evaluated(chain, use):
                if any(link.node.id in loops for link in chain):
                    found.append(one)
                continue
            if _innermost_block(chain) in blocks and self._certain(chain, one, use):
                found.clear()
            found.append(one)
        return found or bindings

    def _still_evaluated(self, chain: Chain, use: Chain) -> bool:
        """Say whether a use stands in the value that is assigned."""
        inside = {link.node.id for link in use}
        return any(
            link.node.type in ("assignment", "named_expression") and link.node.id in inside
            for link in chain
        )

    def _certain(self, chain: Chain, one: Binding, use: Chain) -> bool:
        """Say whether a binding above has happened: that of a loop has inside of it only."""
        if one.kind is not BindingKind.FOR:
            return one.kind is not BindingKind.AUGMENTED
        inside = {link.node.id for link in use}
        loops = [link.node.id for link in chain if link.node.type in ("for_statement", *_LAZY)]
        return bool(loops) and loops[-1] in inside

    def _running(self, chain: Chain) -> Scope:
        scope = self._walker.scope(chain, len(chain) - 1)
        while scope.kind is ScopeKind.COMPREHENSION and scope.parent is not None:
            scope = scope.parent
        return scope


def _innermost_block(chain: Chain) -> int:
    for link in reversed(chain):
        if link.node.type in ("block", "module"):
            return link.node.id
    return 0


def _is_test(call: Expr, name: str) -> bool:
    if not isinstance(call, CallExpr) or len(call.arguments) != 2:
        return False
    function, first = call.function, call.arguments[0]
    return (
        isinstance(function, NameExpr)
        and function.name == "isinstance"
        and isinstance(first, NameExpr)
        and first.name == name
    )
