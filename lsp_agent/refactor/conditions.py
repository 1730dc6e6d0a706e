"""Conditions turned round: the same branches in another order or depth."""

from __future__ import annotations

from lsp_agent.refactor.blocks import (
    If,
    conjoined,
    if_at,
    leading,
    lines_of,
    negated,
    on_lines,
    read_if,
    statements_in,
    written_if,
)
from lsp_agent.refactor.change import Change, node_in
from lsp_agent.refactor.effects import FUNCTIONS, LOOPS
from lsp_agent.refactor.layout import has_semicolons, indent_of, is_first, unit_of
from lsp_agent.refactor.operands import replaced
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.languages import ECMA
from lsp_agent.syntax.tree import SyntaxNode
from lsp_agent.workspace.positions import Range

_LEAVING = frozenset({"return_statement", "raise_statement", "throw_statement",
                      "continue_statement", "break_statement"})  # fmt: skip
_DECLARING = frozenset({"lexical_declaration", "function_declaration", "class_declaration"})


def invert_if(document: SyntaxDocument, range_: Range) -> list[Change]:
    """Offer to swap the branches of the ``if`` at the cursor."""
    found = if_at(document, range_)
    if found is None or found.other is None or not is_first(document, found.node.start):
        return []
    condition = negated(found.condition, script=found.script)
    text = written_if(document, found.node, condition, found.other, found.body,
                      script=found.script)  # fmt: skip
    return replaced(document, "Invert the if", found.node, text)


def merge_if(document: SyntaxDocument, range_: Range) -> list[Change]:
    """Offer to join the ``if`` at the cursor with the only one in it."""
    found = if_at(document, range_)
    if found is None or found.other is not None or not is_first(document, found.node.start):
        return []
    inside = [one for one in found.body.children if one.named] or [found.body]
    inner = read_if(document, inside[0]) if len(inside) == 1 else None
    if inner is None or inner.other is not None or leading(document, found.body):
        return []
    mark = "&&" if found.script else "and"
    condition = f"{conjoined(found.condition)} {mark} {conjoined(inner.condition)}"
    if "\n" in condition:
        return []
    text = written_if(document, found.node, condition, inner.body, None, script=found.script)
    return replaced(document, "Merge with the if inside", found.node, text)


def leave_early(document: SyntaxDocument, range_: Range) -> list[Change]:
    """Offer to leave a function or a round of a loop early, where an ``if`` is the last in it."""
    found = if_at(document, range_)
    if found is None or found.other is not None or not is_first(document, found.node.start):
        return []
    leaving = _leaving(found)
    if not leaving:
        return []
    indent = indent_of(document, found.node.start)
    condition = negated(found.condition, script=found.script)
    end = ";" if found.script and has_semicolons(document, found.node) else ""
    unit = unit_of(document)
    if found.script:
        head = [f"if ({condition}) {{", f"{indent}{unit}{leaving}{end}", f"{indent}}}"]
    else:
        head = [f"if {condition}:", f"{indent}{unit}{leaving}"]
    text = "\n".join([*head, *lines_of(document, found.body, indent)])
    return replaced(document, f"Leave early: {leaving}", found.node, text)


def _leaving(found: If) -> str:
    """Return the statement that has the effect of what comes behind an ``if``: nothing."""
    block = found.node.parent
    last = found.node.sibling(1) is None
    owner = block.parent if block is not None else None
    if not last or owner is None or block is None:
        return ""
    if block.type not in ("block", "statement_block") or block.children[-1].type == "comment":
        return ""
    if found.script and _declares(found.body):
        outside = [found.condition, owner.child("parameters"), owner.child("parameter")]
        known = {leaf.text for one in outside if one is not None for leaf in one.walk()}
        if len(block.parts) > 1 or known & _declared(found.body):
            return ""
    if owner.type in FUNCTIONS and not owner.type.startswith("class"):
        return "return"
    return "continue" if owner.type in LOOPS else ""


def _declares(block: SyntaxNode) -> bool:
    return any(one.type in _DECLARING for one in statements_in(block))


def _declared(block: SyntaxNode) -> set[str]:
    """Return the names that declarations right in a block bind, and more."""
    found = [one for one in statements_in(block) if one.type in _DECLARING]
    names = [each.child("name") for one in found for each in (one, *one.parts)]
    return {leaf.text for name in names if name is not None for leaf in name.walk()}


def unwrap_else(document: SyntaxDocument, range_: Range) -> list[Change]:
    """Offer to take the ``else`` away where the ``if`` at the cursor leaves anyway."""
    found = if_at(document, range_)
    if found is None or found.other is None or not is_first(document, found.node.start):
        return []
    body = statements_in(found.body)
    if not body or body[-1].type not in _LEAVING or (found.script and _declares(found.other)):
        return []
    above = found.node.parent
    if above is None or above.type not in ("block", "module", "statement_block", "program"):
        return []
    indent = indent_of(document, found.node.start)
    condition = found.condition.text
    bare = condition[1:-1] if found.script else condition
    first = written_if(document, found.node, bare, found.body, None, script=found.script)
    text = "\n".join([first, *lines_of(document, found.other, indent)])
    return replaced(document, "Take the else away", found.node, text)


def de_morgan(document: SyntaxDocument, range_: Range) -> list[Change]:
    """Offer to move a negation into, or out of, the ``and`` or ``or`` at the cursor."""
    node = node_in(document, range_)
    script = document.language in ECMA
    if node is None or (not script and document.language != "python"):
        return []
    for one in [node, *node.around()]:
        if one.type.endswith(("statement", "definition", "declaration", "block")):
            break
        pushed = _pushed(one, script=script)
        text = pushed or _pulled(one, script=script)
        if text and not any(each.type == "comment" for each in one.walk()):
            parent = one.parent
            loose = parent is not None and (
                parent.type in ("parenthesized_expression", "assignment", "assignment_expression")
                or one.field in ("condition", "value") or parent.type.endswith("_statement")
            )  # fmt: skip
            wrapped = on_lines(text, script=script) if loose or not pushed else f"({text})"
            return replaced(document, "Apply De Morgan's law", one, wrapped)
    return []


def _operator(node: SyntaxNode) -> str:
    if node.type not in ("boolean_operator", "binary_expression"):
        return ""
    operator = node.child("operator")
    text = operator.text if operator is not None else ""
    return text if text in ("and", "or", "&&", "||") else ""


_OTHER = {"and": "or", "or": "and", "&&": "||", "||": "&&"}


def _pushed(node: SyntaxNode, *, script: bool) -> str:
    """Return ``not (a and b)`` with the negation inside."""
    negation = node.type == "not_operator" or (script and _is_not(node))
    inner = node.parts[0] if negation and node.parts else None
    if inner is None or inner.type != "parenthesized_expression" or len(inner.parts) != 1:
        return ""
    operation = inner.parts[0]
    operator = _operator(operation)
    if not operator or len(operation.parts) != 2:
        return ""
    sides = [_strictly_negated(one, script=script) for one in operation.parts]
    return f" {_OTHER[operator]} ".join(sides)


def _pulled(node: SyntaxNode, *, script: bool) -> str:
    """Return ``not a or not b`` with one negation outside."""
    operator = _operator(node)
    if not operator or not all(_is_not(one) or one.type == "not_operator" for one in node.parts):
        return ""
    sides = []
    for one in node.parts:
        value = one.parts[0]
        inner = value.parts[0] if value.type == "parenthesized_expression" else value
        mixed = _operator(inner) not in ("", _OTHER[operator])
        sides.append(f"({inner.text})" if mixed or not _is_plain(inner) else inner.text)
    mark = "!" if script else "not "
    return f"{mark}({f' {_OTHER[operator]} '.join(sides)})"


def _is_plain(node: SyntaxNode) -> bool:
    return node.type not in (
        "conditional_expression", "ternary_expression", "lambda", "named_expression",
        "assignment_expression", "yield",
    )  # fmt: skip


def _is_not(node: SyntaxNode) -> bool:
    return node.type == "unary_expression" and node.text.startswith("!")


def _strictly_negated(node: SyntaxNode, *, script: bool) -> str:
    """Return the negation of an operand; a double one stays, as it makes a truth value."""
    inner = node.bare
    if inner.type == "not_operator" or _is_not(inner):
        return f"{'!' if script else 'not '}{inner.text}"
    return negated(inner, script=script)
