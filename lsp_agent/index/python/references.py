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
from lsp_agent.index.python.evidence import Evidence
from lsp_agent.index.python.modules import Module
from lsp_agent.index.python.named import declared_as
from lsp_agent.index.python.project import Project
from lsp_agent.index.python.resolve import Resolver
from lsp_agent.index.python.types import Declaration, Target
from lsp_agent.syntax.python_model import BindingKind, Role, ScopeKind
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
    names = search.resolver.lookup.names(path)
    occurrence = names.at(position) if names is not None else None
    if occurrence is None:
        return Found(())
    targets = search.resolver.keys(path, occurrence)
    return search.references(targets, {occurrence.name}, include_declaration)


def find_references_by_name(
    project: Project,
    name: str,
    path: str | None = None,
    *,
    include_declaration: bool = True,
    cancel: CancelToken | None = None,
    seconds: float | None = None,
) -> Found:
    """Return where all symbols of a name (``f``, ``Class.method``, ``module.f``) are used.

    ``path`` limits the declarations to one file, not the uses. Raises and limits as
    :func:`find_references`.
    """
    search = _Search(project, cancel or CancelToken(), seconds)
    targets = frozenset[Target](declared_as(search.resolver, project, name, path))
    return search.references(targets, {name.rpartition(".")[2]}, include_declaration)


def find_definitions(
    project: Project, path: str, position: Position, *, cancel: CancelToken | None = None
) -> tuple[Location, ...]:
    """Return where the symbol at a position is declared, of a module its file's beginning."""
    search = _Search(project, cancel or CancelToken(), None)
    names = search.resolver.lookup.names(path)
    occurrence = names.at(position) if names is not None else None
    if occurrence is None:
        return ()
    return tuple(search.locations(search.resolver.keys(path, occurrence)))


def find_definitions_by_name(
    project: Project,
    name: str,
    path: str | None = None,
    *,
    cancel: CancelToken | None = None,
) -> tuple[Location, ...]:
    """Return where symbols of a name (``f``, ``Class.method``, ``module.f``) are declared."""
    search = _Search(project, cancel or CancelToken(), None)
    targets = frozenset[Target](declared_as(search.resolver, project, name, path))
    return tuple(search.locations(targets))


@dataclass
class _Search:
    """One question; what it learns of files is forgotten with it."""

    project: Project
    cancel: CancelToken
    seconds: float | None
    began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.resolver = Resolver(self.project)

    @property
    def late(self) -> bool:
        return self.seconds is not None and time.monotonic() - self.began > self.seconds

    def references(
        self, targets: frozenset[Target], asked: set[str], include_declaration: bool
    ) -> Found:
        if not targets:
            return Found(())
        declarations = [one for one in targets if isinstance(one, Declaration)]
        evidence = Evidence(self.resolver, declarations)
        places = {(one.path, one.start) for one in declarations}
        found: list[Location] = []
        complete = True
        for path, name in self._candidates(targets, asked):
            self.cancel.check()
            if self.late:
                complete = False
                break
            names = self.resolver.lookup.names(path)
            for one in names.occurrences(name) if names is not None else ():
                if not include_declaration and (path, one.start) in places:
                    continue
                keys = self.resolver.keys(path, one)
                if keys & targets:
                    found.append(self._location(path, one.start, name))
                elif one.role is Role.ATTRIBUTE and not keys:
                    evidence.consider(path, one)
                evidence.learn(path, one)
        fitting = [
            self._location(path, one.start, one.name, certain=False)
            for path, one in evidence.fitting()
        ]
        locations = sorted(found + fitting, key=lambda one: (one.path, one.range.start))
        return Found(tuple(locations), complete)

    def locations(self, targets: frozenset[Target]) -> Iterator[Location]:
        for module in sorted(one.path or "" for one in targets if isinstance(one, Module)):
            if module:
                yield Location(module, Range(Position(0, 0), Position(0, 0)))
        declared = [one for one in targets if isinstance(one, Declaration)]
        for one in sorted(declared, key=lambda each: (each.path, each.start)):
            yield self._location(one.path, one.start, one.binding.name)

    def _candidates(self, targets: frozenset[Target], asked: set[str]) -> Iterator[tuple[str, str]]:
        declarations = [one for one in targets if isinstance(one, Declaration)]
        local = len(declarations) == len(targets) and all(map(_is_local, declarations))
        for name in sorted(asked | {one.binding.name for one in declarations}):
            files = {one.path for one in declarations} if local else self.project.files_with(name)
            for path in files:
                yield path, name

    def _location(self, path: str, start: int, name: str, *, certain: bool = True) -> Location:
        names = self.resolver.lookup.names(path)
        begin = names.position(start) if names is not None else Position(0, 0)
        end = Position(begin.line, begin.character + len(name))
        return Location(path, Range(begin, end), certain)


def _is_local(one: Declaration) -> bool:
    if one.binding.kind in (BindingKind.PARAMETER, BindingKind.ATTRIBUTE):
        return False
    return one.binding.scope.kind in _LOCAL
