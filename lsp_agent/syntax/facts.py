"""What a file says of itself, for the index: definitions, uses, imports and tests in one go.

Cost, beside what tree-sitter takes for the parse and the queries: about 0.5 µs a use and 30 µs a
definition (`python -m benchmarks.facts`).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from lsp_agent.syntax.imports import Import, read_imports
from lsp_agent.syntax.offsets import OffsetMap
from lsp_agent.syntax.parser import MAX_CHARACTERS, PARSE_SECONDS, captures, query, shared_parsers
from lsp_agent.syntax.symbols import Symbol, SymbolFinder
from lsp_agent.syntax.testcases import read_tests
from lsp_agent.workspace.text import Text

if TYPE_CHECKING:
    from tree_sitter import Node

OTHERS = ("imports", "tests")
"""The queries that are asked together with the one for definitions."""


# Of a list of names, class="page wide", and of Markdown's text, whose links are no nodes.
_INSIDE = {
    "reference.words": re.compile(rb"([^\s#]+)"),
    "reference.links": re.compile(rb"\]\(\s*<?([^\s()<>]+)"),
}


class Reference(NamedTuple):
    """A use of a name: 0-based line and code point; ``call`` where it is called."""

    name: str
    line: int
    character: int
    call: bool


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file's facts, each kind in source order.

    ``references`` are all uses of identifiers but those that name a definition or a parameter.
    ``tests`` are what a test runner would collect: a test's name behind those of the classes,
    suites or descriptions around it, dotted where it is an identifier, else with `` > ``.
    """

    symbols: tuple[Symbol, ...] = ()
    references: tuple[Reference, ...] = ()
    imports: tuple[Import, ...] = ()
    tests: tuple[str, ...] = ()


def file_facts(content: str, language: str | None, *, limit: float = PARSE_SECONDS) -> FileFacts:
    """Return the facts of a text; none without a parser, or where it takes ``limit`` seconds.

    Nothing is said either of a text with a NUL, or of more than four million characters.
    """
    if language is None or len(content) > MAX_CHARACTERS or "\0" in content:
        return FileFacts()
    data = content.encode("utf-8", "replace")
    tree = shared_parsers().parse(language, data, limit=limit)
    if tree is None:
        return FileFacts()
    starts = _line_starts(data)
    offsets = OffsetMap(content, data)
    text = Text(content, starts if len(content) == len(data) else None)
    finder = SymbolFinder(language, text, data, offsets)
    matches = finder.matches(tree.root_node, *OTHERS)
    symbols = finder.read(matches)
    names = {offsets.to_bytes(text.offset(symbol.name_range.start)) for symbol in symbols}
    uses = captures(query(language, "references"), tree.root_node)
    return FileFacts(
        tuple(symbols),
        tuple(_references(uses, content, data, starts, names)),
        tuple(read_imports(matches, data)),
        tuple(read_tests(matches, data)),
    )


def _line_starts(data: bytes) -> list[int]:
    r"""Return the offset of each line's first byte; ``bytes`` end lines as :class:`Text` does."""
    starts = list(accumulate(map(len, data.splitlines(keepends=True)), initial=0))
    return starts if data.endswith((b"\n", b"\r")) or len(starts) == 1 else starts[:-1]


def _references(
    uses: dict[str, list[Node]], content: str, data: bytes, starts: list[int], names: set[int]
) -> list[Reference]:
    """Return the captured uses without those at ``names`` and what the query itself leaves out."""
    declared = names.union(
        *([node.start_byte for node in uses.get(kind, ())] for kind in ("declaration", "none"))
    )
    calls = {node.start_byte for node in uses.get("reference.call", ())}
    spans = [node.byte_range for node in uses.get("reference", ())]
    for kind, pattern in _INSIDE.items():
        for node in uses.get(kind, ()):
            spans += [match.span(1) for match in pattern.finditer(data, *node.byte_range)]
    spans.sort()
    found: list[Reference] = []
    ascii_ = len(content) == len(data)
    new, plain = tuple.__new__, True
    line = begin = behind = at = column = 0
    for start, end in spans:
        if start in declared:
            continue
        if start >= behind:
            line = bisect_right(starts, start) - 1
            begin = starts[line]
            behind = starts[line + 1] if line + 1 < len(starts) else len(data) + 1
            plain = data[begin:behind].isascii()
            at, column = begin, 0
        if not plain:
            column += len(data[at:start].decode("utf-8", "replace"))
            at = start
        name = content[start:end] if ascii_ else data[start:end].decode("utf-8", "replace")
        # A named tuple's own constructor takes half of the loop's time.
        found.append(
            new(Reference, (name, line, start - begin if plain else column, start in calls))
        )
    return found
