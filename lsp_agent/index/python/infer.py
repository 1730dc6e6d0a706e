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
    Binding,
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
_EXTERNAL = Builtin("<module>")
_FIRST = frozenset({"ClassVar", "Final", "Annotated", "Required", "NotRequired", "ReadOnly"})
_BUILTINS = frozenset(
    {
        "list", "dict", "set", "frozenset", "tuple", "str", "int", "float", "bool", "bytes", "type",
        "object", "bytearray", "complex", "range", "memoryview", "enumerate", "zip", "reversed",
        "filter", "map", "property", "Exception", "BaseException", "ValueError", "TypeError",
        "KeyError", "AttributeError", "RuntimeError", "OSError", "IndexError", "LookupError",
        "NotImplementedError", "StopIteration", "Warning", "UserWarning", "DeprecationWarning",
        "ImportError", "ArithmeticError", "AssertionError", "UnicodeError", "IOError", "EOFError",
        "KeyboardInterrupt", "SystemExit", "GeneratorExit", "NameError", "RuntimeWarning",
        "SyntaxError", "TimeoutError", "ConnectionError", "FileNotFoundError", "PermissionError",
        "UnicodeDecodeError", "UnicodeEncodeError", "FutureWarning", "ImportWarning", "staticmethod",
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

    def _types_of(self, path: str, expr: Expr) -> Types:
        match expr:
            case NameExpr():
                return self._name(path, expr)
            case AttributeExpr(value, name, _):
                return self.attribute(self.types_of(path, value), name)
            case CallExpr():
                return self._calls.result(path, expr)
            case SubscriptExpr(value, index):
                return self._subscript(path, value, index)
            case LiteralExpr(kind):
                return () if kind == "None" else (Builtin(kind),)
            case ChoiceExpr(options):
                return union(self.types_of(path, one) for one in options)
            case OperatorExpr(operator, left, right):
                return self._operation(path, operator, left, right)
            case AwaitExpr(value):
                found = self.types_of(path, value)
                return union(builtins.awaited(one) for one in found if isinstance(one, Builtin))
            case LambdaExpr(body):
                return (Builtin("Callable", ((), self.types_of(path, body))),)
            case DisplayExpr() | ComprehensionExpr():
                return self._display(path, expr)
        return ()

    def of(self, found: Target) -> Types:
        """Return the types of what a name is bound to."""
        if isinstance(found, Module):
            return (ModuleObject(found),)
        if isinstance(found, External):
            return self._outside(found)
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
            types = self._declared(found.path, found.binding)
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
        return union(self._element(one, index) for one in types)

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

    def self_type(self, path: str, binding: Binding) -> Types:
        """Return the type of ``self`` or ``cls``, if a parameter is one."""
        function = binding.function
        if function is None or not function.parameters:
            return ()
        if function.parameters[0].start != binding.start:
            return ()
        klass = self.members.enclosing(path, function.body)
        names = decorator_names(function.decorators)
        if klass is None or "staticmethod" in names:
            return ()
        made = tuple((Variable(one),) for one in self.members.parameters(klass))
        if "classmethod" in names or function.name in ("__new__", "__init_subclass__"):
            return (ClassObject(klass, made),)
        return (Instance(klass, made),)

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
        narrowed = names.narrowed(expr.name, expr.start)
        if narrowed is not None:
            found = self._tested(path, narrowed)
            if found:
                return found
        declared = self.lookup.declarations(path, expr.name, expr.scope, expr.start)
        if not declared:
            return (BuiltinClass(expr.name),) if expr.name in _BUILTINS else ()
        reaching = names.reaching(
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

    def _declared(self, path: str, binding: Binding) -> Types:
        kind = binding.kind
        if kind is BindingKind.CLASS and binding.klass is not None:
            return (ClassObject(ClassRef(path, binding.start, binding.klass)),)
        if kind is BindingKind.FUNCTION and binding.function is not None:
            return (FunctionObject(path, binding.start, binding.function),)
        if kind is BindingKind.IMPORT:
            return self._imported(path, binding)
        if kind is BindingKind.PARAMETER:
            return self._parameter(path, binding)
        if kind is BindingKind.TYPE:
            if binding.value is not None:
                return self.types_of(path, binding.value)
            return (Variable(binding.name, of_class=True),)
        if binding.annotation is not None:
            hint = self.hinted(path, binding.annotation)
            if hint != (Builtin("TypeAlias"),) and hint != (Builtin("Final"),):
                return hint
        return self._valued(path, binding)

    def _valued(self, path: str, binding: Binding) -> Types:
        if binding.value is None:
            return ()
        variable = self._type_variable(path, binding)
        if variable:
            return variable
        found = self.types_of(path, binding.value)
        if binding.kind is BindingKind.FOR:
            found = self.element(found)
        elif binding.kind is BindingKind.WITH:
            found = union(self._entered(one) for one in found)
        elif binding.kind is BindingKind.EXCEPT:
            parts = (
                binding.value.items if isinstance(binding.value, DisplayExpr) else (binding.value,)
            )
            found = union(self.hinted(path, one) for one in parts)
        elif binding.kind in (BindingKind.MATCH, BindingKind.AUGMENTED):
            return ()
        value = binding.value
        for index in binding.path:
            if isinstance(value, DisplayExpr) and binding.kind is not BindingKind.FOR:
                inside = 0 <= index < len(value.items)
                value = value.items[index] if inside else LiteralExpr("None")
                found = self.types_of(path, value)
            else:
                found = self.element(found, index if index >= 0 else None)
        return found

    def _type_variable(self, path: str, binding: Binding) -> Types:
        call = binding.value
        if not isinstance(call, CallExpr) or not isinstance(
            call.function, NameExpr | AttributeExpr
        ):
            return ()
        if call.function.name in ("TypeVar", "ParamSpec", "TypeVarTuple"):
            bounds = [value for name, value in call.keywords if name == "bound"]
            least = union(self.hinted(path, one) for one in [*bounds, *call.arguments[1:]])
            return (Variable(binding.name, least, of_class=True),)
        if call.function.name == "NewType" and len(call.arguments) == 2:
            return self.types_of(path, call.arguments[1])
        return ()

    def _imported(self, path: str, binding: Binding) -> Types:
        followed = self.lookup.followed(path, binding)
        itself = Declaration(path, binding.start, binding)
        return self.bindings_types(tuple(one for one in followed if one != itself))

    def _outside(self, found: External) -> Types:
        """Name what comes from the standard library; of anything else nothing is known."""
        known = self.lookup.modules.known_elsewhere(found.module)
        if not known and found.module != "typing_extensions":
            return ()
        if found.name == "Self":
            return (Variable("Self", of_class=True),)
        return (_EXTERNAL,) if found.name is None else (BuiltinClass(found.name),)

    def _parameter(self, path: str, binding: Binding) -> Types:
        found = self.self_type(path, binding) if binding.annotation is None else ()
        if found:
            return found
        stars = binding.parameter.stars if binding.parameter is not None else ""
        if binding.annotation is not None:
            found = self.hinted(path, binding.annotation)
        elif binding.function is not None:
            found = self._inherited(path, binding)
            if not found and isinstance(binding.value, Expr):
                found = self.types_of(path, binding.value)
        if stars == "*":
            return (Builtin("tuple", (found, (Builtin("..."),))),)
        return (Builtin("dict", ((Builtin("str"),), found)),) if stars else found

    def _inherited(self, path: str, binding: Binding) -> Types:
        """Take a parameter's type from the method that its own overrides."""
        function = binding.function
        klass = self.members.enclosing(path, function.body) if function is not None else None
        if klass is None or function is None:
            return ()
        for base in self.members.order(klass)[1:]:
            if base is None:
                break
            for one in self.members.symbol(base, function.name):
                other = one.binding.function
                for parameter in other.parameters if other is not None else ():
                    if parameter.name == binding.name and parameter.annotation is not None:
                        return self.hinted(one.path, parameter.annotation)
        return ()

    def _attribute(self, one: Type, name: str) -> Types:
        if isinstance(one, ModuleObject):
            return self.bindings_types(self.lookup.member(one.module, name))
        if one == _EXTERNAL:
            return self._outside(External("typing", name))
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

    def _subscript(self, path: str, value: Expr, index: tuple[Expr, ...]) -> Types:
        groups = []
        for one in self.types_of(path, value):
            if isinstance(one, BuiltinClass):
                groups.append(self._special(path, one, index))
            elif isinstance(one, ClassObject):
                arguments = tuple(self.hinted(path, each) for each in index)
                groups.append((ClassObject(one.klass, arguments),))
            else:
                groups.append(self._item(path, one, index))
        return union(groups)

    def _special(self, path: str, one: BuiltinClass, index: tuple[Expr, ...]) -> Types:
        """Evaluate what stands in the brackets of a form of ``typing``."""
        if one.name in ("Optional", "Union"):
            return union(self.types_of(path, each) for each in index)
        if one.name in _FIRST:
            return self.types_of(path, index[0]) if index else ()
        if one.name in ("Type", "type"):
            found = union(self.hinted(path, each) for each in index)
            return (BuiltinClass("type", (found,)),)
        if one.name == "Literal":
            return (BuiltinClass("str"),)
        if one.name == "Callable":
            result = self.hinted(path, index[-1]) if len(index) > 1 else ()
            return (BuiltinClass("Callable", ((), result)),)
        arguments = tuple(
            (Builtin("..."),) if each == LiteralExpr("...") else self.hinted(path, each)
            for each in index
        )
        return (BuiltinClass(one.name, arguments),)

    def _item(self, path: str, one: Type, index: tuple[Expr, ...]) -> Types:
        first = index[0] if index else None
        if isinstance(one, Builtin):
            if first == LiteralExpr("slice"):
                return (one,)
            number = isinstance(first, LiteralExpr) and first.type == "int"
            text = first.text if isinstance(first, LiteralExpr) and number else ""
            return builtins.item(one, int(text) if text.isdigit() else None)
        if isinstance(one, Instance):
            found = self._calls.method_result(one, "__getitem__")
            return found or self._of_builtin_base(one, "item")
        return ()

    def _operation(self, path: str, operator: str, left: Expr, right: Expr) -> Types:
        before = self.types_of(path, left)
        if operator == "|":
            return union([before, self.types_of(path, right)])
        if operator == "/" and not any(isinstance(one, Instance) for one in before):
            return before
        name = _OPERATORS.get(operator)
        groups = [
            self._calls.method_result(one, name)
            for one in before
            if isinstance(one, Instance) and name is not None
        ]
        return union([*groups, tuple(one for one in before if isinstance(one, Builtin))])

    def _display(self, path: str, expr: DisplayExpr | ComprehensionExpr) -> Types:
        if isinstance(expr, ComprehensionExpr):
            element = self.types_of(path, expr.element)
            if expr.key is not None:
                return (Builtin("dict", (self.types_of(path, expr.key), element)),)
            return (Builtin(expr.type, (element,)),)
        if expr.type == "tuple":
            return (Builtin("tuple", tuple(self.types_of(path, one) for one in expr.items)),)
        element = union(self.types_of(path, one) for one in expr.items[:8])
        if expr.type == "dict":
            keys = union(self.types_of(path, one) for one in expr.keys[:8])
            return (Builtin("dict", (keys, element)),)
        return (Builtin(expr.type, (element,)),)

    def _element(self, one: Type, index: int | None) -> Types:
        if isinstance(one, Builtin):
            return builtins.element(one, index)
        if isinstance(one, ClassObject):
            return (Instance(one.klass),)
        if isinstance(one, Instance):
            found = self._iterators(one)
            inner = [builtins.element(each) for each in found if isinstance(each, Builtin)]
            return union([*inner, self._calls.results_of(found, "__next__")]) or (
                self._of_builtin_base(one, "element")
            )
        return ()

    def _iterators(self, one: Instance) -> Types:
        found = self._calls.method_result(one, "__iter__")
        return found or self._calls.method_result(one, "__aiter__")

    def _of_builtin_base(self, one: Instance, what: str) -> Types:
        """Answer for a class that extends a container of the library."""
        for klass in self.members.order(one.klass):
            for base in self.members.bases(klass) if klass is not None else ():
                if isinstance(base, BuiltinClass) and klass is not None:
                    made = Builtin(base.name, base.arguments)
                    found = (
                        builtins.element(made) if what == "element" else (builtins.item(made, None))
                    )
                    if found:
                        return substituted(found, self.known_variables(one, klass))
        return ()

    def _entered(self, one: Type) -> Types:
        if isinstance(one, Builtin):
            return builtins.entered(one)
        if not isinstance(one, Instance):
            return ()
        found = self._calls.method_result(one, "__enter__")
        if found:
            return found
        awaited = self._calls.method_result(one, "__aenter__")
        return union(builtins.awaited(each) for each in awaited if isinstance(each, Builtin))


_OPERATORS = {
    "+": "__add__",
    "-": "__sub__",
    "*": "__mul__",
    "/": "__truediv__",
    "%": "__mod__",
    "&": "__and__",
    "//": "__floordiv__",
    "@": "__matmul__",
    "**": "__pow__",
    "^": "__xor__",
}


def targets(groups: Iterable[tuple[Target, ...]]) -> tuple[Target, ...]:
    """Return the targets of all groups, each once."""
    return tuple(dict.fromkeys(one for group in groups for one in group))
