"""How code is laid out: lines, indentation, line ends, semicolons."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.tree import SyntaxNode

_SEMICOLON = re.compile(r";\s*(?:\}|$)", re.MULTILINE)


def line_start(document: SyntaxDocument, offset: int) -> int:
    """Return the first byte of the line that holds a byte."""
    data = document.data
    return max(data.rfind(b"\n", 0, offset), data.rfind(b"\r", 0, offset)) + 1


def line_end(document: SyntaxDocument, offset: int) -> int:
    """Return the byte behind the line's last character, before its line end."""
    data = document.data
    ends = [at for at in (data.find(b"\n", offset), data.find(b"\r", offset)) if at >= 0]
    return min(ends, default=len(data))


def next_line(document: SyntaxDocument, offset: int) -> int:
    """Return the first byte of the line behind the one that holds a byte."""
    end = line_end(document, offset)
    return end + (
        2 if document.data[end : end + 2] == b"\r\n" else 1 if end < len(document.data) else 0
    )


def indent_of(document: SyntaxDocument, offset: int) -> str:
    """Return the white space that the line of a byte begins with."""
    start = line_start(document, offset)
    line = document.data[start : line_end(document, start)].decode("utf-8", "replace")
    return line[: len(line) - len(line.lstrip())]


def is_first(document: SyntaxDocument, offset: int) -> bool:
    """Whether only white space stands before a byte on its line."""
    return not document.data[line_start(document, offset) : offset].strip()


def unit_of(document: SyntaxDocument) -> str:
    """Return what one level of indentation is in a document: the first that is seen in it."""
    for number in range(min(document.text.line_count, 2_000)):
        line = document.text.line(number)
        blank = line[: len(line) - len(line.lstrip(" \t"))]
        if blank.startswith("\t"):
            return "\t"
        if len(blank) in (2, 4, 8) and line.strip() and not line.strip().startswith("*"):
            return blank
    return "    " if document.language == "python" else "  "


def has_semicolons(document: SyntaxDocument, statement: SyntaxNode) -> bool:
    """Whether statements end in semicolons here."""
    return statement.text.endswith(";") or _SEMICOLON.search(document.text.content) is not None


def above_comments(document: SyntaxDocument, node: SyntaxNode) -> int:
    """Return the first byte of the line of a node, or of the comments right above it."""
    at = node
    siblings = node.parent.children if node.parent is not None else []
    for one in reversed([one for one in siblings if one.end <= node.start]):
        attached = document.data[one.end : at.start].count(b"\n") == 1
        if one.type != "comment" or not attached or not is_first(document, one.start):
            break
        if one.start == 0:
            return line_start(document, node.start)
        at = one
    return line_start(document, at.start)


def reindented(
    document: SyntaxDocument,
    nodes: Sequence[SyntaxNode],
    extent: tuple[int, int],
    old: str,
    new: str,
) -> str:
    """Return the text of an extent, which begins behind its indentation, with another one.

    What is in strings of the ``nodes`` in it stays as it is; line ends are plain.
    """
    inside = [
        one
        for node in nodes
        for one in node.walk()
        if one.type in ("string", "template_string") and "\n" in one.text
    ]
    lines = []
    at = extent[0]
    for raw in document.data[slice(*extent)].splitlines(keepends=True):
        line = raw.decode("utf-8", "replace").rstrip("\r\n")
        if not any(one.start < at < one.end for one in inside):
            bare = line if at == extent[0] else line.removeprefix(old)
            line = new + bare if bare.strip() else ""
        lines.append(line)
        at += len(raw)
    return "\n".join(lines)
