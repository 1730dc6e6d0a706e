"""The way from a tree's root to a leaf, and what it says of the leaf: role and scope.

A node's parent costs a walk from the root; one descent gives all of them, with their fields.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from lsp_agent.syntax.python_model import Role, Scope, ScopeKind

if TYPE_CHECKING:
    from tree_sitter import Node

COMPREHENSIONS = {
    "list_comprehension": "list",
    "set_comprehension": "set",
    "dictionary_comprehension": "dict",
    "generator_expression": "Generator",
}
_TARGET_LISTS = frozenset(
    {
        "pattern_list", "tuple_pattern", "list_pattern", "list_splat_pattern", "tuple", "list",
        "list_splat", "parenthesized_expression", "expression_list",
    }
)  # fmt: skip
_LEFT = frozenset({"assignment", "augmented_assignment", "for_statement", "for_in_clause"})
_PARAMETERS = frozenset({"parameters", "lambda_parameters"})
_PARAMETER_PARTS = frozenset(
    {
        "default_parameter", "typed_default_parameter", "typed_parameter", "list_splat_pattern",
        "dictionary_splat_pattern",
    }
)  # fmt: skip
_STRING_TYPES = frozenset({"string", "string_content", "concatenated_string"})
_ANNOTATION_PARTS = frozenset(
    {
        "generic_type", "type_parameter", "type", "union_type", "binary_operator", "subscript",
        "list", "tuple", "string", "parenthesized_expression", "member_type", "constrained_type",
        "splat_type", "expression_list",
    }
)  # fmt: skip
_GENERICS = frozenset(
    {
        "Optional", "Union", "List", "Dict", "Set", "FrozenSet", "Tuple", "Type", "Callable",
        "Sequence", "Iterable", "Iterator", "Mapping", "Generic", "ClassVar", "Final", "Awaitable",
        "Generator", "Deque", "DefaultDict", "MutableMapping", "Collection", "AsyncIterator",
    }
)  # fmt: skip
_CASTS = frozenset({"cast", "typing.cast", "t.cast"})


class Link(NamedTuple):
    """A node on the way and the field that it has in its parent."""

    node: Node
    field: str | None


Chain = list[Link]


def descend(root: Node, offset: int) -> Chain:
    """Return the nodes from ``root`` to the leaf that holds a byte."""
    cursor = root.walk()
    chain = [Link(root, None)]
    while cursor.goto_first_child_for_byte(offset) is not None:
        node = cursor.node
        if node is None or node.start_byte > offset:
            break
        chain.append(Link(node, cursor.field_name))
    return chain


class Walker:
    """Finds scopes along chains; remembers the nodes that open them."""

    def __init__(self, text: Callable[[Node], str], end: int) -> None:
        self.text = text
        self.module = Scope(ScopeKind.MODULE, 0, end)
        self.openers: dict[Scope, Node] = {}

    def opened(
        self, kind: ScopeKind, node: Node, parent: Scope, *, extent: Node | None = None
    ) -> Scope:
        """Return the scope that a node opens."""
        name = node.child_by_field_name("name")
        named = self.text(name) if name is not None else ""
        where = extent or node
        scope = Scope(kind, where.start_byte, where.end_byte, named, parent)
        self.openers.setdefault(scope, node)
        return scope

    def scope(self, chain: Chain, last: int) -> Scope:
        """Return the scope in which ``chain[last]`` is evaluated."""
        scope = self.module
        for index in range(min(last, len(chain) - 1)):
            scope = self._step(scope, chain, index)
        return scope

    def body(self, node: Node, around: Scope) -> Scope:
        """Return the scope of the body of a definition or lambda that stands in ``around``."""
        if node.type == "class_definition":
            return self.opened(ScopeKind.CLASS, node, self.types(node, around))
        if node.type == "lambda":
            return self.opened(ScopeKind.LAMBDA, node, around)
        return self.opened(ScopeKind.FUNCTION, node, self.types(node, around))

    def types(self, node: Node, around: Scope) -> Scope:
        """Return the scope of a definition's type parameters, or ``around`` without any."""
        if node.child_by_field_name("type_parameters") is None:
            return around
        return self.opened(ScopeKind.TYPES, node, around)

    def comprehension(self, node: Node, around: Scope) -> Scope:
        """Return the scope of a comprehension."""
        return self.opened(ScopeKind.COMPREHENSION, node, around)

    def _step(self, scope: Scope, chain: Chain, index: int) -> Scope:
        node, field = chain[index].node, chain[index + 1].field
        kind = node.type
        if kind in ("function_definition", "class_definition"):
            if field == "body":
                return self.body(node, scope)
            return scope if field == "name" else self.types(node, scope)
        if kind == "lambda":
            return self.body(node, scope) if field == "body" else scope
        if kind in COMPREHENSIONS:
            return self._in_comprehension(scope, chain, index)
        if kind == "type_alias_statement":
            left = node.child_by_field_name("left")
            generic = left is not None and any(c.type == "generic_type" for c in left.children)
            return self.opened(ScopeKind.TYPES, node, scope) if generic else scope
        return scope

    def _in_comprehension(self, scope: Scope, chain: Chain, index: int) -> Scope:
        node, child = chain[index].node, chain[index + 1].node
        first = next((c for c in node.named_children if c.type == "for_in_clause"), None)
        outermost = first is not None and first.start_byte == child.start_byte
        inside = index + 2 < len(chain) and chain[index + 2].field == "right"
        if outermost and inside and child.type == "for_in_clause":
            return scope
        return self.comprehension(node, scope)


def is_annotation(chain: Chain, walker: Walker) -> bool:
    """Say whether the string that a chain ends in is evaluated as a type."""
    index = len(chain) - 1
    while index > 0 and chain[index].node.type in _STRING_TYPES:
        index -= 1
    hint = False
    while index >= 0 and chain[index].node.type in _ANNOTATION_PARTS:
        node = chain[index].node
        if node.type in ("generic_type", "subscript"):
            head = node.named_children[0] if node.named_children else node
            name = walker.text(head).rpartition(".")[2]
            if name in ("Literal", "Annotated"):
                return False
            hint = hint or name in _GENERICS
        hint = hint or node.type == "type"
        index -= 1
    return hint or _is_type_argument(chain, index, walker)


def _is_type_argument(chain: Chain, index: int, walker: Walker) -> bool:
    if index < 1 or index + 1 >= len(chain):
        return False
    link, above = chain[index], chain[index - 1]
    if link.node.type == "keyword_argument":
        name = link.node.child_by_field_name("name")
        return name is not None and walker.text(name) == "bound"
    if link.node.type != "argument_list" or above.node.type != "call":
        return False
    function = above.node.child_by_field_name("function")
    called = walker.text(function) if function is not None else ""
    first = link.node.named_children[0]
    return called in _CASTS and first.start_byte == chain[index + 1].node.start_byte


def naming_list(chain: Chain, walker: Walker) -> str | None:
    """Return ``__all__`` or ``__slots__`` where the string at a chain's end stands in one."""
    for link in reversed(chain):
        node = link.node
        if node.type in ("assignment", "augmented_assignment"):
            left = node.child_by_field_name("left")
            name = walker.text(left) if left is not None else ""
            return name if name in ("__all__", "__slots__") else None
        if node.type == "call":
            function = node.child_by_field_name("function")
            exports = function is not None and walker.text(function).startswith("__all__.")
            return "__all__" if exports else None
        if node.type.endswith(("definition", "statement")) and node.type != "expression_statement":
            return None
    return None


def in_hint(chain: Chain) -> bool:
    """Say whether a chain ends in a type hint, where names may be bound further below."""
    for (node, _), (child, _) in pairwise(chain):
        quoted = node.type == "string" and child.type != "interpolation"
        if quoted or node.type == "type":
            return True
    return False


def binder(chain: Chain) -> int | None:
    """Return the index of what binds the identifier at the end of a chain; ``None`` for a use.

    That is a definition, parameter, assignment, loop, ``as_pattern``, import, case pattern …
    """
    last = len(chain) - 1
    parent = chain[last - 1].node
    if parent.type in _DIRECT:
        return _DIRECT[parent.type](chain, last)
    if parent.type == "type":
        return _type_parameter(chain, last)
    return target(chain, last)


def parameter_list(chain: Chain) -> int | None:
    """Return the index of the parameters that the identifier at a chain's end is a name in."""
    index = len(chain) - 2
    while index > 0 and chain[index].node.type in _PARAMETER_PARTS:
        if chain[index + 1].field in ("value", "type"):
            return None
        index -= 1
    return index if chain[index].node.type in _PARAMETERS else None


def target(chain: Chain, last: int) -> int | None:
    """Return the index of the assignment, loop, ``as`` or ``del`` that has a target there.

    Deleting a name binds it too, as far as scopes go.
    """
    index = last
    while index > 0 and chain[index - 1].node.type in _TARGET_LISTS:
        index -= 1
    if index == 0:
        return None
    above, field = chain[index - 1].node, chain[index].field
    if field == "left" and above.type in _LEFT:
        return index - 1
    if above.type == "as_pattern_target":
        return index - 2
    return index - 1 if above.type == "delete_statement" else None


def _named(chain: Chain, last: int) -> int | None:
    return last - 1 if chain[last].field == "name" else None


def _parameter(chain: Chain, last: int) -> int | None:
    """Find a parameter's name: in a list, in a default or typed parameter, behind stars."""
    return None if parameter_list(chain) is None else last - 1


def _splat(chain: Chain, last: int) -> int | None:
    return target(chain, last) if parameter_list(chain) is None else last - 1


def _alias(chain: Chain, last: int) -> int | None:
    return last - 1 if chain[last].field == "alias" else None


def _case_as(chain: Chain, last: int) -> int | None:
    above = chain[last - 1].node
    behind = chain[last].node.start_byte > above.named_children[0].start_byte
    return last - 1 if behind and _in_case(chain, last - 1) else None


def _in_case(chain: Chain, index: int) -> bool:
    return index > 0 and chain[index - 1].node.type == "case_pattern"


def _dotted(chain: Chain, last: int) -> int | None:
    dotted, above = chain[last - 1].node, chain[last - 2].node
    first = dotted.named_children[0].start_byte == chain[last].node.start_byte
    if above.type in ("import_statement", "import_from_statement"):
        if chain[last - 1].field != "name":
            return None
        # ``import a.b`` binds ``a``; ``from m import a`` has no dots.
        return last - 2 if first else None
    alone = len(dotted.named_children) == 1
    captured = alone and above.type in ("case_pattern", "keyword_pattern")
    return last - 1 if captured and chain[last].node.text != b"_" else None


def _type_parameter(chain: Chain, last: int) -> int | None:
    """Find a name in ``[T: bound, *Ts]`` behind a definition's name, or left of ``type X =``."""
    index = last - 1
    while index > 0 and chain[index].node.type in ("type", "constrained_type", "splat_type"):
        node, below = chain[index].node, chain[index + 1].node
        if node.type == "constrained_type" and below.start_byte != node.start_byte:
            return None
        index -= 1
    node = chain[index].node
    above = chain[index - 1]
    if node.type == "type_alias_statement" and chain[index + 1].field == "left":
        return index
    if node.type != "type_parameter":
        return None
    if chain[index].field == "type_parameters":
        return index
    stands_left = index > 2 and chain[index - 2].field == "left"
    return index if above.node.type == "generic_type" and stands_left else None


def _generic(chain: Chain, last: int) -> int | None:
    above = chain[last - 2]
    if above.field == "left" and chain[last - 3].node.type == "type_alias_statement":
        return last - 3
    return None


_DIRECT: dict[str, Callable[[Chain, int], int | None]] = {
    "function_definition": _named,
    "class_definition": _named,
    "named_expression": _named,
    "parameters": _parameter,
    "lambda_parameters": _parameter,
    "default_parameter": _parameter,
    "typed_default_parameter": _parameter,
    "typed_parameter": _parameter,
    "list_splat_pattern": _splat,
    "dictionary_splat_pattern": _splat,
    "aliased_import": _alias,
    "as_pattern": _case_as,
    "dotted_name": _dotted,
    "splat_pattern": lambda _chain, last: last - 1,
    "generic_type": _generic,
}


def role(chain: Chain) -> Role:  # noqa: PLR0911 - a table of cases
    """Return the role of an identifier that binds nothing."""
    (node, field), (parent, _) = chain[-1], chain[-2]
    if parent.type == "attribute" and field == "attribute":
        return Role.ATTRIBUTE
    if parent.type == "keyword_argument" and field == "name":
        return Role.KEYWORD
    if parent.type == "keyword_pattern":
        return Role.PATTERN_KEYWORD
    if parent.type in ("global_statement", "nonlocal_statement"):
        return Role.DECLARED
    if parent.type == "dotted_name":
        return _dotted_role(chain, node)
    if parent.type == "member_type" and node.start_byte > parent.start_byte:
        return Role.ATTRIBUTE
    return Role.USE


def _dotted_role(chain: Chain, node: Node) -> Role:
    dotted = chain[-2]
    for link in reversed(chain[:-2]):
        if link.node.type == "import_from_statement":
            return Role.IMPORTED if dotted.field == "name" and not _module(chain) else Role.MODULE
        if link.node.type in ("import_statement", "relative_import", "future_import_statement"):
            return Role.MODULE
        if link.node.type not in ("aliased_import", "dotted_name"):
            break
    first = dotted.node.named_children[0].start_byte == node.start_byte
    return Role.USE if first else Role.ATTRIBUTE


def _module(chain: Chain) -> bool:
    return any(link.field == "module_name" for link in chain)
