"""The parts of an ``if`` in Python and JavaScript, and blocks written with another indentation."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from lsp_agent.refactor.change import node_in
from lsp_agent.refactor.layout import indent_of, is_first, line_start, reindented, unit_of
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.languages import ECMA
from lsp_agent.syntax.tree import SyntaxNode
from lsp_agent.workspace.positions import Range

_WEAK = frozenset(
    {
        "boolean_operator", "conditional_expression", "lambda", "named_expression",
        "ternary_expression", "binary_expression", "assignment_expression", "sequence_expression",
        "arrow_function", "as_expression", "satisfies_expression", "yield_expression", "yield",
        "augmented_assignment_expression",
    }
)  # fmt: skip
_FLIPPED = {
    "==": "!=", "!=": "==", "===": "!==", "!==": "===", "is": "is not", "is not": "is",
    "in": "not in", "not in": "in",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class If:
    """An ``if`` without ``elif``; ``other`` is the body of its ``else``."""

    node: SyntaxNode
    condition: SyntaxNode
    body: SyntaxNode
    other: SyntaxNode | None
    script: bool


def if_at(document: SyntaxDocument, range_: Range) -> If | None:
    """Return the ``if`` whose first line, up to its body, the cursor is on."""
    node = node_in(document, range_)
    if node is None or document.language not in {"python", *ECMA}:
        return None
    found = node if node.type == "if_statement" else node.above("if_statement")
    at = document.byte_at(range_.start)
    read = read_if(document, found) if found is not None else None
    if read is None or not read.node.start <= at <= max(read.body.start, read.condition.end + 2):
        return None
    return read if "\n" not in document.text.slice(range_) else None


def read_if(document: SyntaxDocument, node: SyntaxNode) -> If | None:
    """Return the parts of an ``if`` that is sound, has no ``elif`` and no comment between them."""
    condition, body = node.child("condition"), node.child("consequence")
    others = node.all("alternative")
    if node.type != "if_statement" or condition is None or body is None or node.broken:
        return None
    if len(others) > 1 or not _comments_lead(document, node, body):
        return None
    other = None
    if others:
        other = others[0].child("body") or (others[0].parts[0] if others[0].parts else None)
        if others[0].type != "else_clause" or other is None or other.type == "if_statement":
            return None
        if not _comments_lead(document, others[0], other):
            return None
    return If(node, condition, body, other, document.language in ECMA)


def _comments_lead(document: SyntaxDocument, node: SyntaxNode, body: SyntaxNode) -> bool:
    """Whether all comments of a statement or clause itself are lines that its body begins with."""
    comments = [one for one in node.children if one.type == "comment"]
    return comments == leading(document, body)


def leading(document: SyntaxDocument, block: SyntaxNode) -> list[SyntaxNode]:
    """Return the comments that a block begins with; they stand before it in Python's tree."""
    siblings = block.parent.children if block.parent is not None else []
    if block.type != "block":
        return []
    return [
        one
        for one in siblings
        if one.type == "comment" and one.end <= block.start and is_first(document, one.start)
    ]


def statements_in(block: SyntaxNode) -> list[SyntaxNode]:
    """Return the statements of a block, or the one that stands for it."""
    return block.parts if _is_list(block) else [block]


def lines_of(document: SyntaxDocument, block: SyntaxNode, indent: str) -> list[str]:
    """Return a block's statements and comments as lines, the inside of strings left as it is."""
    inner = [one for one in block.children if one.named] if _is_list(block) else [block]
    inner = leading(document, block) + inner
    if not inner:
        return []
    start, end = inner[0].start, inner[-1].end
    old = indent_of(document, start) if is_first(document, start) else ""
    return reindented(document, [block], (start, end), old, indent).split("\n")


def _is_list(block: SyntaxNode) -> bool:
    return block.type in ("block", "statement_block")


def on_lines(text: str, *, script: bool) -> str:
    """Return an expression as it stands without brackets, or in such where its line ends need them.

    In JavaScript a condition has its own.
    """
    if script or "\n" not in text:
        return text
    try:
        ast.parse(text, mode="eval")
    except (SyntaxError, ValueError):
        return f"({text})"
    return text


def negated(condition: SyntaxNode, *, script: bool) -> str:
    """Return the opposite of a condition, as it is written in an ``if``, without its brackets."""
    inner = condition.bare
    if inner.type == "not_operator" or (inner.type == "unary_expression" and inner.text[0] == "!"):
        value = inner.parts[0]
        return on_lines((value.bare if script else value).text, script=script)
    if (flipped := _flipped(inner)) is not None:
        return on_lines(flipped, script=script)
    mark = "!" if script else "not "
    weak = inner.type in _WEAK
    return f"{mark}({inner.text})" if weak else mark + on_lines(inner.text, script=script)


def _flipped(node: SyntaxNode) -> str | None:
    """Return a comparison with the opposite operator; ``None`` where it has none for sure."""
    if node.type not in ("comparison_operator", "binary_expression") or len(node.parts) != 2:
        return None
    left, right = node.parts
    middle = node.text[len(left.text) : len(node.text) - len(right.text)]
    opposite = _FLIPPED.get(" ".join(middle.split()))
    return f"{left.text} {opposite} {right.text}" if opposite else None


def conjoined(condition: SyntaxNode) -> str:
    """Return a condition as an operand of ``and``."""
    inner = condition.bare
    operator = inner.child("operator")
    lazy = operator is not None and operator.text in ("||", "??", "or")
    weak = inner.type in _WEAK - {"boolean_operator", "binary_expression"} or lazy
    return f"({inner.text})" if weak else inner.text


def written_if(
    document: SyntaxDocument,
    node: SyntaxNode,
    condition: str,
    body: SyntaxNode,
    other: SyntaxNode | None,
    *,
    script: bool,
) -> str:
    """Return an ``if`` as text, its first line without indentation."""
    indent = indent_of(document, line_start(document, node.start))
    unit = unit_of(document)
    first = lines_of(document, body, indent + unit)
    second = lines_of(document, other, indent + unit) if other is not None else []
    if script:
        lines = [f"if ({condition}) {{", *first]
        lines += [f"{indent}}} else {{", *second] if other is not None else []
        return "\n".join([*lines, f"{indent}}}"])
    lines = [f"if {condition}:", *first]
    return "\n".join([*lines, f"{indent}else:", *second] if other is not None else lines)
