"""Arrow functions with and without braces, and properties taken by a pattern; JavaScript only."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from lsp_agent.refactor.change import Change, Editor, node_in
from lsp_agent.refactor.layout import has_semicolons, indent_of, is_first, unit_of
from lsp_agent.refactor.operands import HAZARDS, replaced
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.languages import ECMA
from lsp_agent.syntax.tree import SyntaxNode
from lsp_agent.workspace.edits import TextEdit
from lsp_agent.workspace.positions import Range


def arrow_braces(document: SyntaxDocument, range_: Range) -> list[Change]:
    """Offer braces for the arrow function whose head the cursor is on, or none."""
    node = node_in(document, range_) if document.language in ECMA else None
    arrow = node if node is None or node.type == "arrow_function" else node.above("arrow_function")
    body = arrow.child("body") if arrow is not None else None
    if arrow is None or body is None or document.byte_at(range_.start) > body.start or arrow.broken:
        return []
    if any(one.type == "comment" for one in arrow.children):
        return []
    if body.type != "statement_block":
        return _with_braces(document, arrow, body)
    only = body.parts[0] if len(body.parts) == 1 else None
    commented = any(one.type == "comment" for one in body.walk())
    if only is None or commented or only.type != "return_statement" or len(only.parts) != 1:
        return []
    if _goes_on(document, arrow.end):
        return []
    value = only.parts[0]
    weak = value.type in ("object", "sequence_expression") or value.text.startswith("{")
    text = f"({value.text})" if weak else value.text
    return replaced(document, "Take the braces away", body, text)


def _goes_on(document: SyntaxDocument, end: int) -> bool:
    """Whether the next line would be taken for more of an expression; braces end it before."""
    behind = document.text.slice(
        Range(document.position_at(end), document.position_at(len(document.data)))
    )
    following = behind.lstrip(" \t")
    return following[:1] in ("\n", "\r") and following.lstrip().startswith(HAZARDS)


def _with_braces(document: SyntaxDocument, arrow: SyntaxNode, body: SyntaxNode) -> list[Change]:
    value = body.bare
    indent, unit = indent_of(document, arrow.start), unit_of(document)
    hazard = value.text if value.type != "sequence_expression" else f"({value.text})"
    end = ";" if has_semicolons(document, arrow) else ""
    text = f"{{\n{indent}{unit}return {hazard}{end}\n{indent}}}"
    return replaced(document, "Add braces", body, text)


def destructure(document: SyntaxDocument, range_: Range) -> list[Change]:
    """Offer one pattern for declarations, from the cursor on, that take from the same name."""
    node = node_in(document, range_) if document.language in ECMA else None
    kind = "lexical_declaration"
    first = node if node is None or node.type == kind else node.above(kind)
    if first is None or not is_first(document, first.start):
        return []
    source = _taken(first)
    rows = [first]
    while source is not None and (following := rows[-1].sibling(1)) is not None:
        taken = _taken(following)
        between = document.data[rows[-1].end : following.start]
        same = taken is not None and taken[0] == source[0] and taken[3] == source[3]
        if not same or between.strip() or following.type != kind:
            break
        rows.append(following)
    if source is None or document.position_at(first.start).line != range_.start.line:
        return []
    names = [one[2] for one in map(_taken, rows) if one is not None]
    if len(names) > 1 and source[0] in names[:-1]:
        return []
    return [Change(f"Take {', '.join(names)} by a pattern",
                   partial(_pattern, document, rows))]  # fmt: skip


def _taken(node: SyntaxNode) -> tuple[str, str, str, str] | None:
    """Return object, property, name and keyword of ``const name = object.property``."""
    parts = node.parts
    if node.type != "lexical_declaration" or len(parts) != 1 or node.broken:
        return None
    declarator = parts[0]
    name, value, kind = declarator.child("name"), declarator.child("value"), node.child("kind")
    if name is None or value is None or kind is None or name.type != "identifier":
        return None
    held, taken = value.child("object"), value.child("property")
    chained = any(one.type == "optional_chain" for one in value.children)
    if value.type != "member_expression" or held is None or taken is None or chained:
        return None
    if declarator.child("type") is not None or taken.type != "property_identifier":
        return None
    if held.type not in ("identifier", "this") or any(c.type == "comment" for c in node.walk()):
        return None
    return held.text, taken.text, name.text, kind.text


def _pattern(document: SyntaxDocument, rows: list[SyntaxNode]) -> Sequence[TextEdit]:
    found = [one for one in map(_taken, rows) if one is not None]
    held, _, _, kind = found[0]
    names = [name if name == taken else f"{taken}: {name}" for _, taken, name, _ in found]
    end = ";" if rows[0].text.endswith(";") else ""
    editor = Editor(document)
    text = f"{kind} {{ {', '.join(names)} }} = {held}{end}"
    editor.replace(rows[0].start, rows[-1].end, text)
    return editor.done()
