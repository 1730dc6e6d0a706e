"""Putting whole blocks of code in the place of others: indentation and line ends are fitted."""

from __future__ import annotations

import re

from lsp_agent.workspace.positions import Position, Range
from lsp_agent.workspace.text import Text

_BLANK_HEAD = re.compile(r"(?:[ \t]*(?:\r\n|\n|\r))*")
_INDENT = re.compile(r"[ \t]*")


def replace_block(text: Text, range_: Range, content: str) -> str:
    """Return a text with a range replaced by code that is indented as the old one was.

    The blank lines that the range begins with, and the line ends that it ends with, stay: a model
    leaves them out. Where the range begins behind other code of its line, that code stays too.
    """
    start, end = text.span(range_)
    line_start = text.offset(Position(text.position(start).line, 0))
    code = content.replace("\r\n", "\n").strip("\n")
    lead = text.content[line_start:start]
    if lead.strip():
        fitted = _continue_line(code, _indent_of(lead))
    else:
        head = _BLANK_HEAD.match(text.content, line_start, end)
        start = head.end() if head and head.end() < end else line_start
        fitted = reindent(code, _indent_of(text.content[start:end]))
    old = text.content[start:end]
    tail = old[len(old.rstrip("\r\n")) :] if code else ""
    return text.content[:start] + with_eol(fitted, text.eol) + tail + text.content[end:]


def reindent(code: str, indent: str) -> str:
    """Shift lines so that the first one stands at ``indent``; relative indentation is kept."""
    lines = code.replace("\r\n", "\n").split("\n")
    own = _indent_of(next((line for line in lines if line.strip()), ""))
    if own == indent:
        # Also lines further left, as in a string of many lines, stand where they should.
        return "\n".join(lines)
    shifted = []
    for line in lines:
        if not line.strip():
            shifted.append("")
        elif line.startswith(own):
            shifted.append(indent + line.removeprefix(own))
        else:
            # Left of the first line: it can't go further than the new margin.
            shifted.append(indent + line.lstrip())
    return "\n".join(shifted)


def with_eol(text: str, eol: str) -> str:
    """Return a text with one kind of line end."""
    unified = text.replace("\r\n", "\n")
    return unified if eol == "\n" else unified.replace("\n", eol)


def _continue_line(code: str, indent: str) -> str:
    """Fit code that begins in mid-line: its later lines stand relative to that line."""
    first, *others = code.split("\n")
    filled = [line for line in others if line.strip()]
    if all(line.startswith(indent) for line in filled):
        return "\n".join([first.lstrip(" \t"), *others])
    shifted = (indent + line if line.strip() else "" for line in others)
    return "\n".join([first.lstrip(" \t"), *shifted])


def _indent_of(line: str) -> str:
    found = _INDENT.match(line)
    return found[0] if found else ""
