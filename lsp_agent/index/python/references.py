"""Definitions and references of Python symbols in a workspace.

As gopls and rust-analyzer do it: the files that hold a symbol's name come from a word index, and
each occurrence in them is resolved to its declarations; those that share one with the symbol are
its references. pyright is followed where there is a choice: a new name given by ``import … as`` is
a symbol of its own, a method that overrides another is too, and of an attribute's declarations one
that says its type goes before assignments.

Cost: a parse of each candidate file that is not in memory yet (about 0.1 s a MB), then some 50 µs
an occurrence.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from lsp_agent.cancel import CancelToken
from lsp_agent.index.python.infer import Inference
from lsp_agent.index.python.lookup import Lookup
from lsp_agent.index.python.modules import Module
from lsp_agent.index.python.project import Project
from lsp_agent.index.python.types import (
    ClassObject,
    Declaration,
    External,
    FunctionObject,
    Target,
)
from lsp_agent.syntax.python_model import BindingKind, Function, Occurrence, Role, Scope, ScopeKind
from lsp_agent.syntax.python_names import PythonNames
from lsp_agent.workspace.positions import Position, Range

_LOCAL = (ScopeKind.FUNCTION, ScopeKind.LAMBDA, ScopeKind.COMPREHENSION, ScopeKind.TYPES)


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file; ``certain`` says whether it was resolved or only fits the evidence."""

    path: str
    range: Range
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """Locations in order of path and place; ``complete`` is false when time ran out."""

    locations: tuple[Location, ...]
    complete: bool = True


def find_references(
    project: Project,
    path: str,
    position: Position,
    *,
    include_declaration: bool = True,
    cancel: CancelToken | None = None,
    seconds: float | None = None,
) -> Found:
    """Return where the symbol at a position is used.

    Raises :class:`~lsp_agent.cancel.Cancelled`; after ``seconds`` what was found until then is
    returned, and said to be incomplete.
    """
    search = _Search(project, cancel or CancelToken(), seconds)
    occurrence = search.occurrence(path, position)
    if occurrence is None:
        return Found(())
    keys = search.keys(path, occurrence)
    return search.references(keys, {occurrence.name}, path, include_declaration)


def find_definitions(
    project: Project, path: str, position: Position, *, cancel: CancelToken | None = None
) -> tuple[Location, ...]:
    """Return where the symbol at a position is declared, of a module its file's beginning."""
    search = _Search(project, cancel or CancelToken(), None)
    occurrence = search.occurrence(path, position)
    if occurrence is None:
        return ()
    return tuple(search.locations(search.keys(path, occurrence)))


@dataclass
class _Search:
    """One question; what it learns of files is forgotten with it."""

    project: Project
    cancel: CancelToken
    seconds: float | None
    began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.lookup = Lookup(self.project)
        self.inference = Inference(self.lookup)
        self._resolved: dict[tuple[str, str, Scope, int], frozenset[Target]] = {}

    @property
    def late(self) -> bool:
        return self.seconds is not None and time.monotonic() - self.began > self.seconds

    def occurrence(self, path: str, position: Position) -> Occurrence | None:
        names = self.lookup.names(path)
        return names.at(position) if names is not None else None

    def references(
        self, keys: frozenset[Target], asked: set[str], path: str, include_declaration: bool
    ) -> Found:
        declarations = [one for one in keys if isinstance(one, Declaration)]
        spelled = asked | {one.binding.name for one in declarations}
        places = {(one.path, one.start) for one in declarations}
        found: list[Location] = []
        complete = True
        for file, name in self._candidates(keys, spelled, path):
            self.cancel.check()
            if self.late:
                complete = False
                break
            names = self.lookup.names(file)
            if names is None:
                continue
            for one in names.occurrences(name):
                if not include_declaration and (file, one.start) in places:
                    continue
                if self.keys(file, one) & keys:
                    found.append(_location(names, file, one.start, name))
        found.sort(key=lambda one: (one.path, one.range.start))
        return Found(tuple(found), complete)

    def locations(self, keys: frozenset[Target]) -> Iterator[Location]:
        for module in sorted(one.path or "" for one in keys if isinstance(one, Module)):
            if module:
                yield Location(module, Range(Position(0, 0), Position(0, 0)))
        declared = [one for one in keys if isinstance(one, Declaration)]
        for one in sorted(declared, key=lambda key: (key.path, key.start)):
            names = self.lookup.names(one.path)
            if names is not None:
                yield _location(names, one.path, one.start, one.binding.name)

    def keys(self, path: str, one: Occurrence) -> frozenset[Target]:
        """Return the declarations that an occurrence stands for."""
        names = self.lookup.names(path)
        if names is None:
            return frozenset()
        if one.role is Role.ATTRIBUTE or one.role is Role.PATTERN_KEYWORD:
            return self._of_attribute(path, names, one)
        if one.role is Role.KEYWORD:
            return self._of_keyword(path, names, one)
        if one.role is Role.IMPORTED:
            source = names.imported_from(one)
            module = self.lookup.modules.resolve(source, path)
            if module is None:
                return frozenset([External(source, one.name)])
            return frozenset(self.lookup.member(module, one.name, aliases=False))
        if one.role is Role.MODULE:
            prefix = names.module_prefix(one)
            module = self.lookup.modules.resolve(prefix, path)
            return frozenset([External(prefix, None) if module is None else module])
        if one.role is Role.LISTED and one.scope.kind is ScopeKind.CLASS:
            klass = self.inference.members.reference(path, one.scope)
            return frozenset(self.inference.members.symbol(klass, one.name) if klass else ())
        return self._of_name(path, names, one)

    def _candidates(
        self, keys: frozenset[Target], spelled: set[str], path: str
    ) -> Iterator[tuple[str, str]]:
        local = bool(keys) and all(_is_local(key) for key in keys)
        for name in sorted(spelled):
            files = [path] if local else self.project.files_with(name)
            for file in files:
                yield file, name

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

    def _of_attribute(self, path: str, names: PythonNames, one: Occurrence) -> frozenset[Target]:
        receiver = names.receiver(one)
        types = self.inference.types_of(path, receiver)
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


def _is_local(key: Target) -> bool:
    if not isinstance(key, Declaration) or key.binding.kind is BindingKind.PARAMETER:
        return False
    return key.binding.scope.kind in _LOCAL and key.binding.kind is not BindingKind.ATTRIBUTE


def _location(names: PythonNames, path: str, start: int, name: str) -> Location:
    begin = names.position(start)
    return Location(path, Range(begin, Position(begin.line, begin.character + len(name))))
