"""Whether code stands behind a statement that never goes on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lsp_agent.workspace.positions import Position

if TYPE_CHECKING:
    from tree_sitter import Node

    from lsp_agent.syntax.document import SyntaxDocument

_JUMP = re.compile(r"(?:return|raise|throw|break|continue|goto)(?:_statement|_expression)?$")
# What is there wherever it stands, or is jumped to.
_REACHED = re.compile(r"comment|label|case|default|function|class|declaration_list|clause|else")


def is_unreachable(document: SyntaxDocument, position: Position) -> bool:
    """Whether a ``return``, ``raise`` or the like stands before, in a block around a position.

    Conditions are not thought about, so ``False`` says little. Cost: linear in the depth and in
    the statements of the blocks around.
    """
    return any(_is_behind_a_jump(node) for node in document.nodes_at(position))


def _is_behind_a_jump(node: Node) -> bool:
    if not node.is_named or _REACHED.search(node.type):
        return False
    before = node.prev_named_sibling
    while before is not None and "comment" in before.type:
        before = before.prev_named_sibling
    return before is not None and _jumps(before)


def _jumps(node: Node) -> bool:
    if _JUMP.match(node.type):
        return True
    inner = node.named_children
    return node.type == "expression_statement" and len(inner) == 1 and _jumps(inner[0])
