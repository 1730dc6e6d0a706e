"""Putting whole blocks of code in the place of others: indentation and line ends are fitted."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lsp_agent.workspace.positions import Position, Range
from lsp_agent.workspace.text import Text

_BLANK_HEAD = re.compile(r"(?:[ \t]*(?:\r\n|\n|\r))*")
_INDENT = re.compile(r"[ \t]*")
_WORD = re.compile(r"\w+")


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


def without_neighbours(code: str, text: Text, range_: Range) -> str:
    """Return code for whole lines of a text without the lines around these that it repeats.

    Who is shown a file may write more of it than was asked for. Lines are the same at the same
    relative indentation, and at least one of them holds two words: a bracket tells nothing. What
    the old lines themselves repeat stays, and so does code of which nothing else would be left.
    """
    first, last = range_.start.line, range_.end.line
    old = [text.line(number).rstrip() for number in range(first, last + 1)]
    rows = code.replace("\r\n", "\n").strip("\n").split("\n")
    above = [text.line(number).rstrip() for number in range(max(first - len(rows), 0), first)]
    behind = min(last + 1 + len(rows), text.line_count)
    below = [text.line(number).rstrip() for number in range(last + 1, behind)]
    for count in range(min(len(rows) - 1, len(above)), 0, -1):
        if rows[count - 1].strip() == above[-1].strip():
            head = above[-count:]
            fitted = reindent("\n".join(rows), _indent_of(head[0])).split("\n")
            if _repeats(fitted[:count], head) and old[:count] != head:
                rows = fitted[count:]
                break
    fitted = reindent("\n".join(rows), _indent_of(old[0])).split("\n")
    for count in range(min(len(rows) - 1, len(below)), 0, -1):
        tail = below[:count]
        if _repeats(fitted[-count:], tail) and old[-count:] != tail:
            rows = rows[:-count]
            break
    kept = "\n".join(rows)
    return kept if kept.strip() else code


def _repeats(rows: Sequence[str], others: Sequence[str]) -> bool:
    same = all(row.rstrip() == other for row, other in zip(rows, others, strict=True))
    return same and any(len(_WORD.findall(row)) > 1 for row in rows)


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
