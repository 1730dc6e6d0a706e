"""SQL definitions in dialects that the grammar does not know: procedures above all."""

from __future__ import annotations

import re
from itertools import islice

from lsp_agent.syntax.naming import unquoted
from lsp_agent.syntax.symbols import Symbol
from lsp_agent.workspace.positions import Position, Range
from lsp_agent.workspace.text import Text

_WORD = r"(?:\w+|\"[^\"\n]+\"|`[^`\n]+`|\[[^\]\n]+\])"
_CREATE = re.compile(
    r"^[ \t]*create\s+(?:or\s+(?:replace|alter)\s+)?"
    r"(?:(?:global|local|temp|temporary|unlogged|unique|materialized|recursive|external)\s+)*"
    r"(?P<what>table|view|type|function|procedure|proc|index|trigger|schema|sequence)\s+"
    rf"(?:concurrently\s+)?(?:if\s+not\s+exists\s+)?(?P<name>{_WORD}(?:\s*\.\s*{_WORD})*)",
    re.IGNORECASE | re.MULTILINE,
)
_PIECE = re.compile(_WORD)
_KINDS = {
    "table": "struct", "view": "struct", "type": "struct", "function": "function",
    "procedure": "function", "proc": "function", "index": "key", "trigger": "event",
    "schema": "namespace", "sequence": "variable",
}  # fmt: skip
# What may stand before the semicolon that ends a statement.
_REST = re.compile(r"(?:[^;$'\"]|\$(\w*)\$(?s:.*?)\$\1\$|'[^']*'|\"[^\"]*\"|[$'\"])*+;?")
_MAX_SIGNATURE = 300
_MAX_STATEMENT = 20_000
_MAX_FOUND = 2_000


def created(text: Text, known: list[Symbol]) -> list[Symbol]:
    """Return what statements create that ``known`` does not hold, by their words alone.

    At most 2,000, each of 20,000 characters. Cost: one search through the text.
    """
    names = {symbol.name_range.end for symbol in known}
    matches = islice(_CREATE.finditer(text.content), _MAX_FOUND)
    return [
        _symbol(text, match) for match in matches if text.position(match.end("name")) not in names
    ]


def _symbol(text: Text, match: re.Match[str]) -> Symbol:
    pieces = list(_PIECE.finditer(text.content, *match.span("name")))
    *scopes, name = [unquoted(piece[0]).strip("[]") for piece in pieces]
    start = match.end() - len(match[0].lstrip())
    rest = _REST.match(text.content, match.end(), match.end() + _MAX_STATEMENT)
    end = text.position(rest.end() if rest else match.end())
    first = text.position(start)
    line = text.line(first.line)
    return Symbol(
        kind=_KINDS[match["what"].lower()],
        name=name,
        range=Range(first, end),
        name_range=Range(*map(text.position, pieces[-1].span())),
        signature=" ".join(line.split())[:_MAX_SIGNATURE],
        signature_range=Range(first, Position(first.line, len(line))),
        body_range=None,
        docstring=None,
        docstring_range=None,
        parameters=(),
        parent=".".join(scopes) or None,
    )
