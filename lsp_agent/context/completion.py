"""What a model is shown to complete a line: the text around the cursor and one place like it.

The prefix begins at a line whose number is a multiple of sixteen, so that typing only appends to
it and the prompt's cache stays warm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lsp_agent.context.similar import best_match, rest_of_line, snippet_at
from lsp_agent.workspace.positions import Position
from lsp_agent.workspace.text import Text

_ANCHOR = 16
KNOWN_MATCH = 20
"""From so many characters on about half of all lines go on as they did elsewhere."""


@dataclass(frozen=True, slots=True)
class Windows:
    """How much is shown, in characters."""

    prefix: int
    suffix: int


NARROW = Windows(900, 360)
"""What the embedded model was trained with."""
GENERAL = Windows(6000, 2000)


@dataclass(frozen=True, slots=True)
class Gap:
    """The text on both sides of the cursor, cut to the windows, and a similar place's.

    ``known`` is how the line goes on at that place, if so much in front of it is the same that it
    is likelier than what a small model writes; else it is empty. ``source`` says where the place
    is: 0 for the text itself, else the number of the other text, from 1.
    """

    prefix: str
    suffix: str
    snippet: str
    known: str = ""
    source: int = 0


def gap_at(
    text: Text,
    position: Position,
    windows: Windows,
    sources: Sequence[str],
    *,
    search: bool = True,
) -> Gap:
    """Cut the gap at a position; ``sources`` are other texts of the workspace, the nearest first.

    Without ``search`` no similar place is looked for. Cost: about ten searches of the sources; see
    :mod:`lsp_agent.context.similar`.
    """
    offset = text.offset(position)
    start = prefix_start(text, offset, windows.prefix)
    prefix, suffix = text.content[start:offset], text.content[offset:]
    searched = [text.content[:start], *sources]
    match = best_match(prefix, searched) if search else None
    shown = suffix_window(suffix, windows.suffix)
    if match is None:
        return Gap(prefix, shown, "")
    source = searched[match.source]
    known = rest_of_line(source, match.end) if match.length >= KNOWN_MATCH else ""
    return Gap(prefix, shown, snippet_at(source, match.end), known, match.source)


def prefix_start(text: Text, offset: int, size: int) -> int:
    """Return where a prefix of about ``size`` characters begins: at an anchored line."""
    line = text.position(max(offset - size, 0)).line
    start = text.offset(Position(line - line % _ANCHOR, 0))
    # Very long lines: better cut than slow.
    return max(start, offset - 2 * size)


def suffix_window(suffix: str, size: int) -> str:
    """Return the start of a suffix, up to a line's end where there is one."""
    if len(suffix) <= size:
        return suffix
    end = suffix.rfind("\n", 0, size)
    return suffix[: end + 1] if end > 0 else suffix[:size]
