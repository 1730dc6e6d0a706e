"""Parsers and queries by language, made once and shared; parsing has a time limit."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections import deque
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from lsp_agent.resources import has_resource, resource
from lsp_agent.syntax.macros import without_macros
from lsp_agent.syntax.wide import without_wide

if TYPE_CHECKING:
    from tree_sitter import Language, Node, Point, Query, Range, Tree

PARSE_SECONDS = 1.0
MAX_CHARACTERS = 4_000_000
# A parser that needs that long for so little hangs; a larger text may just be an odd one.
_SMALL = 10_000
_KEPT = 64
_CHUNK = 1 << 16
# Once there is a tree, only its queries read: the words that their predicates compare.
_WORD = 64
# Matches that a query may have under way; those beyond are not found.
_MATCH_LIMIT = 1_024
# Tokens side by side that are part of nothing: a query looks at those behind it from each.
_MAX_LOOSE = 20_000
# Lines that may open 200 blocks: these scanners write beyond their memory at some 250 and take the
# process with them.
_TOO_DEEP = {
    "yaml": re.compile(rb"(?:\A|[\r\n])(?:[-?:]?[ \t]){200}"),
    "markdown": re.compile(rb"(?:\A|[\r\n])(?:[ \t>]|[-+*][ \t]|\d{1,9}[.)][ \t]){200}"),
}
_INHERITS = re.compile(r";\s*inherits:\s*(\w+)")
_log = logging.getLogger(__name__)


class Stretch(NamedTuple):
    """A part of a text: its first byte and the one behind it, and their rows and columns."""

    start: int
    end: int
    start_point: Point | tuple[int, int]
    end_point: Point | tuple[int, int]


class _Local(threading.local):
    """A parser is not thread-safe, so each thread has its own, and reads through its own window."""

    def __init__(self) -> None:
        self.parsers: dict[str, Any] = {}
        self.window = bytearray()


class Parsers:
    """Parses texts; remembers the texts, and the languages, whose parser took too long."""

    def __init__(self) -> None:
        self._local = _Local()
        self._slow: set[str] = set()
        self._skipped: deque[tuple[str, int]] = deque(maxlen=_KEPT)

    def parse(
        self,
        language: str,
        data: bytes,
        old: Tree | None = None,
        *,
        ranges: Sequence[Stretch] = (),
        limit: float = PARSE_SECONDS,
    ) -> Tree | None:
        """Return the tree of UTF-8 bytes, or of some ``ranges`` of them.

        ``None`` after ``limit`` seconds: that text is then skipped, at once if it comes again; and
        after so long for less than 10 KB the language is plain text from then on. Neither happens
        for ranges. ``None``, too, for YAML and Markdown whose blocks are nested 200 deep.
        """
        if language in self._slow or (self._skipped and (language, hash(data)) in self._skipped):
            return None
        if _is_too_deep(language, data, ranges):
            return None
        deadline = time.monotonic() + limit
        parser = self._parser(language)
        window = self._local.window
        read = without_wide(language, without_macros(language, data))
        parsed = False

        def chunk(offset: int, _point: object) -> bytes | bytearray:
            if parsed:
                return read[offset : offset + _WORD]
            # Always the same object: py-tree-sitter 0.26 never lets go of one that it was given.
            window[:] = read[offset : offset + _CHUNK]
            return window

        def late(_offset: int, _has_error: bool) -> bool:
            return time.monotonic() > deadline

        try:
            known = {} if old is None else {"old_tree": old}
            parser.included_ranges = _included(ranges)
            tree = cast("Tree", parser.parse(chunk, progress_callback=late, **known))
        except ValueError:
            parser.reset()
            if not ranges:
                self._give_up(language, data, limit)
            return None
        finally:
            window.clear()
        parsed, read = True, data
        return tree

    def _give_up(self, language: str, data: bytes, limit: float) -> None:
        if len(data) >= _SMALL:
            self._skipped.append((language, hash(data)))
            _log.warning(
                "the %s parser took longer than %.1f s over %d bytes; that text is skipped",
                language,
                limit,
                len(data),
            )
            return
        self._slow.add(language)
        _log.warning(
            "the %s parser took longer than %.1f s over %d bytes; "
            "%s files are plain text from now on",
            language,
            limit,
            len(data),
            language,
        )

    def _parser(self, language: str) -> Any:
        if language not in self._local.parsers:
            from tree_sitter import Parser

            self._local.parsers[language] = Parser(grammar(language))
        return self._local.parsers[language]


@cache
def grammar(language: str) -> Language:
    """Return a language's compiled grammar."""
    from tree_sitter_language_pack import get_language

    return get_language(cast("Any", language))


@cache
def query(language: str, *names: str) -> Query | None:
    """Return the query ``grammars/queries/LANGUAGE/NAME.scm``; ``None`` where there is none.

    Of several names the queries are one, which walks a tree once.
    """
    from tree_sitter import Query

    source = "\n".join(_query_source(language, name) for name in names)
    return Query(grammar(language), source) if source.strip() else None


def captures(query_: Query | None, node: Node) -> dict[str, list[Node]]:
    """Return all that a query captures below a node, by the captures' names, in no order.

    Cost: half of that of :func:`matches`.
    """
    if query_ is None or _is_rubble(node):
        return {}
    from tree_sitter import QueryCursor

    return QueryCursor(query_, match_limit=_MATCH_LIMIT).captures(node)


def _is_rubble(root: Node) -> bool:
    return root.has_error and root.child_count - root.named_child_count > _MAX_LOOSE


def matches(
    query_: Query, node: Node, *, within: tuple[int, int] | None = None, depth: int | None = None
) -> list[tuple[int, dict[str, list[Node]]]]:
    """Return a query's matches below a node: the number of the pattern and what it captured.

    ``within`` limits them to nodes that touch a stretch of bytes, ``depth`` to nodes at most that
    deep. Cost: linear in the nodes, because the matches under way at one time are limited. A time
    limit there can't be: the progress callback of py-tree-sitter 0.26 reads freed memory.
    """
    from tree_sitter import QueryCursor

    if _is_rubble(node):
        return []
    cursor = QueryCursor(query_, match_limit=_MATCH_LIMIT)
    if within is not None:
        cursor.set_byte_range(*within)
    if depth is not None:
        cursor.set_max_start_depth(depth)
    return cursor.matches(node)


def _is_too_deep(language: str, data: bytes, ranges: Sequence[Stretch]) -> bool:
    pattern = _TOO_DEEP.get(language)
    if pattern is None:
        return False
    if ranges:
        data = b"".join(data[one.start : one.end] for one in ranges)
    return pattern.search(data) is not None


def _included(ranges: Sequence[Stretch]) -> list[Range] | None:
    if not ranges:
        return None
    from tree_sitter import Point, Range

    return [
        Range(Point(*one.start_point), Point(*one.end_point), one.start, one.end) for one in ranges
    ]


def _query_source(language: str, name: str) -> str:
    """Read a query file, and before it the one of the language that its first line inherits.

    The line is ``; inherits: LANGUAGE``, as editors write it in their own query files.
    """
    parts = ("queries", language, f"{name}.scm")
    if not has_resource(*parts):
        return ""
    source = resource(*parts)
    parent = _INHERITS.match(source)
    return _query_source(parent[1], name) + source if parent else source


@cache
def shared_parsers() -> Parsers:
    """Return the process's parsers."""
    return Parsers()
