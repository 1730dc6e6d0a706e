"""What goes to stdout: diffs, answers and events, fit for the terminal or the file behind it."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

from lsp_agent.workspace.characters import visible

# All controls but tab and line feed: a model's words must not drive the user's terminal.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_COLORS = (("+++", "1"), ("---", "1"), ("@@", "36"), ("+", "32"), ("-", "31"), ("diff ", "1"))


def printable(text: str) -> str:
    """Return text that is safe to show: controls and hidden characters become visible ones."""
    return visible(_CONTROLS.sub(lambda match: f"\\x{ord(match[0]):02x}", text))


def one_line(text: str) -> str:
    """Return text that is safe to show and stays on one line, also where a file's name does not."""
    return printable(text).replace("\n", "\\n")


def write_text(text: str) -> None:
    """Write a result to stdout; a terminal gets no control characters of the model's."""
    safe = printable(text.replace("\r\n", "\n")) if sys.stdout.isatty() else text
    _write(safe if safe.endswith("\n") else f"{safe}\n")


def write_diff(diff: str, *, color: bool) -> None:
    """Write a diff to stdout; as it is when something else reads it, so that git can apply it."""
    if sys.stdout.isatty():
        diff = printable(diff.replace("\r\n", "\n"))
        diff = colored_diff(diff) if color else diff
    _write(diff)


def write_json(value: Any) -> None:
    """Write one line of JSON and flush it, so that a pipe sees it at once."""
    _write(json.dumps(value, ensure_ascii=False) + "\n")


def colored_diff(diff: str) -> str:
    """Return a diff with ANSI colours by kind of line."""
    return "\n".join(_colored(line) for line in diff.split("\n"))


def _colored(line: str) -> str:
    for prefix, code in _COLORS:
        if line.startswith(prefix):
            return f"\033[{code}m{line}\033[0m"
    return line


def _write(text: str) -> None:
    """Write UTF-8 with the text's own line ends, whatever the platform would make of them."""
    sys.stdout.flush()
    binary = getattr(sys.stdout, "buffer", None)
    if binary is None:
        sys.stdout.write(text)
    else:
        binary.write(text.encode("utf-8", "replace"))
    sys.stdout.flush()
