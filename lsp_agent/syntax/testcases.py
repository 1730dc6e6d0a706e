"""The tests in a file, as far as its own text shows what a runner would collect."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from lsp_agent.syntax.parser import matches, query
from lsp_agent.workspace.positions import Position

if TYPE_CHECKING:
    from tree_sitter import Node

    from lsp_agent.syntax.document import SyntaxDocument
    from lsp_agent.syntax.symbols import Match

_QUOTES = "'\"`"


def read_tests(matched: Iterable[Match], data: bytes) -> list[str]:
    """Return the names of the ``@test`` nodes among the matches of a query, in source order.

    A name stands behind those of the tests and of the ``@test.suite`` nodes around it: dotted
    where it is an identifier (``TestShop.test_sale``), else as runners print descriptions
    (``shop > sells``).
    """
    found: dict[tuple[int, int], tuple[bool, list[Node]]] = {}
    for _, captures in matched:
        for kind in ("test", "test.suite"):
            if kind in captures:
                start, end = captures[kind][0].byte_range
                known = found.get((start, -end), (False,))[0]
                found[start, -end] = (known or kind == "test", captures["name"])
    tests: list[str] = []
    around: list[tuple[int, str]] = []
    for (start, end), (is_test, nodes) in sorted(found.items(), key=lambda item: item[0]):
        while around and around[-1][0] <= start:
            around.pop()
        raw = [data[node.start_byte : node.end_byte].decode("utf-8", "replace") for node in nodes]
        name = ".".join(raw).strip(_QUOTES)
        if around:
            name = around[-1][1] + ("." if name.isidentifier() and name in raw else " > ") + name
        if is_test:
            tests.append(name)
        around.append((-end, name))
    return tests


def test_at(document: SyntaxDocument, position: Position) -> str | None:
    """Return the name of the innermost test, or class of tests, that holds a position.

    Cost: one query over the nodes that touch the place.
    """
    first, part = document.near(position)
    wanted = query(part.language, "tests") if part.language else None
    root = part.root
    if root is None or wanted is None:
        return None
    line = part.text.line(position.line - first)
    indent = len(line) - len(line.lstrip())
    at = part.byte_at(Position(position.line - first, max(position.character, indent)))
    names = read_tests(matches(wanted, root, within=(max(at - 1, 0), at + 1)), part.data)
    return names[-1] if names else None
