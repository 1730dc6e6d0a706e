"""Parsers and queries by language, made once and shared; parsing has a time limit."""

from __future__ import annotations

import logging
import re
import threading
import time
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from lsp_agent.resources import has_resource, resource

if TYPE_CHECKING:
    from tree_sitter import Language, Node, Query, Tree

PARSE_SECONDS = 1.0
MAX_CHARACTERS = 4_000_000
_CHUNK = 1 << 16
# Once there is a tree, only its queries read: the words that their predicates compare.
_WORD = 64
# Matches that a query may have under way; those beyond are not found.
_MATCH_LIMIT = 1_024
# Tokens side by side that are part of nothing: a query looks at those behind it from each.
_MAX_LOOSE = 20_000
_INHERITS = re.compile(r";\s*inherits:\s*(\w+)")
_log = logging.getLogger(__name__)


class _Local(threading.local):
    """A parser is not thread-safe, so each thread has its own."""

    def __init__(self) -> None:
        self.parsers: dict[str, Any] = {}


class Parsers:
    """Parses texts; remembers the languages whose parser took too long."""

    def __init__(self) -> None:
        self._local = _Local()
        self._slow: set[str] = set()

    def parse(
        self, language: str, data: bytes, old: Tree | None = None, *, limit: float = PARSE_SECONDS
    ) -> Tree | None:
        """Return the tree of UTF-8 bytes; ``None`` after ``limit`` seconds, now and ever after."""
        if language in self._slow:
            return None
        deadline = time.monotonic() + limit
        parser = self._parser(language)
        size = _CHUNK

        def chunk(offset: int, _point: object) -> bytes:
            return data[offset : offset + size]

        def late(_offset: int, _has_error: bool) -> bool:
            return time.monotonic() > deadline

        try:
            known = {} if old is None else {"old_tree": old}
            tree = cast("Tree", parser.parse(chunk, progress_callback=late, **known))
        except ValueError:
            parser.reset()
            self._slow.add(language)
            _log.warning(
                "the %s parser took longer than %.1f s; %s files are plain text from now on",
                language,
                limit,
                language,
            )
            return None
        size = _WORD
        return tree

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


def matches(
    query_: Query, node: Node, *, within: tuple[int, int] | None = None
) -> list[tuple[int, dict[str, list[Node]]]]:
    """Return a query's matches below a node: the number of the pattern and what it captured.

    ``within`` limits them to nodes that touch a stretch of bytes. Cost: linear in the nodes,
    because the matches under way at one time are limited.
    """
    from tree_sitter import QueryCursor

    if _is_rubble(node):
        return []
    cursor = QueryCursor(query_, match_limit=_MATCH_LIMIT)
    if within is not None:
        cursor.set_byte_range(*within)
    return cursor.matches(node)


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
