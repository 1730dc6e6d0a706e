"""Imports of Python files: what they bind, how a file writes another module, edits of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from lsp_agent.index.python.modules import Modules
from lsp_agent.refactor.errors import RefusedError
from lsp_agent.refactor.source import Source, Span

Import = ast.Import | ast.ImportFrom


@dataclass(frozen=True, slots=True)
class Taken:
    """One name that an import binds: ``import a.b`` binds ``a``."""

    statement: Import
    alias: ast.alias

    @property
    def name(self) -> str:
        """The name that is bound."""
        if self.alias.asname:
            return self.alias.asname
        whole = isinstance(self.statement, ast.ImportFrom)
        return self.alias.name if whole else self.alias.name.partition(".")[0]


def taken(body: Sequence[ast.stmt]) -> Iterator[Taken]:
    """Yield what the imports right in a body bind."""
    for statement in body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            for alias in statement.names:
                yield Taken(statement, alias)


def module_text(statement: ast.ImportFrom) -> str:
    """Return the module of an import as it is written."""
    return "." * statement.level + (statement.module or "")


def is_for_checkers(statement: ast.stmt) -> TypeGuard[ast.If]:
    """Whether a statement is an ``if TYPE_CHECKING``."""
    return isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.unparse(statement.test)


def imported_modules(source: Source) -> Iterator[str]:
    """Yield the modules, as written, that a file imports when it is imported itself.

    What only type checkers see and what functions import is left out.
    """
    pending: list[ast.stmt] = list(source.tree.body)
    while pending:
        one = pending.pop()
        if isinstance(one, ast.Import):
            yield from (alias.name for alias in one.names)
        elif isinstance(one, ast.ImportFrom):
            yield module_text(one)
            dots = "" if module_text(one).endswith(".") else "."
            yield from (f"{module_text(one)}{dots}{alias.name}" for alias in one.names)
        elif is_for_checkers(one):
            pending += one.orelse
        elif not isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
            pending += [
                each for each in ast.walk(one) if isinstance(each, ast.Import | ast.ImportFrom)
            ]


def spelled(modules: Modules, importer: str, target: str, *, relative: bool, like: str = "") -> str:
    """Return how a file writes the module of another; raises :class:`RefusedError` if it can't.

    ``like`` is how it writes a module beside the target, if it does.
    """
    parts = target.removesuffix(".py").removesuffix("/__init__").split("/")
    absolute = [".".join(parts[start:]) for start in range(len(parts))]
    if parts[0] == "src":
        absolute = absolute[1:]
    if like:
        length = like.count(".") + 1
        absolute.sort(key=lambda one: one.count(".") + 1 != length)
    tried = ([_relative(importer, parts)] if relative else []) + absolute
    for one in tried:
        found = modules.resolve(one, importer) if one else None
        if found is not None and found.path == target:
            return one
    raise RefusedError(f"it is not known how {importer} would import {target}")


def _relative(importer: str, parts: Sequence[str]) -> str:
    here = importer.split("/")[:-1]
    shared = 0
    while shared < min(len(here), len(parts) - 1) and here[shared] == parts[shared]:
        shared += 1
    return "." * (len(here) - shared + 1) + ".".join(parts[shared:])


def without(source: Source, statement: Import, gone: Sequence[ast.alias]) -> tuple[Span, str]:
    """Return the edit that takes names out of an import, its whole line where none is left."""
    span = source.span(statement)
    old = source.slice(span)
    if "#" in old:
        raise RefusedError(f"the import at {source.path}:{statement.lineno} has comments in it")
    kept = [one for one in statement.names if one not in gone]
    if not kept:
        return whole_line(source, span), ""
    names = [f"{one.name} as {one.asname}" if one.asname else one.name for one in kept]
    head = f"from {module_text(statement)} import" if isinstance(statement, ast.ImportFrom) else (
        "import"
    )  # fmt: skip
    if "\n" not in old:
        return span, f"{head} {', '.join(names)}"
    indent = " " * statement.col_offset
    rows = "".join(f"{indent}    {one},{source.text.eol}" for one in names)
    return span, f"{head} ({source.text.eol}{rows}{indent})"


def whole_line(source: Source, span: Span) -> Span:
    """Return the span with what is on its lines, the line end included."""
    start = source.data.rfind(b"\n", 0, span[0]) + 1
    end = source.data.find(b"\n", span[1])
    end = len(source.data) if end < 0 else end + 1
    alone = not source.data[start : span[0]].strip() and not source.data[span[1] : end].strip()
    if not alone:
        raise RefusedError(f"{source.path}:{source.line_of(span[0])} holds more than one statement")
    return start, end


def import_place(source: Source) -> int:
    """Return the offset of the line behind the last import, or where the first would stand."""
    last: ast.stmt | None = None
    for index, one in enumerate(source.tree.body):
        documents = index == 0 and isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant)
        if isinstance(one, ast.Import | ast.ImportFrom) or documents:
            last = one
    if last is None:
        return 0
    end = source.data.find(b"\n", source.span(last)[1])
    return len(source.data) if end < 0 else end + 1
