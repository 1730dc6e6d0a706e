"""What a file says of itself, for the index: definitions, uses, imports and tests in one go.

Cost, beside what tree-sitter takes for the parse and the queries: about 1 µs a use and 20 µs a
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
from lsp_agent.syntax.parser import MAX_CHARACTERS, PARSE_SECONDS, query, shared_parsers
from lsp_agent.syntax.symbols import Symbol, SymbolFinder
from lsp_agent.syntax.testcases import read_tests
from lsp_agent.workspace.text import Text

if TYPE_CHECKING:
    from tree_sitter import Node

OUTLINE = ("definitions", "imports", "tests")
"""The queries that are asked together for a file's facts."""


_WORDS = re.compile(rb"[^\s#]+")


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
    """Return the facts of a text; none without a parser, or where it takes ``limit`` seconds."""
    if language is None or len(content) > MAX_CHARACTERS or "\0" in content:
        return FileFacts()
    data = content.encode("utf-8", "replace")
    tree = shared_parsers().parse(language, data, limit=limit)
    if tree is None:
        return FileFacts()
    from tree_sitter import QueryCursor

    outline = query(language, *OUTLINE)
    matches = QueryCursor(outline).matches(tree.root_node) if outline else []
    starts = _line_starts(data)
    offsets = OffsetMap(content, data)
    text = Text(content, starts if len(content) == len(data) else None)
    finder = SymbolFinder(language, text, data, offsets)
    symbols = finder.read(matches)
    return FileFacts(
        tuple(symbols),
        tuple(
            _references(
                tree.root_node, language, content, data, starts, offsets, finder.name_starts
            )
        ),
        tuple(read_imports(matches, data)),
        tuple(read_tests(matches, data)),
    )


def _line_starts(data: bytes) -> list[int]:
    r"""Return the offset of each line's first byte; ``bytes`` end lines as :class:`Text` does."""
    starts = list(accumulate(map(len, data.splitlines(keepends=True)), initial=0))
    return starts if data.endswith((b"\n", b"\r")) or len(starts) == 1 else starts[:-1]


def _references(
    root: Node,
    language: str,
    content: str,
    data: bytes,
    starts: list[int],
    offsets: OffsetMap,
    names: set[int],
) -> list[Reference]:
    from tree_sitter import QueryCursor

    wanted = query(language, "references")
    if wanted is None:
        return []
    captures = QueryCursor(wanted).captures(root)
    declared = names.union(
        *([node.start_byte for node in captures.get(kind, ())] for kind in ("declaration", "none"))
    )
    calls = {node.start_byte for node in captures.get("reference.call", ())}
    spans = [node.byte_range for node in captures.get("reference", ())]
    for node in captures.get("reference.words", ()):
        spans += [word.span() for word in _WORDS.finditer(data, *node.byte_range)]
    spans.sort()
    found: list[Reference] = []
    ascii_ = len(content) == len(data)
    new, line, begin, behind, plain, last = tuple.__new__, 0, 0, 0, True, -1
    for start, end in spans:
        if start in declared or start == last:
            continue
        if start >= behind:
            line = bisect_right(starts, start) - 1
            begin = starts[line]
            behind = starts[line + 1] if line + 1 < len(starts) else len(data) + 1
            plain = data[begin:behind].isascii()
        last = start
        character = start - begin if plain else offsets.to_chars(start) - offsets.to_chars(begin)
        name = content[start:end] if ascii_ else data[start:end].decode("utf-8", "replace")
        # A named tuple's own constructor takes half of the loop's time.
        found.append(new(Reference, (name, line, character, start in calls)))
    return found
