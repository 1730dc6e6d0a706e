"""Where an expression is evaluated: the statement that it can be taken out of, if it can."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lsp_agent.refactor.change import LISTS
from lsp_agent.refactor.effects import COMPREHENSIONS, in_the_way, names_in, reads
from lsp_agent.refactor.errors import RefusedError
from lsp_agent.syntax.languages import ECMA
from lsp_agent.syntax.tree import SyntaxNode

_PYTHON = frozenset(
    {
        "binary_operator", "boolean_operator", "comparison_operator", "not_operator",
        "unary_operator", "call", "attribute", "subscript", "string", "concatenated_string",
        "integer", "float", "true", "false", "none", "list", "tuple", "dictionary", "set",
        "list_comprehension", "set_comprehension", "dictionary_comprehension",
        "generator_expression", "conditional_expression", "lambda", "await",
        "parenthesized_expression", "expression_list",
    }
)  # fmt: skip
_ECMA = frozenset(
    {
        "binary_expression", "ternary_expression", "call_expression", "member_expression",
        "subscript_expression", "new_expression", "string", "template_string", "number", "regex",
        "array", "object", "arrow_function", "function_expression", "unary_expression",
        "await_expression", "parenthesized_expression", "as_expression", "satisfies_expression",
        "non_null_expression", "true", "false", "null", "jsx_element", "jsx_self_closing_element",
        "jsx_fragment",
    }
)  # fmt: skip
_TARGETS = frozenset(
    {
        "pattern_list", "tuple_pattern", "list_pattern", "list_splat_pattern", "tuple", "list",
        "list_splat", "parenthesized_expression", "expression_list", "array_pattern",
        "object_pattern", "array", "object", "pair_pattern", "rest_pattern",
    }
)  # fmt: skip
_STORES = frozenset(
    {
        "assignment", "augmented_assignment", "for_statement", "for_in_clause", "for_in_statement",
        "assignment_expression", "augmented_assignment_expression",
    }
)  # fmt: skip
_NO_VALUES = frozenset(
    {
        "delete_statement", "as_pattern_target", "update_expression", "concatenated_string",
        "case_pattern", "type", "import_statement", "literal_type", "type_annotation",
        "type_arguments", "enum_assignment", "enum_body", "decorator", "type_alias_declaration",
        "interface_declaration", "union_pattern", "keyword_pattern", "class_pattern",
        "type_alias_statement", "dict_pattern", "complex_pattern", "ERROR",
    }
)  # fmt: skip
_NAMES = frozenset({"source", "name", "property", "alias"})
_WRAPS = frozenset({"parenthesized_expression", "non_null_expression", "as_expression",
                    "satisfies_expression"})  # fmt: skip
_BODIES = frozenset({"body", "consequence", "alternative"})
_FUNCTIONS = frozenset(
    {"arrow_function", "function_expression", "function_declaration", "method_definition",
     "generator_function", "generator_function_declaration"}
)  # fmt: skip
_LOOPS = frozenset({"while_statement", "do_statement", "for_statement"})
_CLASSES = frozenset({"class_body", "class_definition"})


@dataclass(frozen=True, slots=True)
class Hoisted:
    """The statement before which an expression may be evaluated as well.

    ``earlier`` are its parts that are evaluated before the expression.
    """

    statement: SyntaxNode
    list: SyntaxNode
    earlier: tuple[SyntaxNode, ...]


def is_value(node: SyntaxNode, language: str | None) -> bool:
    """Whether a node is an expression whose value is used where it stands."""
    if node.type not in (_ECMA if language in ECMA else _PYTHON) or node.broken:
        return False
    parent = node.parent
    if parent is None or (parent.type in LISTS and "string" in node.type):
        return False
    if parent.type == "expression_statement" and "string" in node.type:
        return False
    target = node
    while target.parent is not None and target.parent.type in _TARGETS:
        target = target.parent
    above = target.parent
    if above is not None and above.type in _STORES and target.field == "left":
        return False
    if any(one.type in _NO_VALUES for one in (parent, above) if one is not None):
        return False
    return not _is_part(node, parent)


def _is_part(node: SyntaxNode, parent: SyntaxNode) -> bool:
    """Whether a node is no value of its own: a key, a module's name, half of an operation."""
    if node.field in _NAMES or (node.field == "key" and _is_in_object(parent)):
        return True
    whole = wrapped(node)
    if whole.parent is not None and whole.parent.type == "unary_expression":
        return whole.parent.text.startswith(("delete", "typeof"))
    if parent.type == "as_expression" and parent.children[-1].text == "const":
        return True
    if node.type == "template_string" and parent.type == "call_expression":
        return True
    if parent.type in ("call_expression", "member_expression", "subscript_expression"):
        inner = node.field in ("function", "object")
        return (inner and _is_chained(node)) or _is_method(node, whole)
    return _is_method(node, whole)


def _is_method(node: SyntaxNode, whole: SyntaxNode) -> bool:
    """Whether a member is called where it stands, so that the call knows its object."""
    while node.type in _WRAPS and node.parts:
        node = node.parts[0]
    called = whole.field == "function" and whole.parent is not None
    return called and node.type in ("member_expression", "subscript_expression")


def wrapped(node: SyntaxNode) -> SyntaxNode:
    """Return a node with the brackets, and what says its type, around it."""
    while node.parent is not None and node.parent.type in _WRAPS and node.parent.parts[0] == node:
        node = node.parent
    return node


def _is_in_object(pair: SyntaxNode) -> bool:
    return pair.parent is not None and pair.parent.type in ("object", "object_pattern")


def _is_chained(node: SyntaxNode) -> bool:
    """Whether a chain with ``?.`` ends here: what follows belongs to it."""
    inner: SyntaxNode | None = node
    while inner is not None and inner.type != "parenthesized_expression":
        if any(one.type in ("optional_chain", "?.") for one in inner.children):
            return True
        inner = inner.child("object") or inner.child("function")
    return False


def hoist(node: SyntaxNode, held: Callable[[SyntaxNode], bool] = reads) -> Hoisted:
    """Find the statement before which an expression can be evaluated just as well.

    ``held`` says of an expression whether calls may change its value.

    Raises :class:`RefusedError` where it is evaluated later, more than once, or perhaps not at
    all, and where something that is evaluated before it may change it.
    """
    child = node
    earlier: list[SyntaxNode] = []
    for parent in node.around():
        if parent.type in LISTS and not (parent.type == "switch_case" and child.field == "value"):
            break
        reason = _deferred(parent, child)
        if reason:
            raise RefusedError(reason)
        earlier += _earlier(parent, child)
        child = parent
    else:
        raise RefusedError("there is no statement around the selected expression")
    if parent.parent is not None and parent.parent.type == "class_definition":
        raise RefusedError("in the body of a class a variable would be an attribute of the class")
    if (before := in_the_way(node, earlier, held)) is not None:
        line = before.text.partition("\n")[0]
        raise RefusedError(f"{line!r} is evaluated before it, and one may change the other")
    declared = {one.text for one in _declared(child) if not node.holds(one)}
    if shared := sorted(declared & names_in(node)):
        raise RefusedError(f"{shared[0]} is bound by the statement itself")
    return Hoisted(child, parent, tuple(earlier))


def _declared(statement: SyntaxNode) -> list[SyntaxNode]:
    """Return the names that the declarations of one statement bind."""
    if statement.type not in ("lexical_declaration", "variable_declaration", "for_statement"):
        return []
    listed = statement.child("initializer") or statement
    names = [one.child("name") for one in listed.parts if one.type == "variable_declarator"]
    return [leaf for name in names if name is not None for leaf in name.walk() if not leaf.children]


def _earlier(parent: SyntaxNode, child: SyntaxNode) -> list[SyntaxNode]:
    """Return the children of a node that are evaluated before another one."""
    if parent.type == "assignment" and child.field == "right":
        return []
    if parent.type == "assignment" and child.field == "left":
        return parent.all("right")
    if parent.type == "conditional_expression":
        return []
    if parent.type == "assignment_expression" and child.field == "right":
        left = parent.child("left")
        return [one for one in (left.child("object"), left.child("index")) if one] if left else []
    unpacked = child.type == "keyword_argument"
    return [
        one
        for one in parent.parts
        if one.end <= child.start or (unpacked and one.type == "list_splat")
    ]


def _deferred(parent: SyntaxNode, child: SyntaxNode) -> str:  # noqa: PLR0911 - a table of cases
    """Say why a child is not evaluated exactly once, where its parent begins; ``""`` if it is."""
    kind = parent.type
    if _is_conditional(parent, child):
        return "it is evaluated only under a condition"
    if kind in COMPREHENSIONS or kind == "for_in_clause":
        first = next((one for one in parent.parts if one.type == "for_in_clause"), None)
        once = child == first if kind in COMPREHENSIONS else child.field == "right"
        return "" if once else "it is evaluated for each element"
    if (
        kind == "lambda"
        or kind in _FUNCTIONS
        or kind in ("formal_parameters", "required_parameter")
    ):
        if kind == "lambda" and child.field != "body":
            return ""
        return "it is evaluated whenever the function is called"
    anew = _LOOPS | {"for_in_statement"} if child.field == "left" else _LOOPS
    if kind in anew and child.field in ("condition", "increment", "left"):
        return "it is evaluated anew in each round of the loop"
    if kind in _CLASSES and (kind == "class_body" or child.field == "body"):
        return "it belongs to the body of a class"
    if kind in ("type", "type_annotation", "type_arguments"):
        return "it is a type"
    if child.field in _BODIES and kind.endswith(("statement", "clause")):
        return f"its statement has no block of its own; add one to the {kind.split('_')[0]} first"
    return ""


def _is_conditional(parent: SyntaxNode, child: SyntaxNode) -> bool:  # noqa: PLR0911 - as above
    kind = parent.type
    if kind == "boolean_operator":
        return child.field == "right"
    if kind == "binary_expression":
        operator = parent.child("operator")
        lazy = operator is not None and operator.text in ("&&", "||", "??")
        return lazy and child.field == "right"
    if kind == "conditional_expression":
        return child != parent.parts[1]
    if kind == "ternary_expression":
        return child.field != "condition"
    if kind in ("comparison_operator", "assert_statement"):
        late = 2 if kind == "comparison_operator" else 1
        return child in parent.parts[late:]
    if kind == "with_clause":
        return child != parent.parts[0]
    if kind in ("call_expression", "subscript_expression"):
        return child.field in ("arguments", "index") and _is_chained(parent)
    return kind in ("elif_clause", "else_clause", "except_clause", "case_clause", "switch_case",
                    "switch_default", "if_clause", "except_group_clause", "assignment_pattern",
                    "object_assignment_pattern")  # fmt: skip
