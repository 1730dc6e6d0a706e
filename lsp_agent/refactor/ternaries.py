"""A choice between two values: as an ``if``, or as one expression."""

from __future__ import annotations

from lsp_agent.refactor.blocks import if_at, leading, statements_in
from lsp_agent.refactor.change import LISTS, Change, node_in
from lsp_agent.refactor.effects import has_effects
from lsp_agent.refactor.layout import has_semicolons, indent_of, is_first, line_end, unit_of
from lsp_agent.refactor.operands import replaced
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.languages import ECMA
from lsp_agent.syntax.tree import SyntaxNode
from lsp_agent.workspace.positions import Range

_CHOICES = frozenset({"conditional_expression", "ternary_expression"})
_WEAK = frozenset({"conditional_expression", "lambda", "named_expression", "yield",
                   "expression_list", "ternary_expression", "assignment_expression",
                   "sequence_expression", "arrow_function", "assignment",
                   "augmented_assignment_expression", "yield_expression"})  # fmt: skip
_MAX_LINE = 100


def choice_to_if(document: SyntaxDocument, range_: Range) -> list[Change]:
    """Offer an ``if`` for the choice at the cursor, where it is all that a statement gives."""
    node = node_in(document, range_)
    while node is not None and node.type not in _CHOICES:
        if node.type in LISTS or node.type.endswith("statement"):
            return []
        node = node.parent
    if node is None or "\n" in node.text or len(node.parts) != 3:
        return []
    statement = node.parent
    if statement is not None and statement.type == "assignment_expression":
        statement = statement.parent
    if statement is None or statement.parent is None or statement.parent.type not in LISTS:
        return []
    if not is_first(document, statement.start) or not _gives(statement, node):
        return []
    script = document.language in ECMA
    behind = document.data[statement.end : line_end(document, statement.end)].strip()
    if not script and behind and behind[:1] != b"#":
        return []
    if script:
        condition, first, second = node.parts
    else:
        first, condition, second = node.parts
    text = _as_if(document, statement, node, (condition, first, second), script=script)
    return replaced(document, "Turn the choice into an if", statement, text)


def _gives(statement: SyntaxNode, node: SyntaxNode) -> bool:
    """Whether a statement returns a value, or gives it to one plain target."""
    if statement.type == "return_statement":
        return True
    inner = statement.parts[0] if statement.type == "expression_statement" else statement
    left, right = inner.child("left"), inner.child("right")
    plain = left is not None and not has_effects(left) and inner.child("type") is None
    simple = left is not None and left.type in ("identifier", "attribute", "member_expression")
    return inner.type in ("assignment", "assignment_expression") and right == node and (
        plain and simple
    )  # fmt: skip


def _as_if(
    document: SyntaxDocument,
    statement: SyntaxNode,
    node: SyntaxNode,
    parts: tuple[SyntaxNode, SyntaxNode, SyntaxNode],
    *,
    script: bool,
) -> str:
    condition, *values = parts
    head = _slice(statement, statement.start, node.start)
    tail = _slice(statement, node.end, statement.end)
    indent, unit = indent_of(document, statement.start), unit_of(document)
    first, second = (f"{indent}{unit}{head}{one.text}{tail}" for one in values)
    bare = condition.bare.text
    if script:
        return f"if ({bare}) {{\n{first}\n{indent}}} else {{\n{second}\n{indent}}}"
    return f"if {bare}:\n{first}\n{indent}else:\n{second}"


def _slice(statement: SyntaxNode, start: int, end: int) -> str:
    data = statement.text.encode("utf-8", "replace")
    return data[start - statement.start : end - statement.start].decode("utf-8", "replace")


def if_to_choice(document: SyntaxDocument, range_: Range) -> list[Change]:
    """Offer one expression for the ``if`` at the cursor, whose branches give one value each."""
    found = if_at(document, range_)
    if found is None or found.other is None or not is_first(document, found.node.start):
        return []
    first, second = statements_in(found.body), statements_in(found.other)
    if len(first) != 1 or len(second) != 1:
        return []
    comments = leading(document, found.body) + leading(document, found.other)
    if comments or any(one.type == "comment" for one in found.node.walk()):
        return []
    values = [_value(first[0]), _value(second[0])]
    if values[0] is None or values[1] is None or values[0][0] != values[1][0]:
        return []
    head, one = values[0]
    other = values[1][1]
    texts = [f"({node.text})" if node.type in _WEAK else node.text for node in (one, other)]
    condition = found.condition.bare if found.script else found.condition
    asked = f"({condition.text})" if condition.type in _WEAK else condition.text
    if found.script:
        end = ";" if has_semicolons(document, first[0]) else ""
        text = f"{head}{asked} ? {texts[0]} : {texts[1]}{end}"
    else:
        text = f"{head}{texts[0]} if {asked} else {texts[1]}"
    if "\n" in text or len(text) > _MAX_LINE:
        return []
    return replaced(document, "Turn the if into one expression", found.node, text)


def _is_weak(condition: SyntaxNode) -> bool:
    inner = condition.bare
    return (inner.type in _WEAK and condition == inner) or inner.type == "ternary_expression"


def _value(statement: SyntaxNode) -> tuple[str, SyntaxNode] | None:
    """Return what stands before a statement's value, and the value."""
    if statement.type == "return_statement" and len(statement.parts) == 1:
        return "return ", statement.parts[0]
    inner = statement.parts[0] if statement.type == "expression_statement" else statement
    left, right = inner.child("left"), inner.child("right")
    if inner.type not in ("assignment", "assignment_expression") or left is None or right is None:
        return None
    chained = right.type in ("assignment", "yield", "assignment_expression")
    if inner.child("type") is not None or has_effects(left) or chained:
        return None
    return f"{left.text} = ", right
