"""Python names and expressions as plain data; what the index resolves references with.

Offsets are bytes of the file's UTF-8, as tree-sitter counts; ``PythonNames.position`` translates.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class ScopeKind(StrEnum):
    """What opens a scope. ``TYPES`` holds the type parameters of a definition."""

    MODULE = "module"
    CLASS = "class"
    FUNCTION = "function"
    LAMBDA = "lambda"
    COMPREHENSION = "comprehension"
    TYPES = "types"


@dataclass(frozen=True, slots=True)
class Scope:
    """A scope; two of one file are the same when kind and extent are."""

    kind: ScopeKind
    start: int
    end: int
    name: str = field(default="", compare=False)
    parent: Scope | None = field(default=None, compare=False)


class Role(StrEnum):
    """What an identifier does where it stands.

    ``KEYWORD`` names a parameter in a call, ``PATTERN_KEYWORD`` an attribute in a class pattern,
    ``IMPORTED`` what ``from m import NAME`` takes, ``MODULE`` a part of a module's dotted name,
    ``DECLARED`` stands behind ``global`` or ``nonlocal``, ``LISTED`` in a string of ``__all__`` or
    ``__slots__``.
    """

    USE = "use"
    BINDING = "binding"
    ATTRIBUTE = "attribute"
    KEYWORD = "keyword"
    PATTERN_KEYWORD = "pattern_keyword"
    IMPORTED = "imported"
    MODULE = "module"
    DECLARED = "declared"
    LISTED = "listed"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A place where a name stands; ``scope`` is the one that it is looked up or bound in.

    ``stores`` says of a binding or attribute that it is assigned to here.
    """

    name: str
    start: int
    role: Role
    scope: Scope
    stores: bool = False


@dataclass(frozen=True, slots=True)
class NameExpr:
    """A name."""

    name: str
    start: int
    scope: Scope


@dataclass(frozen=True, slots=True)
class AttributeExpr:
    """``value.name``; ``start`` is that of the name behind the dot."""

    value: Expr
    name: str
    start: int


@dataclass(frozen=True, slots=True)
class CallExpr:
    """A call with its positional arguments and the names of the keyword ones."""

    function: Expr
    arguments: tuple[Expr, ...]
    keywords: tuple[tuple[str, Expr], ...]
    start: int
    scope: Scope


@dataclass(frozen=True, slots=True)
class SubscriptExpr:
    """``value[index, …]``."""

    value: Expr
    index: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class LiteralExpr:
    """A literal of a builtin type: ``str``, ``int``, ``None`` …; ``text`` of a string or number."""

    type: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class DisplayExpr:
    """A ``list``, ``tuple``, ``set`` or ``dict`` written out; a dict's ``items`` are its values."""

    type: str
    items: tuple[Expr, ...]
    keys: tuple[Expr, ...] = ()


@dataclass(frozen=True, slots=True)
class ChoiceExpr:
    """One of several: a conditional expression, ``or`` and ``and``, and ``|`` between types."""

    options: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class OperatorExpr:
    """An arithmetic operation; its type is guessed from the left side."""

    operator: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class AwaitExpr:
    """``await value``."""

    value: Expr


@dataclass(frozen=True, slots=True)
class ComprehensionExpr:
    """A comprehension of elements into ``list``, ``set``, ``dict`` or ``Generator``."""

    type: str
    element: Expr
    key: Expr | None = None


@dataclass(frozen=True, slots=True)
class LambdaExpr:
    """A lambda's result."""

    body: Expr


@dataclass(frozen=True, slots=True)
class UnknownExpr:
    """Anything else."""


Expr = (
    NameExpr
    | AttributeExpr
    | CallExpr
    | SubscriptExpr
    | LiteralExpr
    | DisplayExpr
    | ChoiceExpr
    | OperatorExpr
    | AwaitExpr
    | ComprehensionExpr
    | LambdaExpr
    | UnknownExpr
)
UNKNOWN = UnknownExpr()


class BindingKind(StrEnum):
    """What binds a name."""

    FUNCTION = "function"
    CLASS = "class"
    PARAMETER = "parameter"
    IMPORT = "import"
    ASSIGNMENT = "assignment"
    AUGMENTED = "augmented"
    FOR = "for"
    WITH = "with"
    EXCEPT = "except"
    MATCH = "match"
    TYPE = "type"
    ATTRIBUTE = "attribute"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter; ``stars`` is empty, ``*`` or ``**``."""

    name: str
    start: int
    stars: str
    annotation: Expr | None
    default: Expr | None


@dataclass(frozen=True, slots=True)
class Function:
    """A function's outside; ``scope`` is the one it stands in, ``body`` its own."""

    name: str
    start: int
    scope: Scope
    body: Scope
    parameters: tuple[Parameter, ...]
    returns: Expr | None
    decorators: tuple[Expr, ...]
    asynchronous: bool


@dataclass(frozen=True, slots=True)
class Class:
    """A class's outside; ``types`` are its type parameters of the new syntax."""

    name: str
    start: int
    scope: Scope
    body: Scope
    bases: tuple[Expr, ...]
    decorators: tuple[Expr, ...]
    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImportSource:
    """Where an import takes from: a module, with its leading dots, and a name in it.

    ``name`` is ``None`` for ``import m``, of which ``import a.b`` binds ``a``; ``aliased`` says
    whether ``as`` gives a new name.
    """

    module: str
    name: str | None
    aliased: bool


@dataclass(frozen=True, slots=True)
class Binding:
    """One binding of a name, or of an attribute of ``self``.

    ``value`` is what it comes from: the assigned value, the iterable, the context manager, the
    exception's type; ``path`` says which part of it is taken, index by index (``*`` rests are -1).
    """

    name: str
    start: int
    scope: Scope
    kind: BindingKind
    value: Expr | None = None
    annotation: Expr | None = None
    path: tuple[int, ...] = ()
    function: Function | None = None
    klass: Class | None = None
    source: ImportSource | None = None
    parameter: Parameter | None = None

    @property
    def typed(self) -> bool:
        """Whether the declaration itself says a type, as pyright understands it."""
        return self.annotation is not None or self.kind in (
            BindingKind.FUNCTION,
            BindingKind.CLASS,
            BindingKind.PARAMETER,
        )
