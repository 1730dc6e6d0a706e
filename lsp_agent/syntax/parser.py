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
    from tree_sitter import Language, Query, Tree

PARSE_SECONDS = 1.0
MAX_CHARACTERS = 4_000_000
_CHUNK, _TEXT = 1 << 16, 1 << 7
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
        # From here on the tree asks for the texts of single nodes, for a query's #match?.
        size = _TEXT
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
