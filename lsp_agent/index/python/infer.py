"""Light type inference: what an expression may be, as far as its members are asked for.

Annotations, constructors, return types, ``self``, attributes, containers, ``with``, loops and
``isinstance`` are followed; control flow is not, but for assignments that hide earlier ones. What
is not understood is unknown, never guessed. Every question has a depth limit, and a question that
comes back to itself is answered "unknown".
"""

from __future__ import annotations

from collections.abc import Iterable

from lsp_agent.index.python import builtins
from lsp_agent.index.python.calls import Calls
from lsp_agent.index.python.containers import Containers
from lsp_agent.index.python.declared import EXTERNAL, Declared
from lsp_agent.index.python.lookup import Lookup
from lsp_agent.index.python.members import Members, decorator_names
from lsp_agent.index.python.modules import Module
from lsp_agent.index.python.types import (
    Builtin,
    BuiltinClass,
    BuiltinMethod,
    ClassObject,
    ClassRef,
    Declaration,
    External,
    FunctionObject,
    Instance,
    ModuleObject,
    Super,
    Target,
    Type,
    Types,
    Variable,
    classes_to_instances,
    instances_to_classes,
    substituted,
    union,
)
from lsp_agent.syntax.python_model import (
    AttributeExpr,
    AwaitExpr,
    BindingKind,
    CallExpr,
    ChoiceExpr,
    ComprehensionExpr,
    DisplayExpr,
    Expr,
    LambdaExpr,
    LiteralExpr,
    NameExpr,
    OperatorExpr,
    SubscriptExpr,
)

# Each level takes some fifteen frames of Python's stack.
_MAX_DEPTH = 30
_BUILTINS = frozenset(
    {
        "list", "dict", "set", "frozenset", "tuple", "str", "int", "float", "bool", "bytes", "type",
        "object", "bytearray", "complex", "range", "memoryview", "enumerate", "zip", "reversed",
        "filter", "map", "property", "Exception", "BaseException", "ValueError", "TypeError",
        "KeyError", "AttributeError", "RuntimeError", "OSError", "IndexError", "LookupError",
        "NotImplementedError", "StopIteration", "Warning", "UserWarning", "DeprecationWarning",
        "ImportError", "ArithmeticError", "AssertionError", "UnicodeError", "IOError",
        "EOFError",
        "KeyboardInterrupt", "SystemExit", "GeneratorExit", "NameError", "RuntimeWarning",
        "SyntaxError", "TimeoutError", "ConnectionError", "FileNotFoundError", "PermissionError",
        "UnicodeDecodeError", "UnicodeEncodeError", "FutureWarning", "ImportWarning",
        "staticmethod",
        "PendingDeprecationWarning", "ResourceWarning", "SyntaxWarning", "classmethod", "slice",
        "OverflowError", "ZeroDivisionError", "RecursionError", "MemoryError", "BytesWarning",
        "BaseExceptionGroup", "ExceptionGroup", "sorted", "next", "iter", "min", "max",
        "StopAsyncIteration", "ModuleNotFoundError", "super",
    }
)  # fmt: skip
_PROPERTIES = ("property", "cached_property", "abstractproperty", "hybrid_property")


class Inference:
    """Types of expressions in one state of the workspace; not thread-safe."""

    def __init__(self, lookup: Lookup) -> None:
        self.lookup = lookup
        self.members = Members(lookup, self.types_of)
        self._calls = Calls(self)
        self._declared = Declared(self)
        self.containers = Containers(self, self._calls)
        self._known: dict[tuple[str, int], Types] = {}
        self._under_way: set[tuple[str, int]] = set()
        self._depth = 0
        self._cut = 0

    def types_of(self, path: str, expr: Expr) -> Types:
        """Return what an expression of a file may be."""
        if self._depth > _MAX_DEPTH:
            self._cut += 1
            return ()
        self._depth += 1
        try:
            return self._types_of(path, expr)
        finally:
            self._depth -= 1

    def hinted(self, path: str, expr: Expr) -> Types:
        """Return the objects that a type hint stands for."""
        return classes_to_instances(self.types_of(path, expr))

    def _types_of(self, path: str, expr: Expr) -> Types:  # noqa: C901, PLR0911 - a table of cases
        match expr:
            case NameExpr():
                return self._name(path, expr)
            case AttributeExpr(value, name, _):
                return self.attribute(self.types_of(path, value), name)
            case CallExpr():
                return self._calls.result(path, expr)
            case SubscriptExpr(value, index):
                return self.containers.subscript(path, value, index)
            case LiteralExpr(kind):
                return () if kind == "None" else (Builtin(kind),)
            case ChoiceExpr(options):
                return union(self.types_of(path, one) for one in options)
            case OperatorExpr(operator, left, right):
                return self.containers.operation(path, operator, left, right)
            case AwaitExpr(value):
                found = self.types_of(path, value)
                return union(builtins.awaited(one) for one in found if isinstance(one, Builtin))
            case LambdaExpr(body):
                return (Builtin("Callable", ((), self.types_of(path, body))),)
            case DisplayExpr() | ComprehensionExpr():
                return self.containers.display(path, expr)
        return ()

    def of(self, found: Target) -> Types:
        """Return the types of what a name is bound to."""
        if isinstance(found, Module):
            return (ModuleObject(found),)
        if isinstance(found, External):
            return self._declared.outside(found)
        key = (found.path, found.start)
        if key in self._known:
            return self._known[key]
        if key in self._under_way or self._depth > _MAX_DEPTH:
            self._cut += 1
            return ()
        cut = self._cut
        self._under_way.add(key)
        self._depth += 1
        try:
            types = self._declared.types(found.path, found.binding)
        finally:
            self._depth -= 1
            self._under_way.discard(key)
        # What was found with something cut short is true, but perhaps not all.
        if cut == self._cut or not self._under_way:
            self._known[key] = types
        return types

    def attribute(self, types: Types, name: str) -> Types:
        """Return what an attribute of any of some objects may be."""
        return union(self._attribute(one, name) for one in types)

    def found_on(self, one: Type, name: str) -> tuple[Target, ...]:
        """Return the declarations of an attribute of an object."""
        if isinstance(one, ModuleObject):
            return self.lookup.member(one.module, name, aliases=False)
        holder = self._holder(one)
        if holder is None:
            return targets(self.found_on(each, name) for each in self._bounds(one))
        klass, after = holder
        found = self.members.member(klass, name, after=after)
        return found[1] if found is not None else ()

    def element(self, types: Types, index: int | None = None) -> Types:
        """Return what iterating over objects gives."""
        return union(self.containers.element(one, index) for one in types)

    def bindings_types(self, found: tuple[Target, ...]) -> Types:
        """Return what several bindings of one name may be."""
        hinted = [
            one
            for one in found
            if isinstance(one, Declaration)
            and one.binding.annotation is not None
            and one.binding.kind is not BindingKind.PARAMETER
        ]
        return union(self.of(one) for one in hinted or found)

    def known_variables(self, one: Instance | ClassObject, owner: ClassRef) -> dict[str, Types]:
        """Return what the type variables of a base are for an object."""
        names = self.members.parameters(one.klass)
        known = dict(zip(names, one.arguments, strict=False))
        if one.klass == owner:
            return known
        for base in self.members.bases(one.klass):
            if isinstance(base, ClassObject) and owner in self.members.order(base.klass):
                arguments = tuple(substituted(each, known) for each in base.arguments)
                return self.known_variables(Instance(base.klass, arguments), owner)
        return {}

    def _name(self, path: str, expr: NameExpr) -> Types:
        names = self.lookup.names(path)
        if names is None:
            return ()
        narrowed = names.flow.narrowed(expr.name, expr.start)
        if narrowed is not None:
            found = self._tested(path, narrowed)
            if found:
                return found
        declared = self.lookup.declarations(path, expr.name, expr.scope, expr.start)
        if not declared:
            return (BuiltinClass(expr.name),) if expr.name in _BUILTINS else ()
        reaching = names.flow.reaching(
            [one.binding for one in declared if isinstance(one, Declaration)], expr.start
        )
        starts = {one.start for one in reaching}
        kept = tuple(
            one for one in declared if not isinstance(one, Declaration) or one.start in starts
        )
        return self.bindings_types(kept or declared)

    def _tested(self, path: str, expr: Expr) -> Types:
        parts = expr.items if isinstance(expr, DisplayExpr) else (expr,)
        return union(self.hinted(path, one) for one in parts)

    def _attribute(self, one: Type, name: str) -> Types:  # noqa: PLR0911 - a table of cases
        if isinstance(one, ModuleObject):
            return self.bindings_types(self.lookup.member(one.module, name))
        if one == EXTERNAL:
            return self._declared.outside(External("typing", name))
        if isinstance(one, Builtin):
            return (BuiltinMethod(one, name),)
        holder = self._holder(one)
        if holder is None:
            return union(self._attribute(each, name) for each in self._bounds(one))
        if isinstance(one, Instance) and name == "__class__":
            return (ClassObject(one.klass, one.arguments),)
        klass, after = holder
        found = self.members.member(klass, name, after=after)
        if found is None:
            return ()
        receiver = one.receiver if isinstance(one, Super) else one
        if not isinstance(receiver, Instance | ClassObject):
            return ()
        return self._bound_member(receiver, *found)

    def _bound_member(
        self, receiver: Instance | ClassObject, owner: ClassRef, found: tuple[Declaration, ...]
    ) -> Types:
        known = self.known_variables(receiver, owner)
        itself = receiver if isinstance(receiver, Instance) else Instance(receiver.klass)
        known["Self"] = (itself,)
        types: list[Type] = []
        for each in self.bindings_types(found):
            if not isinstance(each, FunctionObject):
                types.append(each)
                continue
            bound = FunctionObject(each.path, each.start, each.info, receiver, owner)
            names = decorator_names(each.info.decorators)
            if isinstance(receiver, Instance) and any(n.endswith(_PROPERTIES) for n in names):
                types += self._calls.returned(bound, None, "")
            else:
                types.append(bound)
        return substituted(tuple(types), known)

    def _holder(self, one: Type) -> tuple[ClassRef, ClassRef | None] | None:
        if isinstance(one, Instance | ClassObject):
            return one.klass, None
        if isinstance(one, Super):
            return one.receiver.klass, one.klass
        return None

    def _bounds(self, one: Type) -> Types:
        if not isinstance(one, Variable):
            return ()
        return instances_to_classes(one.bound) if one.of_class else one.bound


def targets(groups: Iterable[tuple[Target, ...]]) -> tuple[Target, ...]:
    """Return the targets of all groups, each once."""
    return tuple(dict.fromkeys(one for group in groups for one in group))
