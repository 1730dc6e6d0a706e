"""Putting whole blocks of code in the place of others: indentation and line ends are fitted."""

from __future__ import annotations

from lsp_agent.workspace.positions import Range
from lsp_agent.workspace.text import Text


def replace_block(text: Text, range_: Range, content: str) -> str:
    """Return a text with a range replaced by code that is indented as the old one was."""
    start, end = text.offset(range_.start), text.offset(range_.end)
    line_start = text.offset(range_.start) - range_.start.character
    first = text.content[line_start : text.offset(range_.end)]
    indent = first[: len(first) - len(first.lstrip(" \t"))]
    if not text.content[line_start:start].strip():
        start = line_start
    else:
        # The range begins behind other code on its line, which stays.
        indent = ""
    fitted = with_eol(reindent(content.strip("\n"), indent), text.eol)
    return text.content[:start] + fitted + text.content[end:]


def reindent(code: str, indent: str) -> str:
    """Shift lines so that the first one stands at ``indent``; relative indentation is kept."""
    lines = code.replace("\r\n", "\n").split("\n")
    first = next((line for line in lines if line.strip()), "")
    own = first[: len(first) - len(first.lstrip())]
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
