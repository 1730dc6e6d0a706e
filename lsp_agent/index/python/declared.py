"""What declarations say that a name is: by annotation, value, import, or by being a parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsp_agent.index.python.members import decorator_names
from lsp_agent.index.python.types import (
    Builtin,
    BuiltinClass,
    ClassObject,
    ClassRef,
    Declaration,
    External,
    FunctionObject,
    Instance,
    Types,
    Variable,
    union,
)
from lsp_agent.syntax.python_model import (
    AttributeExpr,
    Binding,
    BindingKind,
    CallExpr,
    DisplayExpr,
    Expr,
    LiteralExpr,
    NameExpr,
)

if TYPE_CHECKING:
    from lsp_agent.index.python.infer import Inference

# A module outside the workspace.
EXTERNAL = Builtin("<module>")


class Declared:
    """The part of :class:`Inference` that reads declarations."""

    def __init__(self, inference: Inference) -> None:
        self._inference = inference

    def types(self, path: str, binding: Binding) -> Types:  # noqa: PLR0911 - a table of cases
        """Return what a binding of a file says that its name is."""
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
                return self._inference.types_of(path, binding.value)
            return (Variable(binding.name, of_class=True),)
        if binding.annotation is not None:
            hint = self._inference.hinted(path, binding.annotation)
            if hint != (Builtin("TypeAlias"),) and hint != (Builtin("Final"),):
                return hint
        return self._valued(path, binding)

    def _valued(self, path: str, binding: Binding) -> Types:
        if binding.value is None:
            return ()
        variable = self._type_variable(path, binding)
        if variable:
            return variable
        found = self._inference.types_of(path, binding.value)
        if binding.kind is BindingKind.FOR:
            found = self._inference.element(found)
        elif binding.kind is BindingKind.WITH:
            found = union(self._inference.containers.entered(one) for one in found)
        elif binding.kind is BindingKind.EXCEPT:
            parts = (
                binding.value.items if isinstance(binding.value, DisplayExpr) else (binding.value,)
            )
            found = union(self._inference.hinted(path, one) for one in parts)
        elif binding.kind in (BindingKind.MATCH, BindingKind.AUGMENTED):
            return ()
        value = binding.value
        for index in binding.path:
            if isinstance(value, DisplayExpr) and binding.kind is not BindingKind.FOR:
                inside = 0 <= index < len(value.items)
                value = value.items[index] if inside else LiteralExpr("None")
                found = self._inference.types_of(path, value)
            else:
                found = self._inference.element(found, index if index >= 0 else None)
        return found

    def _type_variable(self, path: str, binding: Binding) -> Types:
        call = binding.value
        if not isinstance(call, CallExpr) or not isinstance(
            call.function, NameExpr | AttributeExpr
        ):
            return ()
        if call.function.name in ("TypeVar", "ParamSpec", "TypeVarTuple"):
            bounds = [value for name, value in call.keywords if name == "bound"]
            least = union(
                self._inference.hinted(path, one) for one in [*bounds, *call.arguments[1:]]
            )
            return (Variable(binding.name, least, of_class=True),)
        if call.function.name == "NewType" and len(call.arguments) == 2:
            return self._inference.types_of(path, call.arguments[1])
        return ()

    def _imported(self, path: str, binding: Binding) -> Types:
        followed = self._inference.lookup.followed(path, binding)
        itself = Declaration(path, binding.start, binding)
        return self._inference.bindings_types(tuple(one for one in followed if one != itself))

    def outside(self, found: External) -> Types:
        """Name what comes from the standard library; of anything else nothing is known."""
        known = self._inference.lookup.modules.known_elsewhere(found.module)
        if not known and found.module != "typing_extensions":
            return ()
        if found.name == "Self":
            return (Variable("Self", of_class=True),)
        return (EXTERNAL,) if found.name is None else (BuiltinClass(found.name),)

    def _parameter(self, path: str, binding: Binding) -> Types:
        found = self._self_type(path, binding) if binding.annotation is None else ()
        if found:
            return found
        stars = binding.parameter.stars if binding.parameter is not None else ""
        if binding.annotation is not None:
            found = self._inference.hinted(path, binding.annotation)
        elif binding.function is not None:
            found = self._inherited(path, binding)
            if not found and isinstance(binding.value, Expr):
                found = self._inference.types_of(path, binding.value)
        if stars == "*":
            return (Builtin("tuple", (found, (Builtin("..."),))),)
        return (Builtin("dict", ((Builtin("str"),), found)),) if stars else found

    def _inherited(self, path: str, binding: Binding) -> Types:
        """Take a parameter's type from the method that its own overrides."""
        function = binding.function
        klass = (
            self._inference.members.enclosing(path, function.body) if function is not None else None
        )
        if klass is None or function is None:
            return ()
        for base in self._inference.members.order(klass)[1:]:
            if base is None:
                break
            for one in self._inference.members.symbol(base, function.name):
                other = one.binding.function
                for parameter in other.parameters if other is not None else ():
                    if parameter.name == binding.name and parameter.annotation is not None:
                        return self._inference.hinted(one.path, parameter.annotation)
        return ()

    def _self_type(self, path: str, binding: Binding) -> Types:
        """Return the type of ``self`` or ``cls``, if a parameter is one."""
        function = binding.function
        if function is None or not function.parameters:
            return ()
        if function.parameters[0].start != binding.start:
            return ()
        klass = self._inference.members.enclosing(path, function.body)
        names = decorator_names(function.decorators)
        if klass is None or "staticmethod" in names:
            return ()
        made = tuple((Variable(one),) for one in self._inference.members.parameters(klass))
        if "classmethod" in names or function.name in ("__new__", "__init_subclass__"):
            return (ClassObject(klass, made),)
        return (Instance(klass, made),)
