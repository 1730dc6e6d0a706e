"""What a module binds, and what a part of it takes from the rest."""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterator

from lsp_agent.refactor.errors import RefusedError
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


def refuse_early(source: Source, name: str) -> None:
    """Refuse where a module uses a name while it is read, before its end defines it.

    What calls at its top run is followed by name, through what the module defines.
    """
    top = [one for one in ast.walk(source.tree) if not source.enclosing(one)]
    for node in top:
        if name in _named(node):
            line = getattr(node, "lineno", 1)
            raise RefusedError(f"{source.path}:{line} uses {name} when the module is read")
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    known = {one.name: one for one in source.tree.body if isinstance(one, definitions)}
    run: list[ast.AST] = [one for one in top if isinstance(one, ast.Call)]
    run += [one for each in top if isinstance(each, definitions) for one in each.decorator_list]
    while run:
        used = {one for node in ast.walk(run.pop()) for one in _named(node)}
        if name in used:
            raise RefusedError(f"{source.path} may run {name} when the module is read")
        run += [known.pop(one) for one in used & set(known)]


def _named(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Name):
        return {node.id}
    return {node.attr} if isinstance(node, ast.Attribute) else set()
