"""Small faults put into code by rule, one at a time: a test that proves something fails on some.

The rules are the usual ones of mutation testing (DeMillo, Lipton and Sayward, "Hints on test data
selection", 1978; the operators of Offutt et al., "An experimental determination of sufficient
mutant operators", 1996), for Python, JavaScript and TypeScript.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lsp_agent.syntax.issues import python_error
from lsp_agent.syntax.languages import ECMA
from lsp_agent.workspace.edits import TextEdit
from lsp_agent.workspace.positions import Range
from lsp_agent.workspace.text import shortened

if TYPE_CHECKING:
    from tree_sitter import Node

    from lsp_agent.syntax.document import SyntaxDocument

Kind = Literal["operator", "comparison", "condition", "constant", "return", "statement"]

_SHOWN = 60
_COMPARISONS = {
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "===": "!==",
    "!==": "===", "is": "is not", "is not": "is", "in": "not in", "not in": "in",
}  # fmt: skip
_OPERATORS = {
    "+": "-", "-": "+", "*": "/", "/": "*", "//": "*", "%": "*", "**": "*", "&": "|", "|": "&",
    "^": "&", "<<": ">>", ">>": "<<", "and": "or", "or": "and", "&&": "||", "||": "&&", "??": "&&",
    "+=": "-=", "-=": "+=", "*=": "/=", "/=": "*=", "//=": "*=", "%=": "*=", "**=": "*=",
    "&=": "|=", "|=": "&=", "<<=": ">>=", ">>=": "<<=", "++": "--", "--": "++",
}  # fmt: skip
_WITH_OPERATOR = frozenset(
    {
        "binary_operator", "boolean_operator", "comparison_operator", "augmented_assignment",
        "binary_expression", "augmented_assignment_expression", "update_expression",
    }
)  # fmt: skip
_NEGATIONS = frozenset({"not_operator", "unary_expression"})
_CONDITIONAL = frozenset(
    {
        "if_statement", "elif_clause", "while_statement", "do_statement", "ternary_expression",
        "conditional_expression", "if_clause",
    }
)  # fmt: skip
_LITERALS = frozenset(
    {"integer", "float", "number", "string", "true", "false", "none", "null", "undefined"}
)
_FLIPPED = {"True": "False", "False": "True", "true": "false", "false": "true"}
_HOLDERS = frozenset({"block", "module", "statement_block", "program", "expression_statement"})
_REMOVABLE = frozenset(
    {
        "call", "await", "augmented_assignment", "raise_statement", "delete_statement",
        "break_statement", "continue_statement", "throw_statement", "expression_statement",
    }
)  # fmt: skip
# Types say nothing at run time, and few tests look at the words of an error.
_UNTOUCHED = frozenset(
    {
        "type", "decorator", "import_statement", "import_from_statement", "assert_statement",
        "raise_statement", "throw_statement", "type_annotation", "type_parameters",
        "type_arguments", "type_alias_declaration", "interface_declaration", "literal_type",
        "template_string", "concatenated_string", "comment", "global_statement",
    }
)  # fmt: skip
_LOGS = re.compile(r"(?:(?:self\.)?_?(?:log|logger|logging|warnings)|console)\.|print\(")
_QUOTE = re.compile(r"[A-Za-z]{0,2}(\"\"\"|'''|[\"'`])")
_UNDEFINED = {"python": "None", "javascript": "undefined"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault: ``edit`` puts it into the text; ``old`` is what stands there."""

    kind: Kind
    edit: TextEdit
    old: str

    def __str__(self) -> str:
        """Say what was changed, for a person or a model: one line."""
        line = self.edit.range.start.line + 1
        return f"line {line}: `{_short(self.old)}` became `{_short(self.edit.new_text)}`"


def mutants(document: SyntaxDocument, place: Range, limit: int) -> list[Mutant]:
    """Return at most ``limit`` faults of the code in a place, spread over it, in source order.

    Each is one edit, after which the text still parses; none where the language has no rules.
    Cost: a walk through the place's nodes, and a parse of the text for each fault that is returned:
    10 ms in 500 lines.
    """
    family = _family(document.language)
    root = document.root
    if root is None or not family or limit <= 0 or document.errors(1):
        return []
    start, end = document.byte_at(place.start), document.byte_at(place.end)
    found: dict[TextEdit, Mutant] = {}
    for kind, node, new in _candidates(document, root, start, end, family):
        old = document.node_text(node)
        if old != new and start <= node.start_byte and node.end_byte <= end:
            edit = TextEdit(document.node_range(node), new)
            found.setdefault(edit, Mutant(kind, edit, old))
    ordered = sorted(found.values(), key=lambda one: (one.edit.range.start, one.edit.range.end))
    chosen: list[Mutant] = []
    for index in _spread(len(ordered)):
        if len(chosen) < limit and _parses(document, ordered[index].edit):
            chosen.append(ordered[index])
    return sorted(chosen, key=lambda one: (one.edit.range.start, one.edit.range.end))


def _family(language: str | None) -> str:
    if language in ECMA:
        return "javascript"
    return "python" if language == "python" else ""


def _spread(count: int) -> Iterator[int]:
    """Yield all indexes, so that the first few of them are far apart: halves, then quarters."""
    seen: set[int] = set()
    steps = 1
    while len(seen) < count:
        for part in range(1, steps + 1, 2) if steps > 1 else (0,):
            index = count * part // steps
            if index < count and index not in seen:
                seen.add(index)
                yield index
        if steps > 2 * count:
            yield from (one for one in range(count) if one not in seen)
            return
        steps *= 2


def _parses(document: SyntaxDocument, edit: TextEdit) -> bool:
    after = document.edited(edit.range, edit.new_text)
    if after.errors(1):
        return False
    return document.language != "python" or python_error(after.text) is None


def _candidates(
    document: SyntaxDocument, root: Node, start: int, end: int, family: str
) -> Iterator[tuple[Kind, Node, str]]:
    pending = [root]
    while pending:
        node = pending.pop()
        if node.end_byte <= start or node.start_byte >= end or _is_left(document, node):
            continue
        if (removed := _removed(node, family)) is not None:
            yield "statement", node, removed
        if node.type in _UNTOUCHED:
            continue
        yield from _of_node(document, node, family)
        pending += node.children


def _is_left(document: SyntaxDocument, node: Node) -> bool:
    """Whether a node is a text for people: documentation, a log's line."""
    if node.type == "string":
        return node.parent is not None and node.parent.type in _HOLDERS
    if node.type in ("call", "call_expression", "expression_statement"):
        return _LOGS.match(document.node_text(node)) is not None
    return False


def _of_node(document: SyntaxDocument, node: Node, family: str) -> Iterator[tuple[Kind, Node, str]]:
    if node.type in _WITH_OPERATOR:
        yield from _swapped(node)
    elif node.type in _NEGATIONS:
        argument = node.child_by_field_name("argument")
        if argument is not None and node.children[0].type in ("not", "!"):
            yield "condition", node, document.node_text(argument)
        elif node.children[0].type == "-":
            yield "operator", node.children[0], "+"
    elif node.type == "unary_operator" and node.children[0].type == "-":
        yield "operator", node.children[0], "+"
    elif node.type in _LITERALS and (new := _other(document.node_text(node))) is not None:
        yield "constant", node, new
    if node.type in _CONDITIONAL and (condition := _condition(node)) is not None:
        text = document.node_text(condition)
        yield "condition", condition, f"not ({text})" if family == "python" else f"!({text})"
    result = _result(node)
    if result is not None and not _is_plain(document, result):
        yield "return", result, _UNDEFINED[family]


def _is_plain(document: SyntaxDocument, node: Node) -> bool:
    """Whether a value is nothing, or one that is changed as it stands."""
    nothing = node.type in ("none", "null", "undefined")
    return nothing or (node.type in _LITERALS and _other(document.node_text(node)) is not None)


def _swapped(node: Node) -> Iterator[tuple[Kind, Node, str]]:
    """Yield the operators of an expression with what they become; text is not subtracted."""
    of_text = any(child.type in ("string", "template_string") for child in node.named_children)
    tables: tuple[tuple[Kind, Mapping[str, str]], ...] = (
        ("comparison", _COMPARISONS),
        ("operator", {} if of_text else _OPERATORS),
    )
    for child in node.children:
        for kind, table in tables:
            if not child.is_named and child.type in table:
                yield kind, child, table[child.type]


def _condition(node: Node) -> Node | None:
    """Return what a statement or expression asks; nothing where it is a constant or negated."""
    found = node.child_by_field_name("condition")
    if node.type == "conditional_expression" and len(node.named_children) == 3:
        found = node.named_children[1]
    elif node.type == "if_clause" and node.named_children:
        found = node.named_children[0]
    if found is not None and found.type == "parenthesized_expression" and found.named_children:
        found = found.named_children[0]
    if found is None or found.type in _LITERALS or found.type == "not_operator":
        return None
    negated = found.type == "unary_expression" and found.children[0].type == "!"
    return None if negated else found


def _result(node: Node) -> Node | None:
    """Return the expression that a function gives back."""
    if node.type == "return_statement" and node.named_children:
        return node.named_children[0]
    body = node.child_by_field_name("body") if node.type == "arrow_function" else None
    return body if body is not None and body.type != "statement_block" else None


def _removed(node: Node, family: str) -> str | None:
    """Return what stands for a statement that is left out; ``None`` where it can't be."""
    parent = node.parent
    if parent is None or parent.type == "program":
        return None
    if family == "javascript":
        removable = node.type in _REMOVABLE and node.type != "call"
        directive = node.type == "expression_statement" and node.named_children[:1]
        if directive and directive[0].type == "string":
            return None
        return ";" if removable else None
    if parent.type not in ("block", "expression_statement"):
        return None
    if node.type == "assignment":
        # Without a variable nothing goes on, which any test sees.
        left = node.child_by_field_name("left")
        return "pass" if left is not None and left.type in ("attribute", "subscript") else None
    return "pass" if node.type in _REMOVABLE - {"expression_statement"} else None


def _other(text: str) -> str | None:
    """Return another value of a literal's sort; ``None`` for one that is left as it is."""
    if text in _FLIPPED:
        return _FLIPPED[text]
    quote = _QUOTE.match(text)
    if quote is not None:
        prefix = text[: quote.start(1)].lower()
        if "f" in prefix or "t" in prefix:
            return None
        opening, closing = text[: quote.end()], quote[1]
        body = text[len(opening) : -len(closing)]
        return opening + ("" if body else "mutant") + closing
    try:
        return str(int(text.replace("_", ""), 0) + 1)
    except ValueError:
        pass
    try:
        value = float(text) + 1.0
    except ValueError:
        return None
    return repr(value) if abs(value) < 1e15 else None


def _short(text: str) -> str:
    line = " ".join(text.split())
    return shortened(line, _SHOWN)
