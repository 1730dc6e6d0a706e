"""The tests in a file, as far as its own text shows what a runner would collect."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from lsp_agent.workspace.positions import Position

if TYPE_CHECKING:
    from tree_sitter import Node

    from lsp_agent.syntax.document import SyntaxDocument
    from lsp_agent.syntax.symbols import Match

_QUOTES = "'\"`"
_SCOPES = frozenset({"class_definition", "function_definition"})
_TESTS = frozenset({"it", "test", "specify", "fit", "xit", "xtest"})
_RUNNER = re.compile(
    r"(?:describe|context|suite|it|test|specify|fdescribe|fit|xdescribe|xit|xtest)\b"
)


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
    """Return the name of the innermost test that holds a position, as :func:`read_tests` does.

    Python and the scripts' ``test("…", …)`` only. Cost: a look at the nodes around the position.
    """
    first, part = document.near(position)
    around = part.nodes_at(Position(position.line - first, position.character))
    names: list[str] = []
    for node in reversed(around):
        name = node.child_by_field_name("name")
        if node.type in _SCOPES and name is not None:
            names.append(part.node_text(name))
            if node.type == "function_definition":
                # What is defined inside of a function is no test.
                return ".".join(names) if names[-1].startswith("test") else None
        elif node.type == "call_expression" and (said := _said(part, node)) is not None:
            names.append(said[1])
            if said[0] in _TESTS:
                return " > ".join(names)
    return None


def _said(document: SyntaxDocument, node: Node) -> tuple[str, str] | None:
    """Return what a call declares, a test or a suite, and its description."""
    arguments = node.child_by_field_name("arguments")
    called = node.child_by_field_name("function")
    given = arguments.named_children if arguments is not None else []
    if called is None or len(given) < 2 or given[0].type not in ("string", "template_string"):
        return None
    runner = _RUNNER.match(document.node_text(called))
    return (runner[0], document.node_text(given[0]).strip(_QUOTES)) if runner else None
