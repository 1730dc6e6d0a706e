"""What calls give: constructors, annotated and inferred results, builtins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsp_agent.index.python import builtins
from lsp_agent.index.python.members import decorator_names
from lsp_agent.index.python.types import (
    Builtin,
    BuiltinClass,
    BuiltinMethod,
    ClassObject,
    FunctionObject,
    Instance,
    Super,
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
    CallExpr,
    Expr,
    NameExpr,
    Parameter,
    Scope,
    ScopeKind,
)

if TYPE_CHECKING:
    from lsp_agent.index.python.infer import Inference

_MAX_INFERRED = 6
_MANAGERS = ("contextmanager", "asynccontextmanager")


class Calls:
    """The part of :class:`Inference` that calls things."""

    def __init__(self, inference: Inference) -> None:
        self._inference = inference
        self._inferring = 0
        self._inferred: dict[tuple[str, int], Types] = {}

    def result(self, path: str, call: CallExpr) -> Types:
        """Return what a call may give."""
        name = call.function.name if isinstance(call.function, NameExpr) else ""
        if name == "super":
            return self._super(path, call)
        if isinstance(call.function, AttributeExpr) and call.function.name == "__new__":
            made = self._inference.types_of(path, call.arguments[0]) if call.arguments else ()
            return classes_to_instances(made)
        function = self._inference.types_of(path, call.function)
        return union(self._called(path, one, call) for one in function)

    def results_of(self, types: Types, name: str) -> Types:
        """Return what a method of any of some objects gives."""
        return union(self.method_result(one, name) for one in types if isinstance(one, Instance))

    def method_result(self, one: Instance, name: str) -> Types:
        """Return what a method of an object gives when it is called without arguments."""
        found = self._inference.attribute((one,), name)
        return union(
            self.returned(each, None, "") for each in found if isinstance(each, FunctionObject)
        )

    def returned(self, function: FunctionObject, call: CallExpr | None, path: str) -> Types:
        """Return what a function gives, its type variables solved by the arguments."""
        info = function.info
        if info.returns is not None:
            found = self._inference.hinted(function.path, info.returns)
        else:
            found = self._infer(function)
        found = substituted(found, self._solved(function, call, path))
        names = decorator_names(info.decorators)
        if any(one in _MANAGERS for one in names):
            return (Builtin("ContextManager", (self._inference.element(found),)),)
        generator = any(isinstance(one, Builtin) and "Generator" in one.name for one in found)
        if info.asynchronous and not generator:
            return (Builtin("Coroutine", (found,)),)
        return found

    def _called(self, path: str, one: Type, call: CallExpr) -> Types:  # noqa: PLR0911 - a table of cases
        match one:
            case ClassObject():
                return self._constructed(path, one, call)
            case FunctionObject():
                return self.returned(one, call, path)
            case BuiltinMethod(owner, name):
                return builtins.method_result(owner, name)
            case BuiltinClass(name):
                return self._builtin(path, name, one, call)
            case Builtin("Callable", arguments) if len(arguments) > 1:
                return arguments[1]
            case Instance():
                found = self._inference.attribute((one,), "__call__")
                return union(
                    self.returned(each, call, path)
                    for each in found
                    if isinstance(each, FunctionObject)
                )
            case Variable(name, bound, True):
                return (Variable(name, bound),)
        return ()

    def _constructed(self, path: str, one: ClassObject, call: CallExpr) -> Types:
        if one.arguments:
            return (Instance(one.klass, one.arguments),)
        names = self._inference.members.parameters(one.klass)
        if not names:
            return (Instance(one.klass),)
        init = self._inference.members.method(one.klass, "__init__")
        known: dict[str, Types] = {}
        if init is not None:
            made = FunctionObject(init[0].path, init[1].start, init[1], one, init[0])
            known = self._solved(made, call, path)
        return (Instance(one.klass, tuple(known.get(name, ()) for name in names)),)

    def _builtin(self, path: str, name: str, one: BuiltinClass, call: CallExpr) -> Types:
        inference = self._inference
        if name == "cast" and call.arguments:
            return inference.hinted(path, call.arguments[0])
        arguments = [inference.types_of(path, each) for each in call.arguments]
        if name == "type" and len(arguments) == 1:
            return instances_to_classes(arguments[0])
        found = builtins.call_result(name, arguments)
        return (Builtin(name, one.arguments),) if found is None else found

    def _super(self, path: str, call: CallExpr) -> Types:
        scope: Scope | None = call.scope
        names = self._inference.lookup.names(path)
        while scope is not None and names is not None:
            if scope.kind is ScopeKind.FUNCTION:
                klass = self._inference.members.enclosing(path, scope)
                function = names.function(scope)
                if klass is not None and function is not None:
                    bound = decorator_names(function.decorators)
                    of_class = "classmethod" in bound or function.name == "__new__"
                    receiver = ClassObject(klass) if of_class else Instance(klass)
                    return (Super(klass, receiver),)
            scope = scope.parent
        return ()

    def _infer(self, function: FunctionObject) -> Types:
        key = (function.path, function.start)
        if key in self._inferred:
            return self._inferred[key]
        names = self._inference.lookup.names(function.path)
        if self._inferring >= _MAX_INFERRED or names is None:
            return ()
        self._inferring += 1
        # A function that leads back to itself adds nothing.
        self._inferred[key] = ()
        try:
            returned, yielded = names.results(function.info)
            types = self._inference.types_of
            if yielded:
                found = union(types(function.path, one) for one in yielded)
                kind = "AsyncGenerator" if function.info.asynchronous else "Generator"
                self._inferred[key] = (Builtin(kind, (found,)),)
            else:
                self._inferred[key] = union(types(function.path, one) for one in returned)
        finally:
            self._inferring -= 1
        return self._inferred[key]

    def _solved(
        self, function: FunctionObject, call: CallExpr | None, path: str
    ) -> dict[str, Types]:
        known: dict[str, Types] = {}
        receiver, parameters = function.receiver, list(function.info.parameters)
        if receiver is not None:
            itself = receiver if isinstance(receiver, Instance) else Instance(receiver.klass)
            known["Self"] = (itself,)
            if function.owner is not None:
                known |= self._inference.known_variables(receiver, function.owner)
            static = "staticmethod" in decorator_names(function.info.decorators)
            if parameters and not static:
                self._solve(function.path, parameters.pop(0), (receiver,), known)
        if call is not None and any(one.annotation is not None for one in parameters):
            for parameter, value in _matched(parameters, call):
                if isinstance(parameter.annotation, Expr):
                    types = self._inference.types_of(path, value)
                    self._solve(function.path, parameter, types, known)
        return known

    def _solve(
        self, path: str, parameter: Parameter, given: Types, known: dict[str, Types]
    ) -> None:
        """Take from an argument what the type variables of its parameter are."""
        if parameter.annotation is None or not given:
            return
        for one in self._inference.hinted(path, parameter.annotation):
            if isinstance(one, Variable):
                known.setdefault(one.name, classes_to_instances(given) if one.of_class else given)
            elif isinstance(one, Builtin) and one.arguments:
                for variable in one.arguments[-1]:
                    if isinstance(variable, Variable):
                        inner = self._inference.element(given)
                        if one.name == "Callable":
                            inner = union(
                                self._called(path, each, _NO_CALL)
                                for each in given
                                if not isinstance(each, BuiltinClass)
                            )
                        known.setdefault(variable.name, inner)


_NO_CALL = CallExpr(
    NameExpr("", 0, Scope(ScopeKind.MODULE, 0, 0)), (), (), 0, Scope(ScopeKind.MODULE, 0, 0)
)


def _matched(parameters: list[Parameter], call: CallExpr) -> list[tuple[Parameter, Expr]]:
    plain = [one for one in parameters if not one.stars]
    found = list(zip(plain, call.arguments, strict=False))
    by_name = {one.name: one for one in plain}
    found += [(by_name[name], value) for name, value in call.keywords if name in by_name]
    return found
