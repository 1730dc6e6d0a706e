"""Languages inside another: scripts in HTML, fences in Markdown, marked SQL in strings."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lsp_agent.syntax.languages import language_of
from lsp_agent.syntax.parser import (
    PARSE_SECONDS,
    Stretch,
    matches,
    query,
    shared_parsers,
)
from lsp_agent.syntax.symbols import Symbol

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

_MAX_PARTS = 200
_MAX_BYTES = 1_000_000
# Hosts whose parts are checked: not those where a part is often a fragment.
CHECKED_HOSTS = frozenset({"html"})
# Hosts that are looked through always; in others a part is SQL, whose mark must be there.
_ALWAYS = frozenset({"html", "markdown", "php", "ruby"})
_MARK = re.compile(rb"\s*(?:--\s*sql\b|/\*\s*sql\s*\*/)", re.IGNORECASE)
_MARK_BEFORE = re.compile(rb"/\*\s*(?:language\s*=\s*)?sql\s*\*/\s*\Z", re.IGNORECASE)
_MARK_ABOVE = re.compile(rb"\s*(?:#|//|/\*)\s*language\s*=\s*sql\b", re.IGNORECASE)
_WORDS = {"golang": "go", "c++": "cpp", "c#": "csharp", "shell": "bash", "zsh": "bash"}
_ATTRIBUTE = re.compile(r"(?<![\w-])(type|lang)\s*=\s*[\"']?([^\s\"'>]+)", re.IGNORECASE)
_SCRIPTS = {
    "": "javascript", "module": "javascript", "text/javascript": "javascript",
    "application/javascript": "javascript", "text/babel": "javascript",
    "text/jsx": "javascript", "text/typescript": "typescript",
    "application/json": "json", "application/ld+json": "json", "importmap": "json",
    "speculationrules": "json", "text/css": "css",
}  # fmt: skip
# What a template engine will replace is no error of the script around it.
_TEMPLATE = re.compile(rb"\{\{|\{%|<%|<\?")


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a file in another language, with its tree; offsets are those of the file.

    ``checked`` says whether its syntax errors are errors of the file.
    """

    language: str
    start: int
    end: int
    tree: Tree
    checked: bool


def embedded(language: str, root: Node, data: bytes) -> list[Part]:
    """Return the parts of a file that are in other languages, one level deep, in source order.

    At most 200 parts, 1 MB and one second of parsing; what is beyond stays text. Cost: nothing for
    a language without ``injections.scm``, a search for ``sql`` for one whose strings may hold some;
    else a query over the tree and the parsing of the parts.
    """
    if language not in _ALWAYS and b"sql" not in data and b"SQL" not in data:
        return []
    injections = query(language, "injections")
    if injections is None:
        return []
    parts: list[Part] = []
    room, deadline = _MAX_BYTES, time.monotonic() + PARSE_SECONDS
    found = sorted(
        matches(injections, root), key=lambda match: (_content(match[1]).start_byte, match[0])
    )
    for pattern, captures in found:
        inner = _language(captures, injections.pattern_settings(pattern), data)
        content = _content(captures)
        stretches = _stretches(content, data) if inner is not None else []
        if inner is None or not stretches or (parts and stretches[0].start < parts[-1].end):
            continue
        room -= stretches[-1].end - stretches[0].start
        left = deadline - time.monotonic()
        if room < 0 or left <= 0 or len(parts) == _MAX_PARTS:
            break
        tree = shared_parsers().parse(inner, data, ranges=stretches, limit=left)
        if tree is not None:
            start, end = stretches[0].start, stretches[-1].end
            checked = "injection.tag" in captures and not _TEMPLATE.search(data, start, end)
            parts.append(Part(inner, start, end, tree, checked))
    return parts


def placed(hosts: list[Symbol], inner: list[Symbol]) -> list[Symbol]:
    """Return a file's symbols with those of its parts, each below the one that holds it."""
    merged: list[Symbol] = []
    open_: list[Symbol] = []
    ordered = sorted(
        [(symbol, False) for symbol in hosts] + [(symbol, True) for symbol in inner],
        key=lambda one: (one[0].range.start, one[1]),
    )
    for symbol, is_inner in ordered:
        if not is_inner:
            while open_ and open_[-1].range.end <= symbol.range.start:
                open_.pop()
            open_.append(symbol)
            merged.append(symbol)
            continue
        holders = [one for one in open_ if one.range.end >= symbol.range.end]
        outer = [holders[-1].qualified_name] if holders else []
        names = [*outer, *([symbol.parent] if symbol.parent else [])]
        merged.append(replace(symbol, parent=".".join(names) or None))
    return merged


def _content(captures: dict[str, list[Node]]) -> Node:
    return (captures.get("injection.content") or captures["injection.string"])[0]


def _language(
    captures: dict[str, list[Node]], settings: dict[str, str | None], data: bytes
) -> str | None:
    if "injection.string" in captures:
        return "sql" if _is_sql(captures["injection.string"][0], data) else None
    if "injection.tag" in captures:
        return _of_tag(_text(captures["injection.tag"][0], data))
    if "injection.language" in captures:
        word = _text(captures["injection.language"][0], data).strip("{}.").lower()
        found = _WORDS.get(word) or language_of(f"a.{word}", word)
        return found if found != "markdown" else None
    return settings.get("injection.language")


def _of_tag(tag: str) -> str | None:
    said = {name.lower(): value.lower() for name, value in _ATTRIBUTE.findall(tag)}
    if tag[:6].lower() == "<style":
        return "css" if said.get("lang", "css") == "css" else None
    if said.get("lang") in ("ts", "tsx", "typescript"):
        return "tsx" if said["lang"] == "tsx" else "typescript"
    return _SCRIPTS.get(said.get("type", "").partition(";")[0])


def _is_sql(node: Node, data: bytes) -> bool:
    first = next(iter(_pieces(node)), None)
    if first is None:
        return False
    if _MARK.match(data, first.start_byte, first.end_byte):
        return True
    line = data.rfind(b"\n", 0, node.start_byte) + 1
    if _MARK_BEFORE.search(data, line, node.start_byte):
        return True
    above = data.rfind(b"\n", 0, max(line - 1, 0)) + 1
    return bool(_MARK_ABOVE.match(data, above, line))


def _pieces(node: Node) -> Iterator[Node]:
    """Yield the parts of a string that are text: neither quotes nor what is put in."""
    for child in node.named_children:
        if child.type.endswith(("content", "fragment")):
            yield child


def _stretches(node: Node, data: bytes) -> list[Stretch]:
    """Return a node's own text: without the marks, values and escapes that stand in it."""
    if node.type.endswith("_metadata"):
        return _inner_lines(node, data)
    pieces = list(_pieces(node)) or [node]
    if pieces == [node] and node.type.endswith(("string", "literal")):
        return []
    found = []
    for piece in pieces:
        start, point = piece.start_byte, piece.start_point
        for child in piece.named_children:
            if child.start_byte > start:
                found.append(Stretch(start, child.start_byte, point, child.start_point))
            start, point = child.end_byte, child.end_point
        if piece.end_byte > start:
            found.append(Stretch(start, piece.end_byte, point, piece.end_point))
    return found


def _inner_lines(node: Node, data: bytes) -> list[Stretch]:
    """Return front matter without its first and its last line."""
    start = data.find(b"\n", node.start_byte, node.end_byte) + 1
    end = data.rfind(b"\n", start, node.end_byte - 1) + 1
    if not 0 < start < end:
        return []
    row = node.start_point.row + 1
    return [Stretch(start, end, (row, 0), (row + data.count(b"\n", start, end), 0))]


def _text(node: Node, data: bytes) -> str:
    return data[node.start_byte : node.end_byte].decode("utf-8", "replace")
