"""What an expression may evaluate to, as far as finding members needs it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from lsp_agent.index.python.modules import Module
from lsp_agent.syntax.python_model import Binding, Class, Function

_MAX_NESTING = 6


@dataclass(frozen=True, slots=True)
class Declaration:
    """A binding in a file; two are the same when they stand at the same place."""

    path: str
    start: int
    binding: Binding = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class External:
    """A module outside the workspace, or a name in one."""

    module: str
    name: str | None


# What a name may stand for.
Target = Declaration | Module | External


@dataclass(frozen=True, slots=True)
class ClassRef:
    """A class of the workspace."""

    path: str
    start: int
    info: Class = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Instance:
    """An object of a class of the workspace, with its type arguments."""

    klass: ClassRef
    arguments: tuple[Types, ...] = ()
    depth: int = field(default=0, compare=False, repr=False)

    def __post_init__(self) -> None:
        _limit(self)


@dataclass(frozen=True, slots=True)
class ClassObject:
    """A class itself."""

    klass: ClassRef
    arguments: tuple[Types, ...] = ()
    depth: int = field(default=0, compare=False, repr=False)

    def __post_init__(self) -> None:
        _limit(self)


@dataclass(frozen=True, slots=True)
class ModuleObject:
    """A module or package of the workspace."""

    module: Module


@dataclass(frozen=True, slots=True)
class FunctionObject:
    """A function of the workspace, bound to ``receiver`` when it was taken from an object."""

    path: str
    start: int
    info: Function = field(compare=False, repr=False)
    receiver: Instance | ClassObject | None = None
    owner: ClassRef | None = None


@dataclass(frozen=True, slots=True)
class Super:
    """The result of ``super()``: members behind ``klass`` in the order of ``receiver``."""

    klass: ClassRef
    receiver: Instance | ClassObject


@dataclass(frozen=True, slots=True)
class Builtin:
    """An object of a type outside the workspace that is known by its name."""

    name: str
    arguments: tuple[Types, ...] = ()
    depth: int = field(default=0, compare=False, repr=False)

    def __post_init__(self) -> None:
        _limit(self)


@dataclass(frozen=True, slots=True)
class BuiltinClass:
    """A class outside the workspace."""

    name: str
    arguments: tuple[Types, ...] = ()
    depth: int = field(default=0, compare=False, repr=False)

    def __post_init__(self) -> None:
        _limit(self)


@dataclass(frozen=True, slots=True)
class BuiltinMethod:
    """A method of such an object."""

    owner: Builtin
    name: str


@dataclass(frozen=True, slots=True)
class Variable:
    """A type variable that is not known yet; ``bound`` is what it is at least."""

    name: str
    bound: Types = ()
    of_class: bool = False


Type = (
    Instance
    | ClassObject
    | ModuleObject
    | FunctionObject
    | Super
    | Builtin
    | BuiltinClass
    | BuiltinMethod
    | Variable
)
# A union; empty when nothing is known.
Types = tuple[Type, ...]


def _limit(made: Instance | ClassObject | Builtin | BuiltinClass) -> None:
    """Forget the arguments of a type that is nested too deep, as of a list that holds itself."""
    if made.arguments:
        inner = (_nesting(one) for types in made.arguments for one in types)
        depth = 1 + max(inner, default=0)
        if depth > _MAX_NESTING:
            object.__setattr__(made, "arguments", ())
            depth = 0
        object.__setattr__(made, "depth", depth)


def _nesting(one: Type) -> int:
    match one:
        case Instance() | ClassObject() | Builtin() | BuiltinClass():
            return one.depth
        case FunctionObject() | Super() if one.receiver is not None:
            return 1 + one.receiver.depth
        case BuiltinMethod():
            return 1 + one.owner.depth
        case Variable():
            return 1 + max(map(_nesting, one.bound), default=0)
    return 0


def union(groups: Iterable[Types]) -> Types:
    """Return the types of all groups, each once, at most sixteen."""
    return tuple(dict.fromkeys(one for group in groups for one in group))[:16]


def substituted(types: Types, known: dict[str, Types]) -> Types:
    """Return the types with type variables replaced."""
    if not known:
        return types
    return union(_replaced(one, known) for one in types)


def _replaced(one: Type, known: dict[str, Types]) -> Types:
    match one:
        case Variable(name, _, of_class):
            found = known.get(name)
            if found is None:
                return (one,)
            return instances_to_classes(found) if of_class else found
        case Instance(klass, arguments) if arguments:
            return (Instance(klass, tuple(substituted(a, known) for a in arguments)),)
        case Builtin(name, arguments) if arguments:
            return (Builtin(name, tuple(substituted(a, known) for a in arguments)),)
    return (one,)


def instances_to_classes(types: Types) -> Types:
    """Return the classes of objects: what ``type[T]`` is for a known ``T``."""
    found: list[Type] = []
    for one in types:
        if isinstance(one, Instance):
            found.append(ClassObject(one.klass, one.arguments))
        elif isinstance(one, Variable):
            found.append(Variable(one.name, one.bound, of_class=True))
        elif isinstance(one, Builtin):
            found.append(BuiltinClass(one.name, one.arguments))
    return tuple(found)


def classes_to_instances(types: Types) -> Types:
    """Return the objects of classes."""
    found: list[Type] = []
    for one in types:
        if isinstance(one, ClassObject):
            found.append(Instance(one.klass, one.arguments))
        elif isinstance(one, BuiltinClass) and one.name == "type" and one.arguments:
            found += instances_to_classes(one.arguments[0])
        elif isinstance(one, BuiltinClass):
            found.append(Builtin(one.name, one.arguments))
        elif isinstance(one, Variable) and one.of_class:
            found.append(Variable(one.name, one.bound))
    return tuple(found)
