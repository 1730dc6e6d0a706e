"""Attributes of objects of unknown type: which of them most likely mean a certain member.

An attribute fits when its name is one that no builtin type has, and no class of the workspace but
the member's own and its relatives; or one or two others, in a file that names the member's class.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

from lsp_agent.index.python.resolve import Resolver
from lsp_agent.index.python.types import ClassRef, Declaration
from lsp_agent.syntax.python_model import BindingKind, Occurrence, Role, Scope, ScopeKind

_BUILTINS = (
    str, bytes, bytearray, list, tuple, dict, set, frozenset, int, float, complex, range, slice,
    type, property, object, BaseException, OSError, io.TextIOWrapper, io.BytesIO, io.RawIOBase,
)  # fmt: skip
_COMMON = frozenset(name for one in _BUILTINS for name in dir(one)) | frozenset(
    {"name", "path", "parent", "value", "data", "start", "run", "get", "put", "send", "config"}
)
_MAX_OTHERS = 2


class Evidence:
    """Collects, while the candidate files are read, what speaks for and against an attribute."""

    def __init__(self, resolver: Resolver, targets: list[Declaration]) -> None:
        self._resolver = resolver
        self._members = resolver.inference.members
        self._owners = {
            owner for one in targets if (owner := self._owner(one.path, one)) is not None
        }
        names = {one.binding.name for one in targets}
        self._possible = bool(self._owners) and not names & _COMMON
        self._others: set[ClassRef] = set()
        self._attributes: list[tuple[str, Occurrence]] = []

    def consider(self, path: str, one: Occurrence) -> None:
        """Take an attribute that nothing is known of; one of a known object does not count."""
        if self._possible and not self._resolver.receivers(path, one):
            self._attributes.append((path, one))

    def learn(self, path: str, one: Occurrence) -> None:
        """Look whether an occurrence declares a member of the name in another class."""
        klass = self._declaring(path, one) if self._possible else None
        if klass is not None and not self._related(klass):
            self._others.add(klass)

    def fitting(self) -> Iterator[tuple[str, Occurrence]]:
        """Yield the attributes that fit."""
        if len(self._others) > _MAX_OTHERS:
            return
        for path, one in self._attributes:
            if not self._others or self._names_owner(path):
                yield path, one

    def _names_owner(self, path: str) -> bool:
        names = self._resolver.lookup.names(path)
        return names is not None and any(
            names.occurrences(owner.info.name) for owner in self._owners
        )

    def _declaring(self, path: str, one: Occurrence) -> ClassRef | None:
        """Return the class whose member an occurrence declares, in its body or on ``self``."""
        body: Scope | None = None
        names = self._resolver.lookup.names(path)
        if one.role is Role.BINDING and one.scope.kind is ScopeKind.CLASS:
            body = one.scope
        elif one.role is Role.ATTRIBUTE and one.stores and names is not None:
            body = self._members.on_self(path, names.receiver(one))
        return self._members.reference(path, body) if body is not None else None

    def _owner(self, path: str, one: Declaration) -> ClassRef | None:
        scope: Scope | None = one.binding.scope
        if one.binding.kind is BindingKind.ATTRIBUTE and scope is not None:
            return self._members.enclosing(path, scope)
        if scope is not None and scope.kind is ScopeKind.CLASS:
            return self._members.reference(path, scope)
        return None

    def _related(self, klass: ClassRef) -> bool:
        order = self._members.order(klass)
        return any(owner in order or klass in self._members.order(owner) for owner in self._owners)
