"""Classes: their order of resolution and their members, inherited ones included."""

from __future__ import annotations

from collections.abc import Callable

from lsp_agent.index.python.lookup import Lookup
from lsp_agent.index.python.types import (
    BuiltinClass,
    ClassObject,
    ClassRef,
    Declaration,
    Types,
    classes_to_instances,
)
from lsp_agent.syntax.python_model import (
    AttributeExpr,
    Binding,
    CallExpr,
    Class,
    Expr,
    Function,
    NameExpr,
    Scope,
    ScopeKind,
    SubscriptExpr,
)

_MAX_CLASSES = 64


def decorator_names(decorators: tuple[Expr, ...]) -> tuple[str, ...]:
    """Return the last part of each decorator's name."""
    found = []
    for one in decorators:
        bare = one.function if isinstance(one, CallExpr) else one
        if isinstance(bare, NameExpr | AttributeExpr):
            found.append(bare.name)
    return tuple(found)


class Members:
    """Finds members; ``types_of`` evaluates the expressions that bases are."""

    def __init__(self, lookup: Lookup, types_of: Callable[[str, Expr], Types]) -> None:
        self._lookup = lookup
        self._types_of = types_of
        self._orders: dict[ClassRef, tuple[ClassRef | None, ...]] = {}
        self._symbols: dict[tuple[ClassRef, str], tuple[Declaration, ...]] = {}
        self._bases: dict[ClassRef, tuple[ClassObject | BuiltinClass | None, ...]] = {}

    def bases(self, klass: ClassRef) -> tuple[ClassObject | BuiltinClass | None, ...]:
        """Return the direct bases; ``None`` stands for one that is not known."""
        if klass not in self._bases:
            self._bases[klass] = ()
            self._bases[klass] = tuple(self._base(klass.path, one) for one in klass.info.bases)
        return self._bases[klass]

    def order(self, klass: ClassRef) -> tuple[ClassRef | None, ...]:
        """Return the method resolution order (C3; depth first where there is none).

        ``None`` stands for an unknown class; those of the standard library are left out.
        """
        if klass not in self._orders:
            self._orders[klass] = (klass,)
            parents: list[tuple[ClassRef | None, ...]] = []
            direct: list[ClassRef | None] = []
            for base in self.bases(klass):
                if isinstance(base, ClassObject) and base.klass != klass:
                    parents.append(self.order(base.klass))
                    direct.append(base.klass)
                elif base is None:
                    parents.append((None,))
                    direct.append(None)
            self._orders[klass] = (klass, *_merged([*parents, tuple(direct)]))[:_MAX_CLASSES]
        return self._orders[klass]

    def symbol(self, klass: ClassRef, name: str) -> tuple[Declaration, ...]:
        """Return a class's own declarations of a name: in its body, and on ``self``."""
        key = (klass, name)
        if key not in self._symbols:
            names = self._lookup.names(klass.path)
            found: list[Binding] = []
            if names is not None:
                found += names.bindings(name, klass.info.body)
                for binding, receiver in names.attribute_stores(name):
                    if self.on_self(klass.path, receiver) == klass.info.body:
                        found.append(binding)
            self._symbols[key] = tuple(Declaration(klass.path, one.start, one) for one in found)
        return self._symbols[key]

    def on_self(self, path: str, receiver: Expr) -> Scope | None:
        """Return the class body in whose method ``receiver`` is the first parameter."""
        if not isinstance(receiver, NameExpr) or receiver.scope.kind is not ScopeKind.FUNCTION:
            return None
        klass = receiver.scope.parent
        if klass is not None and klass.kind is ScopeKind.TYPES:
            klass = klass.parent
        names = self._lookup.names(path)
        if klass is None or klass.kind is not ScopeKind.CLASS or names is None:
            return None
        function = names.function(receiver.scope)
        if function is None or "staticmethod" in decorator_names(function.decorators):
            return None
        first = function.parameters[0] if function.parameters else None
        return klass if first is not None and first.name == receiver.name else None

    def member(
        self, klass: ClassRef, name: str, *, after: ClassRef | None = None
    ) -> tuple[ClassRef, tuple[Declaration, ...]] | None:
        """Return the class that defines a member, and the declarations.

        As pyright looks: a declaration that says its type, by annotation or by being a method,
        goes before assignments, even of a class that comes earlier in the order. ``after`` skips
        the classes up to one, as ``super()`` does.
        """
        order = self.order(klass)
        if after is not None and after in order:
            order = order[order.index(after) + 1 :]
        for declared in (True, False):
            for one in order:
                if one is None:
                    break
                found = self.symbol(one, name)
                typed = tuple(each for each in found if each.binding.typed)
                if typed or (found and not declared):
                    return one, typed or found
        return None

    def complete(self, klass: ClassRef) -> bool:
        """Say whether all classes in the order are known."""
        return None not in self.order(klass)

    def parameters(self, klass: ClassRef) -> tuple[str, ...]:
        """Return the names of a class's type variables, in order."""
        if klass.info.types:
            return klass.info.types
        found: list[str] = []
        for base in klass.info.bases:
            if isinstance(base, SubscriptExpr):
                named = [one.name for one in base.index if isinstance(one, NameExpr)]
                if isinstance(base.value, NameExpr) and base.value.name in ("Generic", "Protocol"):
                    return tuple(named)
                found += [name for name in named if len(name) <= 2 or name.endswith(("T", "_co"))]
        return tuple(dict.fromkeys(found))

    def enclosing(self, path: str, scope: Scope) -> ClassRef | None:
        """Return the class that a function's body stands in directly."""
        klass = scope.parent
        while klass is not None and klass.kind is ScopeKind.TYPES:
            klass = klass.parent
        if klass is None or klass.kind is not ScopeKind.CLASS:
            return None
        return self.reference(path, klass)

    def reference(self, path: str, body: Scope) -> ClassRef | None:
        """Return the class whose body a scope is."""
        names = self._lookup.names(path)
        info: Class | None = names.klass(body) if names is not None else None
        return ClassRef(path, info.start, info) if info is not None else None

    def method(self, klass: ClassRef, name: str) -> tuple[ClassRef, Function] | None:
        """Return a method and the class that defines it."""
        found = self.member(klass, name)
        for one in found[1] if found is not None else ():
            if one.binding.function is not None and found is not None:
                return found[0], one.binding.function
        return None

    def _base(self, path: str, one: Expr) -> ClassObject | BuiltinClass | None:
        head = one.value if isinstance(one, SubscriptExpr) else one
        for found in self._types_of(path, head):
            if isinstance(found, ClassObject):
                if isinstance(one, SubscriptExpr):
                    arguments = tuple(self._argument(path, index) for index in one.index)
                    return ClassObject(found.klass, arguments)
                return found
            if isinstance(found, BuiltinClass):
                if isinstance(one, SubscriptExpr):
                    arguments = tuple(self._argument(path, index) for index in one.index)
                    return BuiltinClass(found.name, arguments)
                return found
        return None

    def _argument(self, path: str, one: Expr) -> Types:
        return classes_to_instances(self._types_of(path, one))


def _merged(groups: list[tuple[ClassRef | None, ...]]) -> tuple[ClassRef | None, ...]:
    """Merge orders as C3 does; where they contradict, the first in the way is taken."""
    found: list[ClassRef | None] = []
    pending = [list(group) for group in groups if group]
    while pending:
        head = pending[0][0]
        for group in pending:
            if not any(group[0] in other[1:] for other in pending):
                head = group[0]
                break
        found.append(head)
        pending = [[one for one in group if one != head] for group in pending]
        pending = [group for group in pending if group]
    return tuple(found)
