"""The tests in a file, as far as its own text shows what a runner would collect."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

    from lsp_agent.syntax.symbols import Match

_QUOTES = "'\"`"


def read_tests(matches: Iterable[Match], data: bytes) -> list[str]:
    """Return the names of the ``@test`` nodes among the matches of a query, in source order.

    A name stands behind those of the tests around it: dotted where it is an identifier
    (``TestShop.test_sale``), else as runners print descriptions (``shop > sells``).
    """
    found: dict[tuple[int, int], Node] = {}
    for _, captures in matches:
        if "test" in captures:
            start, end = captures["test"][0].byte_range
            found.setdefault((start, -end), captures["name"][0])
    tests: list[str] = []
    around: list[tuple[int, str]] = []
    for (start, end), node in sorted(found.items(), key=lambda item: item[0]):
        while around and around[-1][0] <= start:
            around.pop()
        raw = data[node.start_byte : node.end_byte].decode("utf-8", "replace")
        name = raw.strip(_QUOTES)
        if around:
            name = around[-1][1] + ("." if name.isidentifier() and name == raw else " > ") + name
        tests.append(name)
        around.append((-end, name))
    return tests
