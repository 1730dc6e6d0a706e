"""What a selection is that becomes a function, and how its text gets there."""

from __future__ import annotations

from dataclasses import dataclass

from lsp_agent.refactor.change import LISTS, exactly, selected
from lsp_agent.refactor.hoisting import is_value
from lsp_agent.refactor.layout import is_first, line_end
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.tree import SyntaxNode, covering
from lsp_agent.workspace.positions import Range

_SIMPLE = frozenset({"pass_statement", "break_statement", "continue_statement", "import_statement",
                     "import_from_statement", "future_import_statement"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Piece:
    """An expression, or statements that follow each other in one list; comments stay with them."""

    nodes: list[SyntaxNode]
    start: int
    end: int
    expression: bool

    def holds(self, offset: int) -> bool:
        """Whether a byte is part of it."""
        return self.start <= offset < self.end


def piece_in(document: SyntaxDocument, range_: Range) -> Piece | None:
    """Return the expression or the whole statements that are selected, if nothing else is."""
    start, end = selected(document, range_)
    node = exactly(document, range_)
    if node is not None and node.type not in LISTS and not _is_statement(node):
        whole = not node.broken and is_value(node, document.language) and bool(node.children)
        return Piece([node], start, end, expression=True) if whole else None
    list_ = node or covering(document, start, end)
    while list_ is not None and list_.type not in LISTS:
        list_ = list_.parent
    return _statements(document, list_, start, end) if list_ is not None and start < end else None


def _statements(document: SyntaxDocument, list_: SyntaxNode, start: int, end: int) -> Piece | None:
    near = [one for one in list_.children_within(start, end) if one.named]
    inside = [one for one in near if start <= one.start and one.end <= end]
    statements = [one for one in inside if one.type != "comment"]
    if not statements or inside[0].start != start or any(one.broken for one in statements):
        return None
    rest = document.data[inside[-1].end : end].strip(b"; \t")
    if rest or all(one.type in _SIMPLE for one in statements):
        return None
    if any(one.type == "case_clause" for one in statements):
        return None
    touched = [one for one in near if one.end > start and one.start < end]
    return Piece(statements, start, end, expression=False) if touched == inside else None


def _is_statement(node: SyntaxNode) -> bool:
    return node.parent is None or node.parent.type in LISTS


def is_alone(document: SyntaxDocument, piece: Piece) -> bool:
    """Whether nothing but a comment stands on the lines of a piece besides it."""
    behind = document.data[piece.end : line_end(document, piece.end)].strip()
    return is_first(document, piece.start) and (not behind or behind[:1] == b"#")
