"""Occurrences to the declarations they stand for."""

from __future__ import annotations

from lsp_agent.index.python.infer import Inference
from lsp_agent.index.python.lookup import Lookup
from lsp_agent.index.python.project import Project
from lsp_agent.index.python.types import (
    ClassObject,
    Declaration,
    External,
    FunctionObject,
    Target,
    Types,
)
from lsp_agent.syntax.python_model import Function, Occurrence, Role, Scope, ScopeKind
from lsp_agent.syntax.python_names import PythonNames


class Resolver:
    """Resolves occurrences in one state of a workspace; not thread-safe."""

    def __init__(self, project: Project) -> None:
        self.lookup = Lookup(project)
        self.inference = Inference(self.lookup)
        self._resolved: dict[tuple[str, str, Scope, int], frozenset[Target]] = {}

    def keys(self, path: str, one: Occurrence) -> frozenset[Target]:
        """Return the declarations that an occurrence stands for."""
        names = self.lookup.names(path)
        if names is None:
            return frozenset()
        if one.role is Role.ATTRIBUTE or one.role is Role.PATTERN_KEYWORD:
            return self._of_attribute(path, one)
        if one.role is Role.KEYWORD:
            return self._of_keyword(path, names, one)
        if one.role in (Role.IMPORTED, Role.MODULE):
            return self._of_module(path, names, one)
        if one.role is Role.LISTED and one.scope.kind is ScopeKind.CLASS:
            klass = self.inference.members.reference(path, one.scope)
            return frozenset(self.inference.members.symbol(klass, one.name) if klass else ())
        return self._of_name(path, names, one)

    def _of_name(self, path: str, names: PythonNames, one: Occurrence) -> frozenset[Target]:
        binds = one.role is Role.BINDING
        scope = names.home(one) if binds else one.scope
        before = -1 if binds or one.role is Role.LISTED else one.start
        if scope.kind not in (ScopeKind.CLASS, ScopeKind.MODULE):
            before = -1
        key = (path, one.name, scope, before)
        if key not in self._resolved:
            self._resolved[key] = self._resolve(path, one.name, scope, before)
        return self._resolved[key]

    def _resolve(self, path: str, name: str, scope: Scope, before: int) -> frozenset[Target]:
        found: set[Target] = set()
        declared = self.lookup.declarations(path, name, scope, before if before >= 0 else None)
        for one in declared:
            if not isinstance(one, Declaration):
                found.add(one)
                continue
            found |= set(self.lookup.followed(one.path, one.binding, aliases=False))
            home = one.binding.scope
            if home.kind is ScopeKind.CLASS and one.path == path:
                klass = self.inference.members.reference(path, home)
                if klass is not None:
                    found |= set(self.inference.members.symbol(klass, name))
        return frozenset(found)

    def _of_module(self, path: str, names: PythonNames, one: Occurrence) -> frozenset[Target]:
        """Resolve a part of an import: a module's dotted name, or what is taken from it."""
        if one.role is Role.MODULE:
            prefix = names.module_prefix(one)
            module = self.lookup.modules.resolve(prefix, path)
            return frozenset([External(prefix, None) if module is None else module])
        source = names.imported_from(one)
        module = self.lookup.modules.resolve(source, path)
        if module is None:
            return frozenset([External(source, one.name)])
        return frozenset(self.lookup.member(module, one.name, aliases=False))

    def receivers(self, path: str, one: Occurrence) -> Types:
        """Return what stands before an attribute's dot; empty where that is not known."""
        names = self.lookup.names(path)
        return self.inference.types_of(path, names.receiver(one)) if names is not None else ()

    def _of_attribute(self, path: str, one: Occurrence) -> frozenset[Target]:
        types = self.receivers(path, one)
        return frozenset(each for kind in types for each in self.inference.found_on(kind, one.name))

    def _of_keyword(self, path: str, names: PythonNames, one: Occurrence) -> frozenset[Target]:
        function = names.called(one)
        if function is None:
            return frozenset()
        found: set[Target] = set()
        for each in self.inference.types_of(path, function):
            if isinstance(each, FunctionObject):
                found |= self._parameter(each.path, each.info, one.name)
            elif isinstance(each, ClassObject):
                found |= self._of_constructor(each, one)
        return frozenset(found)

    def _of_constructor(self, klass: ClassObject, one: Occurrence) -> set[Target]:
        init = self.inference.members.method(klass.klass, "__init__")
        if init is not None:
            owner, function = init
            return self._parameter(owner.path, function, one.name)
        return set(self.inference.found_on(klass, one.name))

    def _parameter(self, path: str, function: Function, name: str) -> set[Target]:
        names = self.lookup.names(path)
        starts = [one.start for one in function.parameters if one.name == name and not one.stars]
        found = [names.binding_at(name, start) for start in starts] if names is not None else []
        return {Declaration(path, one.start, one) for one in found if one is not None}
