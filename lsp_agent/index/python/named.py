"""Declarations by their dotted name, as people and models write it."""

from __future__ import annotations

from collections.abc import Iterator

from lsp_agent.index.python.project import Project
from lsp_agent.index.python.resolve import Resolver
from lsp_agent.index.python.types import Declaration
from lsp_agent.syntax.python_model import BindingKind, Occurrence, Role, Scope, ScopeKind
from lsp_agent.syntax.python_names import PythonNames

_OPEN = (ScopeKind.MODULE, ScopeKind.CLASS)


def declared_as(
    resolver: Resolver, project: Project, name: str, path: str | None = None
) -> Iterator[Declaration]:
    """Yield what a dotted name declares: its end must fit, from the module's name on.

    Locals and parameters have no such name. Imports do not count, unless they are all there is.
    """
    *outer, last = name.split(".")
    imported: list[Declaration] = []
    found = False
    for file in [path] if path is not None else project.files_with(last):
        names = resolver.lookup.names(file)
        for one in names.occurrences(last) if names is not None else ():
            declaration = _declaration(resolver, file, names, one) if names is not None else None
            if declaration is None or not _fits(outer, file, declaration):
                continue
            if declaration.binding.kind is BindingKind.IMPORT:
                imported.append(declaration)
                continue
            found = True
            yield declaration
    if not found:
        for each in imported:
            for target in resolver.lookup.followed(each.path, each.binding):
                if isinstance(target, Declaration):
                    yield target


def _declaration(
    resolver: Resolver, path: str, names: PythonNames, one: Occurrence
) -> Declaration | None:
    if one.role is Role.BINDING and names.home(one).kind in _OPEN:
        binding = names.binding_at(one.name, one.start)
        return Declaration(path, one.start, binding) if binding is not None else None
    if one.role is Role.ATTRIBUTE and one.stores:
        for binding, receiver in names.attribute_stores(one.name):
            if binding.start == one.start and resolver.inference.members.on_self(path, receiver):
                return Declaration(path, one.start, binding)
    return None


def _fits(outer: list[str], path: str, one: Declaration) -> bool:
    """Say whether the names around a declaration end in those that are asked for."""
    module = path.rpartition(".")[0].removesuffix("/__init__")
    scopes: list[str] = []
    scope: Scope | None = one.binding.scope
    if one.binding.kind is BindingKind.ATTRIBUTE and scope is not None:
        scope = scope.parent
    while scope is not None:
        scopes += [scope.name] if scope.kind is not ScopeKind.MODULE and scope.name else []
        scope = scope.parent
    around = [*module.split("/"), *reversed(scopes)]
    return not outer or around[-len(outer) :] == outer
