"""Every use of the Python name at a place.

Uses are told apart by :mod:`lsp_agent.index.python`; what it can't tell is refused with its place.
Cost: a look at each file for the name, where no index says that it is not there; a parse of those
that hold it.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lsp_agent.index.python.evidence import Evidence
from lsp_agent.index.python.modules import Module
from lsp_agent.index.python.resolve import Resolver
from lsp_agent.index.python.types import BuiltinClass, ClassRef, Declaration, External, Target
from lsp_agent.refactor.errors import RefusedError
from lsp_agent.refactor.files import PYTHON, WorkspaceFiles
from lsp_agent.refactor.origins import Origins
from lsp_agent.syntax.python_model import (
    AttributeExpr,
    BindingKind,
    NameExpr,
    Occurrence,
    Role,
    ScopeKind,
)
from lsp_agent.workspace.positions import Position

_COPYING = frozenset({"replace", "_replace", "evolve"})
_COPYING_MODULES = frozenset({"dataclasses", "attr", "attrs", "copy"})
_OPEN = (ScopeKind.MODULE, ScopeKind.CLASS)
# Bases of the standard library that bring no members which a name could meet.
_EMPTY_BASES = frozenset(
    {
        "ABC", "Generic", "Protocol", "NamedTuple", "TypedDict", "Enum", "IntEnum", "StrEnum",
        "Flag", "IntFlag", "object",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Use:
    """A place where a symbol's name stands; ``guessed`` says that it only fits the evidence."""

    path: str
    occurrence: Occurrence
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A symbol: its declarations, its uses, the classes whose member it is.

    ``related`` are those classes with all that inherit from them or that they inherit from;
    ``unique`` says that no other definition of the workspace has the name.
    """

    name: str
    targets: frozenset[Declaration]
    uses: tuple[Use, ...]
    related: tuple[ClassRef, ...]
    unique: bool

    @property
    def local(self) -> bool:
        """Whether the name is a parameter or belongs to one function."""
        return all(
            one.binding.scope.kind not in _OPEN and one.binding.kind is not BindingKind.ATTRIBUTE
            for one in self.targets
        )


class SymbolFinder:
    """Finds symbols and their uses in one state of a workspace; not thread-safe."""

    def __init__(self, files: WorkspaceFiles) -> None:
        self.files = files
        self.resolver = Resolver(files)
        self.members = self.resolver.inference.members
        self._origins = Origins(self.resolver)

    def find(self, path: str, position: Position, *, sure: bool = True) -> Found:
        """Return the symbol at a position; raises :class:`RefusedError` for what is not sure.

        Without ``sure`` uses of which nothing is known are left out, and unknown bases are allowed.
        """
        names = self.resolver.lookup.names(path)
        occurrence = names.at(position) if names is not None else None
        if names is None or occurrence is None:
            raise RefusedError("there is no name at this place")
        targets = self._declarations(path, occurrence)
        related = self._related(targets, occurrence.name, sure)
        targets |= self._family(targets, related, occurrence.name)
        uses, unique = self._uses(targets, occurrence.name, sure)
        self._refuse_stubs(targets, occurrence.name)
        return Found(occurrence.name, targets, tuple(uses), related, unique)

    def place(self, path: str, occurrence: Occurrence) -> str:
        """Return where an occurrence stands, as compilers print it."""
        names = self.resolver.lookup.names(path)
        at = names.position(occurrence.start) if names is not None else Position(0, 0)
        return f"{path}:{at.line + 1}:{at.character + 1}"

    def descendants(self, klass: ClassRef) -> Iterator[ClassRef]:
        """Yield the classes of the workspace that inherit from a class, directly or not."""
        seen, pending = {klass}, [klass]
        while pending:
            base = pending.pop()
            for one in self._classes_naming(base.info.name):
                if one not in seen and base in self.members.order(one):
                    seen.add(one)
                    pending.append(one)
                    yield one

    def _classes_naming(self, name: str) -> Iterator[ClassRef]:
        for path in self.files.files_with(name):
            document, names = self.files.read(path), self.resolver.lookup.names(path)
            if document is None or names is None:
                continue
            for symbol in document.symbols():
                if symbol.kind == "class":
                    start = document.byte_at(symbol.name_range.start)
                    binding = names.binding_at(symbol.name, start)
                    if binding is not None and binding.klass is not None:
                        yield ClassRef(path, start, binding.klass)

    def _declarations(self, path: str, occurrence: Occurrence) -> frozenset[Declaration]:
        found = self.resolver.keys(path, occurrence)
        for one in found:
            self._refuse_foreign(one, occurrence.name, self.place(path, occurrence))
        targets = frozenset(one for one in found if isinstance(one, Declaration))
        if not targets:
            raise RefusedError(
                f"it is not known what {occurrence.name} is at {self.place(path, occurrence)}"
            )
        return targets

    def _refuse_foreign(self, one: Target, name: str, place: str) -> None:
        if isinstance(one, External):
            raise RefusedError(f"{name} at {place} comes from {one.module}, not from the workspace")
        if isinstance(one, Module):
            raise RefusedError(f"{name} at {place} is a module: move its file to rename it")

    def owner(self, one: Declaration) -> ClassRef | None:
        """Return the class that a declaration is a member of."""
        scope = one.binding.scope
        if one.binding.kind is BindingKind.ATTRIBUTE:
            return self.members.enclosing(one.path, scope)
        return self.members.reference(one.path, scope) if scope.kind is ScopeKind.CLASS else None

    def _method_of(self, one: Declaration) -> tuple[ClassRef, str] | None:
        """Return the class and method that a parameter belongs to."""
        function = one.binding.function
        if one.binding.kind is not BindingKind.PARAMETER or function is None:
            return None
        klass = self.members.enclosing(one.path, function.body)
        return (klass, function.name) if klass is not None else None

    def _related(
        self, targets: frozenset[Declaration], name: str, sure: bool
    ) -> tuple[ClassRef, ...]:
        """Return the classes that share a member; raises where one's bases are not known."""
        found: dict[ClassRef, None] = {}
        pending: list[tuple[ClassRef, str]] = []
        for one in targets:
            owner = self.owner(one)
            method = self._method_of(one)
            pending += [(owner, name)] if owner else [method] if method else []
        while pending:
            klass, member = pending.pop()
            if klass in found or member == "__init__":
                # Constructors of subclasses are called by nobody who means this one.
                continue
            found[klass] = None
            if sure:
                self._refuse_unknown_bases(klass, member)
            for base in self.members.order(klass):
                if base is not None and self.members.symbol(base, member):
                    pending.append((base, member))
            pending += [(one, member) for one in self.descendants(klass)]
        return tuple(found)

    def _refuse_unknown_bases(self, klass: ClassRef, member: str) -> None:
        for one in self.members.order(klass):
            for base in self.members.bases(one) if one is not None else (None,):
                if base is None:
                    raise RefusedError(
                        f"{klass.info.name} inherits from a class outside the workspace, "
                        f"which may know {member}"
                    )
                if isinstance(base, BuiltinClass) and _may_know(base.name, member):
                    raise RefusedError(
                        f"{klass.info.name} inherits from {base.name}, which may know {member}"
                    )

    def _family(
        self, targets: frozenset[Declaration], related: tuple[ClassRef, ...], name: str
    ) -> frozenset[Declaration]:
        """Return the same member, or method's parameter, in related classes."""
        methods = {made[1] for one in targets if (made := self._method_of(one))}
        found: set[Declaration] = set()
        for klass in related:
            if not methods:
                found |= set(self.members.symbol(klass, name))
            for method in methods:
                for one in self.members.symbol(klass, method):
                    function = one.binding.function
                    names = self.resolver.lookup.names(one.path)
                    for each in function.parameters if function is not None else ():
                        binding = names.binding_at(name, each.start) if names else None
                        if each.name == name and binding is not None:
                            found.add(Declaration(one.path, each.start, binding))
        return frozenset(found)

    def _uses(
        self, targets: frozenset[Declaration], name: str, sure: bool
    ) -> tuple[list[Use], bool]:
        evidence = Evidence(self.resolver, list(targets))
        places = {(one.path, one.start) for one in targets}
        member = any(self.owner(one) for one in targets)
        called = self._called(targets)
        found: list[Use] = []
        doubtful: list[tuple[str, Occurrence]] = []
        unique = True
        for path, one in self._occurrences(name):
            keys = self.resolver.keys(path, one)
            if keys & targets:
                found.append(Use(path, one))
                if sure:
                    self._refuse_ambiguous(path, one, keys, targets)
            elif not keys and one.role is Role.ATTRIBUTE and member:
                evidence.consider(path, one)
                doubtful.append((path, one))
            elif not keys and one.role is Role.KEYWORD and sure:
                self._refuse_unknown_call(path, one, called)
                self._refuse_copy(path, one, member=member)
            if one.role is Role.BINDING and not keys & targets and (path, one.start) not in places:
                unique = unique and one.scope.kind not in _OPEN
            evidence.learn(path, one)
        found += self._fitting(evidence, doubtful if sure else [])
        return sorted(found, key=lambda use: (use.path, use.occurrence.start)), unique

    def _occurrences(self, name: str) -> Iterator[tuple[str, Occurrence]]:
        for path in self.files.files_with(name):
            names = self.resolver.lookup.names(path)
            for one in names.occurrences(name) if names is not None else ():
                yield path, one

    def _fitting(self, evidence: Evidence, doubtful: list[tuple[str, Occurrence]]) -> Iterator[Use]:
        """Yield the attributes that fit; raises for one of which nothing can be said."""
        fitting = set(evidence.fitting())
        for path, one in doubtful:
            if (path, one) in fitting:
                yield Use(path, one, guessed=True)
            elif not self._origins.comes_from_outside(path, one):
                raise RefusedError(
                    f"it is not known whether {one.name} at {self.place(path, one)} is this one: "
                    "say its object's type there, or change it by hand"
                )

    def _refuse_ambiguous(
        self, path: str, one: Occurrence, keys: frozenset[Target], targets: frozenset[Declaration]
    ) -> None:
        scopes = {(each.path, each.binding.scope) for each in targets}
        for other in keys - targets:
            here = isinstance(other, Declaration) and (other.path, other.binding.scope) in scopes
            if not here:
                raise RefusedError(self._ambiguous(path, one, other))

    def _ambiguous(self, path: str, one: Occurrence, other: Target) -> str:
        what = "something outside the workspace"
        if isinstance(other, Declaration):
            names = self.resolver.lookup.names(other.path)
            line = names.position(other.start).line + 1 if names is not None else 1
            what = f"that of {other.path}:{line}"
        return f"{one.name} at {self.place(path, one)} may also be {what}"

    def _called(self, targets: frozenset[Declaration]) -> frozenset[str]:
        """Return the names by which the functions of parameters are called."""
        found: set[str] = set()
        for one in targets:
            function = one.binding.function
            if one.binding.kind is BindingKind.PARAMETER and function is not None:
                klass = self.members.enclosing(one.path, function.body)
                inits = klass is not None and function.name == "__init__"
                found.add(klass.info.name if klass is not None and inits else function.name)
        return frozenset(found)

    def _refuse_unknown_call(self, path: str, one: Occurrence, called: frozenset[str]) -> None:
        names = self.resolver.lookup.names(path)
        function = names.called(one) if names is not None else None
        if not isinstance(function, NameExpr | AttributeExpr) or function.name not in called:
            return
        if not self.resolver.inference.types_of(path, function) and not self._origins.outside(
            path, function
        ):
            raise RefusedError(
                f"it is not known what is called with {one.name}= at {self.place(path, one)}"
            )

    def _refuse_copy(self, path: str, one: Occurrence, *, member: bool) -> None:
        """Refuse a field that a copy may get by its name: ``replace(row, field=1)``."""
        names = self.resolver.lookup.names(path)
        function = names.called(one) if names is not None and member else None
        if not isinstance(function, NameExpr | AttributeExpr) or function.name not in _COPYING:
            return
        # Dates and strings have a method ``replace`` of their own.
        other = isinstance(function, AttributeExpr) and function.name == "replace"
        held = function.value if isinstance(function, AttributeExpr) else None
        if not other or (isinstance(held, NameExpr) and held.name in _COPYING_MODULES):
            raise RefusedError(f"{one.name}= at {self.place(path, one)} may be this one")

    def _refuse_stubs(self, targets: Iterable[Declaration], name: str) -> None:
        for path in sorted({one.path for one in targets}):
            other = path[:-1] if path.endswith(".pyi") else f"{path}i"
            if path.endswith(PYTHON) and name in (self.files.text(other) or ""):
                raise RefusedError(f"{path} and {other} both declare {name}: change them by hand")


def _may_know(base: str, member: str) -> bool:
    known = getattr(builtins, base, None)
    if isinstance(known, type):
        return hasattr(known, member)
    return base not in _EMPTY_BASES
