"""What a module binds, and what a part of it takes from the rest."""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterator

from lsp_agent.refactor.import_lines import is_for_checkers, taken
from lsp_agent.refactor.source import Source


def free_names(block: str) -> set[str]:
    """Return the names that code takes from around it, those in quoted annotations too."""
    found: set[str] = set()
    pending = [symtable.symtable(block, "block", "exec")]
    top = pending[0]
    while pending:
        table = pending.pop()
        for symbol in table.get_symbols():
            if symbol.is_global() or (table is top and symbol.is_referenced()):
                found.add(symbol.get_name())
        pending += table.get_children()
    for node in ast.walk(ast.parse(block)):
        hints = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        for hint in (one for one in hints if isinstance(one, ast.AST)):
            found |= set(_quoted(hint))
    return found


def _quoted(hint: ast.AST) -> Iterator[str]:
    for node in ast.walk(hint):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                inner = ast.parse(node.value, mode="eval")
            except (SyntaxError, ValueError):
                continue
            yield from (one.id for one in ast.walk(inner) if isinstance(one, ast.Name))


def bound_names(content: str) -> set[str]:
    """Return what a module binds."""
    table = symtable.symtable(content, "module", "exec")
    return {one.get_name() for one in table.get_symbols() if one.is_assigned() or one.is_imported()}


def has_future(source: Source) -> bool:
    """Whether a file puts annotations off, or has another import from ``__future__``."""
    return any(
        isinstance(one.statement, ast.ImportFrom) and one.statement.module == "__future__"
        for one in taken(source.tree.body)
    )


def names_for_checkers(source: Source) -> set[str]:
    """Return the names that are imported under ``if TYPE_CHECKING``."""
    return {
        each.name for one in source.tree.body if is_for_checkers(one) for each in taken(one.body)
    }


def is_relative(source: Source) -> bool:
    """Whether a file imports from its own package by dots."""
    return any(
        isinstance(one.statement, ast.ImportFrom) and one.statement.level
        for one in taken(source.tree.body)
    )
