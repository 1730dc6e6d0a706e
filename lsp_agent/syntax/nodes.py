"""Ways through a tree that stay fast in a deep one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node


def ascent(root: Node, node: Node | None) -> list[Node]:
    """Return a node and all around it, the innermost first and ``root`` last.

    Cost: linear in the depth. ``Node.parent`` comes down from the root each time, so that a climb
    by it is quadratic: a minute in 10,000 open brackets.
    """
    path: list[Node] = []
    around: Node | None = root if node is not None else None
    while around is not None and node is not None:
        path.append(around)
        around = around.child_with_descendant(node) if around != node else None
    return path[::-1]
