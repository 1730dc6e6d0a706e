"""Whether evaluating an expression can be noticed, or its value depends on when it is evaluated."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from lsp_agent.syntax.tree import SyntaxNode

COMPREHENSIONS = frozenset(
    {
        "list_comprehension", "set_comprehension", "dictionary_comprehension",
        "generator_expression",
    }
)  # fmt: skip
FUNCTIONS = frozenset(
    {
        "function_definition", "lambda", "function_declaration", "function_expression",
        "arrow_function", "method_definition", "generator_function", "class_definition",
        "class_declaration", "class", "generator_function_declaration",
    }
)  # fmt: skip
_CALLS = frozenset({"call", "call_expression", "new_expression"})
_WAITS = frozenset({"await", "yield", "await_expression", "yield_expression"})
_ACTS = _CALLS | _WAITS
LOOPS = frozenset({"for_statement", "while_statement", "do_statement", "for_in_statement"})
REPEATING = LOOPS | COMPREHENSIONS
"""What evaluates what it holds more than once."""
_STORES = frozenset(
    {
        "assignment", "augmented_assignment", "assignment_expression", "delete_statement",
        "augmented_assignment_expression", "update_expression", "for_statement",
        "for_in_statement", "named_expression", "as_pattern_target", "variable_declarator",
        "for_in_clause", "import_statement", "import_from_statement", "function_definition",
        "class_definition", "case_pattern",
    }
)  # fmt: skip
_LATE = frozenset(
    {"assignment", "augmented_assignment", "assignment_expression", "call", "call_expression",
     "augmented_assignment_expression", "new_expression", "await", "yield", "named_expression",
     "await_expression", "yield_expression", "variable_declarator"}
)  # fmt: skip
"""What happens once all below it has been evaluated."""
_MUTABLE = FUNCTIONS | {
    "list", "dictionary", "set", "regex", "array", "object", "new_expression", *COMPREHENSIONS,
}  # fmt: skip
_BINDS = frozenset(
    {
        "named_expression", "assignment_expression", "augmented_assignment_expression",
        "update_expression",
    }
)  # fmt: skip
_EFFECTS = _WAITS | _BINDS
_CATCHING = re.compile(
    r"\b(?:suppress|\w*raises\w*|\w*ExitStack|catch\w*|ignor\w*)\b", re.IGNORECASE
)
_READS = frozenset({"attribute", "subscript", "member_expression", "subscript_expression"})
FRAME = frozenset({"locals", "vars", "eval", "exec", "dir", "sys._getframe", "inspect.currentframe",
                   "inspect.stack"})  # fmt: skip
"""Calls of which the result depends on the function that they stand in."""
# Builtins whose calls nobody notices, as long as they are given plain values.
_QUIET = frozenset(
    {
        "abs", "bool", "chr", "divmod", "float", "frozenset", "hash", "id", "int", "isinstance",
        "issubclass", "len", "ord", "range", "repr", "round", "str", "tuple", "type",
        "Number", "String", "Boolean", "Math.abs", "Math.max", "Math.min", "Math.floor",
        "Math.round", "Math.ceil", "Array.isArray", "Object.keys",
    }
)  # fmt: skip


def has_effects(node: SyntaxNode) -> bool:
    """Whether evaluating a node calls, awaits or binds anything; what functions hold is not run."""
    return any(_is_effect(one) for one in node.walk(skip=FUNCTIONS))


def binds(node: SyntaxNode) -> bool:
    """Whether evaluating a node binds a name."""
    return any(one.type in _BINDS for one in node.walk(skip=FUNCTIONS))


def reads(node: SyntaxNode) -> bool:
    """Whether a node's value depends on what objects hold just then."""
    return any(one.type in _READS for one in node.walk(skip=FUNCTIONS))


def in_the_way(
    node: SyntaxNode, earlier: list[SyntaxNode], held: Callable[[SyntaxNode], bool]
) -> SyntaxNode | None:
    """Return what keeps a node from being evaluated before what is evaluated earlier now.

    ``held`` says of an expression whether calls may change its value; that they change what is
    called itself, as ``a.b`` in ``a.b(node)``, is left out of account.
    """
    acts = has_effects(node)
    waits = acts or held(node)
    for one in earlier:
        if binds(one) or (waits and has_effects(one)):
            return one
        if acts and one.field != "function" and held(one):
            return one
    return None


def own(nodes: Iterable[SyntaxNode], *types: str) -> list[SyntaxNode]:
    """Return the nodes of some types that some statements hold, but in functions inside them."""
    return [
        one
        for node in nodes
        if node.type not in FUNCTIONS
        for one in node.walk(skip=FUNCTIONS)
        if one.type in types
    ]


def makes_objects(node: SyntaxNode) -> bool:
    """Whether each evaluation of a node makes a new object that can be told from others."""
    return any(one.type in _MUTABLE for one in node.walk())


def of_class(node: SyntaxNode) -> bool:
    """Whether a Python name means something only in its class: ``super``, ``__private``."""
    private = node.text.startswith("__") and not node.text.endswith("__")
    return node.type == "identifier" and (private or node.text in ("super", "__class__"))


def may_catch(node: SyntaxNode) -> bool:
    """Whether a node is a ``with`` that is known to go on behind what is raised in it."""
    head = next((one for one in node.parts if one.type == "with_clause"), None)
    return node.type == "with_statement" and head is not None and bool(_CATCHING.search(head.text))


def change_between(
    node: SyntaxNode, list_: SyntaxNode, start: int, use: SyntaxNode, *, held: bool
) -> str:
    """Say what may change an expression's value between a byte and a use; ``""`` for nothing.

    What began before that byte and ends behind it counts. Both stand in one list of statements; a
    loop around the use alone counts to its end. Calls may change what is ``held`` elsewhere.
    """
    names = names_in(node)
    loop = _loop_around(use, list_)
    for one in list_.walk():
        if one.end <= start or one.start >= (loop.end if loop else use.start):
            continue
        target = _target(one) if one.type in _STORES else None
        done = one if one.type in _LATE else target or one
        if loop is None and done.end > use.start:
            continue
        line = one.text.partition("\n")[0]
        if held and (one.type == "with_clause" or (one.type in _ACTS and has_effects(one))):
            return f"{line} may change its value in between"
        if target is not None and (names_in(target) & names or (held and reads(target))):
            return f"{line} changes its value in between"
    return ""


def _target(node: SyntaxNode) -> SyntaxNode:
    """Return the part of a statement that holds the names which it binds."""
    if node.type.startswith("import"):
        return node
    return node.child("left") or node.child("name") or node


def _loop_around(use: SyntaxNode, list_: SyntaxNode) -> SyntaxNode | None:
    """Return the outermost loop around a use, within a list of statements."""
    found = None
    for one in use.around():
        if one == list_:
            break
        if one.type in REPEATING:
            found = one
    return found


def names_in(node: SyntaxNode) -> set[str]:
    """Return the identifiers that a node holds, attributes and keywords aside."""
    return {one.text for one in node.walk() if is_variable(one)}


def is_variable(node: SyntaxNode) -> bool:
    """Whether a node is a name of a variable, as far as its parent says."""
    if node.type in ("shorthand_property_identifier", "shorthand_property_identifier_pattern"):
        return True
    parent = node.parent
    if node.type != "identifier":
        return False
    if parent is None:
        return True
    attribute = parent.type == "attribute" and node.field == "attribute"
    return not attribute and not (parent.type == "keyword_argument" and node.field == "name")


def _is_effect(node: SyntaxNode) -> bool:
    if node.type in _EFFECTS:
        return True
    if node.type == "unary_expression":
        return node.text.startswith("delete")
    if node.type not in _CALLS:
        return False
    function = node.child("function")
    return function is None or function.text not in _QUIET
