"""Which ways control takes through Python statements: what surely is assigned, what surely ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from lsp_agent.refactor.effects import LOOPS, may_catch, own
from lsp_agent.syntax.tree import SyntaxNode

ENDS = frozenset({"return_statement", "raise_statement", "continue_statement", "break_statement"})
_CLAUSES = frozenset({"elif_clause", "else_clause"})
_HANDLERS = frozenset({"except_clause", "except_group_clause"})

Assigns = Callable[[SyntaxNode], bool]
"""Whether a simple statement, or the head of a compound one, assigns what is asked for."""


def statements_of(block: SyntaxNode | None) -> list[SyntaxNode]:
    """Return the statements of a block."""
    return block.parts if block is not None else []


def body_of(node: SyntaxNode) -> list[SyntaxNode]:
    """Return the statements of the block that a statement or clause holds."""
    block = node.child("consequence") or node.child("body")
    if block is None:
        block = next((one for one in reversed(node.parts) if one.type == "block"), None)
    return statements_of(block)


def leaves(statements: Iterable[SyntaxNode]) -> bool:
    """Whether control never gets behind some statements: they return, raise, or go on in a loop."""
    return any(_leaves(one) for one in statements)


def _leaves(node: SyntaxNode) -> bool:
    if node.type in ENDS:
        return True
    if node.type in ("if_statement", "try_statement"):
        return all(leaves(one) for one in _branches(node)) and _is_complete(node)
    if node.type == "with_statement":
        # What it manages may swallow what is raised, but not a return.
        returns = any(one.type == "return_statement" for one in body_of(node))
        return returns and not may_catch(node)
    return False


def assigned(statements: Iterable[SyntaxNode], assigns: Assigns) -> bool:
    """Whether something is surely assigned once control is behind some statements."""
    return any(_assigned(one, assigns) for one in statements)


def _assigned(node: SyntaxNode, assigns: Assigns) -> bool:
    if node.type in ("if_statement", "try_statement"):
        branches = _branches(node)
        if node.type == "try_statement":
            last = next((one for one in node.parts if one.type == "finally_clause"), None)
            if last is not None and assigned(body_of(last), assigns):
                return True
        ways = [one for one in branches if not leaves(one)]
        return _is_complete(node) and all(assigned(one, assigns) for one in ways)
    if node.type == "with_statement":
        head = next((one for one in node.parts if one.type == "with_clause"), None)
        return (head is not None and assigns(head)) or assigned(body_of(node), assigns)
    if node.type in LOOPS or node.type == "match_statement":
        return False
    return assigns(node)


def _is_complete(node: SyntaxNode) -> bool:
    """Whether one of a statement's branches is taken in any case."""
    return node.type == "try_statement" or any(one.type == "else_clause" for one in node.parts)


def _branches(node: SyntaxNode) -> list[list[SyntaxNode]]:
    """Return the ways through an ``if``, or through a ``try`` but its ``finally``."""
    body = body_of(node)
    if node.type == "if_statement":
        return [body, *(body_of(one) for one in node.parts if one.type in _CLAUSES)]
    after = next((body_of(one) for one in node.parts if one.type == "else_clause"), [])
    handlers = [body_of(one) for one in node.parts if one.type in _HANDLERS]
    return [[*body, *after], *handlers]


def jumps_out(nodes: list[SyntaxNode]) -> bool:
    """Whether some statements hold a ``break`` or ``continue`` of a loop around them."""
    for jump in own(nodes, "break_statement", "continue_statement"):
        if not any(
            loop.type in LOOPS and any(node.holds(loop) for node in nodes)
            and not _is_in_else(jump, loop)
            for loop in jump.around()
        ):  # fmt: skip
            return True
    return False


def _is_in_else(jump: SyntaxNode, loop: SyntaxNode) -> bool:
    clauses = [one for one in loop.parts if one.type == "else_clause"]
    return any(one.holds(jump) for one in clauses)
