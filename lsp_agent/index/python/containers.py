"""Subscripts, operators, displays, iteration and ``with``: what comes out of what is put in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsp_agent.index.python import builtins
from lsp_agent.index.python.calls import Calls
from lsp_agent.index.python.types import (
    Builtin,
    BuiltinClass,
    ClassObject,
    Instance,
    Type,
    Types,
    substituted,
    union,
)
from lsp_agent.syntax.python_model import ComprehensionExpr, DisplayExpr, Expr, LiteralExpr

if TYPE_CHECKING:
    from lsp_agent.index.python.infer import Inference

_FIRST = frozenset({"ClassVar", "Final", "Annotated", "Required", "NotRequired", "ReadOnly"})
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


class Containers:
    """The part of :class:`Inference` that takes things out of others."""

    def __init__(self, inference: Inference, calls: Calls) -> None:
        self._inference = inference
        self._calls = calls

    def subscript(self, path: str, value: Expr, index: tuple[Expr, ...]) -> Types:
        """Return what ``value[index]`` gives, of a class one with type arguments."""
        groups = []
        for one in self._inference.types_of(path, value):
            if isinstance(one, BuiltinClass):
                groups.append(self._special(path, one, index))
            elif isinstance(one, ClassObject):
                arguments = tuple(self._inference.hinted(path, each) for each in index)
                groups.append((ClassObject(one.klass, arguments),))
            else:
                groups.append(self._item(one, index))
        return union(groups)

    def _special(self, path: str, one: BuiltinClass, index: tuple[Expr, ...]) -> Types:
        """Evaluate what stands in the brackets of a form of ``typing``."""
        if one.name in ("Optional", "Union"):
            return union(self._inference.types_of(path, each) for each in index)
        if one.name in _FIRST:
            return self._inference.types_of(path, index[0]) if index else ()
        if one.name in ("Type", "type"):
            found = union(self._inference.hinted(path, each) for each in index)
            return (BuiltinClass("type", (found,)),)
        if one.name == "Literal":
            return (BuiltinClass("str"),)
        if one.name == "Callable":
            result = self._inference.hinted(path, index[-1]) if len(index) > 1 else ()
            return (BuiltinClass("Callable", ((), result)),)
        arguments = tuple(
            (Builtin("..."),) if each == LiteralExpr("...") else self._inference.hinted(path, each)
            for each in index
        )
        return (BuiltinClass(one.name, arguments),)

    def _item(self, one: Type, index: tuple[Expr, ...]) -> Types:
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

    def operation(self, path: str, operator: str, left: Expr, right: Expr) -> Types:
        """Return what an operator gives, as far as the left side decides."""
        before = self._inference.types_of(path, left)
        if operator == "|":
            return union([before, self._inference.types_of(path, right)])
        if operator == "/" and not any(isinstance(one, Instance) for one in before):
            return before
        name = _OPERATORS.get(operator)
        groups = [
            self._calls.method_result(one, name)
            for one in before
            if isinstance(one, Instance) and name is not None
        ]
        return union([*groups, tuple(one for one in before if isinstance(one, Builtin))])

    def display(self, path: str, expr: DisplayExpr | ComprehensionExpr) -> Types:
        """Return the container that a display or comprehension makes."""
        if isinstance(expr, ComprehensionExpr):
            element = self._inference.types_of(path, expr.element)
            if expr.key is not None:
                return (Builtin("dict", (self._inference.types_of(path, expr.key), element)),)
            return (Builtin(expr.type, (element,)),)
        if expr.type == "tuple":
            return (
                Builtin("tuple", tuple(self._inference.types_of(path, one) for one in expr.items)),
            )
        element = union(self._inference.types_of(path, one) for one in expr.items[:8])
        if expr.type == "dict":
            keys = union(self._inference.types_of(path, one) for one in expr.keys[:8])
            return (Builtin("dict", (keys, element)),)
        return (Builtin(expr.type, (element,)),)

    def element(self, one: Type, index: int | None) -> Types:
        """Return what iterating over one object gives, of a tuple its ``index``-th item."""
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
        for klass in self._inference.members.order(one.klass):
            for base in self._inference.members.bases(klass) if klass is not None else ():
                if isinstance(base, BuiltinClass) and klass is not None:
                    made = Builtin(base.name, base.arguments)
                    found = (
                        builtins.element(made) if what == "element" else (builtins.item(made, None))
                    )
                    if found:
                        return substituted(found, self._inference.known_variables(one, klass))
        return ()

    def entered(self, one: Type) -> Types:
        """Return what ``with … as`` gives."""
        if isinstance(one, Builtin):
            return builtins.entered(one)
        if not isinstance(one, Instance):
            return ()
        found = self._calls.method_result(one, "__enter__")
        if found:
            return found
        awaited = self._calls.method_result(one, "__aenter__")
        return union(builtins.awaited(each) for each in awaited if isinstance(each, Builtin))
