"""The parts of a prompt: the workspace, the file at hand, the place, the diagnostics, the task."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.symbols import Symbol
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.positions import Range
from lsp_agent.workspace.text import Text

_MAX_ENTRIES = 40
_MAX_OUTLINE = 60
_ANCHOR = 16
Count = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Note:
    """A diagnostic as the prompt needs it; ``line`` is 0-based."""

    line: int
    message: str
    severity: str
    source: str


def workspace_facts(overlay: Overlay, style: str) -> str:
    """Describe the workspace in a few lines: the names at its top and the house style."""
    entries = overlay.listdir()
    names = [f"{entry.name}/" if entry.is_dir else entry.name for entry in entries]
    if len(names) > _MAX_ENTRIES:
        names = [*names[:_MAX_ENTRIES], f"… {len(names) - _MAX_ENTRIES} more"]
    parts = [f"The workspace holds: {', '.join(names) or 'nothing'}"]
    if style.strip():
        parts.append(f"House style:\n{style.strip()}")
    return "\n\n".join(parts)


def focus_lines(text: Text, range_: Range | None, path: str) -> str:
    """Name the user's place in words: a line, or lines with the selected text's size."""
    if range_ is None:
        return f"The user looks at {path}."
    first, last = range_.start.line + 1, range_.end.line + 1
    if range_.empty:
        return f"The user's cursor is in {path} at line {first}: {text.line(first - 1).strip()}"
    return f"The user selected lines {first} to {last} of {path}."


def diagnostics_lines(notes: Sequence[Note], text: Text) -> str:
    """List diagnostics with the source line that each is about."""
    rows = []
    for note in notes:
        source = f" ({note.source})" if note.source else ""
        quoted = text.line(note.line).strip()
        rows.append(f"line {note.line + 1}: {note.severity}: {note.message}{source} | {quoted}")
    return "\n".join(rows)


def file_context(path: str, text: Text, target: Range, budget: int, count: Count) -> str:
    """Show the file around a target within ``budget`` tokens: all of it, or outline and window.

    The target itself is not shown here; see :func:`whole_file`. Cost: at most two counts of the
    text.
    """
    head, tail = _around(text, target)
    total = count("\n".join([*head, *tail]))
    if total <= budget:
        return _frame(path, head, tail)
    before, after = _split(_room(len(head) + len(tail), budget, total), len(head), len(tail))
    symbols = _outlined(path, text)
    outline = f"Defined in {path}:\n" + "\n".join(one.signature for one in symbols) + "\n\n"
    framed = _frame(path, head[len(head) - before :], tail[:after])
    return (outline if symbols else "") + framed


def whole_file(path: str, text: Text, line: int | None, budget: int, count: Count) -> str:
    """Show a file within ``budget`` tokens: all of it, or its outline and the part around a line.

    ``line`` is 0-based, ``None`` the first. A part of some size begins at a multiple of sixteen
    lines, so that a few lines further on it is the same. Cost: at most two counts of the text.
    """
    total = count(text.content)
    if total <= budget:
        return f"The file {path}:\n" + "\n".join(_lines(text, 0, text.line_count))
    room = max(_room(text.line_count, budget, total), 1)
    start = max((line or 0) - room * 2 // 3, 0)
    if room > 3 * _ANCHOR:
        start -= start % _ANCHOR
    end = min(start + room, text.line_count)
    outline = [f"{one.name_range.start.line + 1}: {one.signature}" for one in _outlined(path, text)]
    shown = f"The file {path}, lines {start + 1} to {end} of {text.line_count}:"
    part = "\n".join([shown, *_lines(text, start, end)])
    return "\n".join([f"Defined in {path}:", *outline, "", part]) if outline else part


def _room(lines: int, budget: int, total: int) -> int:
    """Return how many lines of a text there is room for, and for an outline."""
    return max(int(max(lines, 1) * budget / max(total, 1) * 0.7), 0)


def _lines(text: Text, start: int, end: int) -> list[str]:
    return [text.line(number) for number in range(start, end)]


def _around(text: Text, target: Range) -> tuple[list[str], list[str]]:
    head = _lines(text, 0, target.start.line)
    return head, _lines(text, target.end.line + 1, text.line_count)


def _split(room: int, before: int, after: int) -> tuple[int, int]:
    """Give two thirds of the room to what stands before, unless one side needs less."""
    above = min(before, max(room * 2 // 3, room - after))
    return above, min(after, room - above)


def _outlined(path: str, text: Text) -> list[Symbol]:
    found = SyntaxDocument.read(path, text).symbols()
    return [symbol for symbol in found if not symbol.is_value][:_MAX_OUTLINE]


def _frame(path: str, head: Sequence[str], tail: Sequence[str]) -> str:
    parts = []
    if any(line.strip() for line in head):
        parts.append(f"In {path}, before the piece:\n" + "\n".join(head))
    if any(line.strip() for line in tail):
        parts.append(f"In {path}, after the piece:\n" + "\n".join(tail))
    return "\n\n".join(parts)


def target_for(
    document: SyntaxDocument, range_: Range | None, fallback: Literal["file", "statement"]
) -> Range:
    """Return the lines that a direct answer is to rewrite: the enclosing symbol's, if any."""
    if range_ is not None:
        start = document.enclosing(range_.start)
        if (
            start is not None
            and start.range.start <= range_.start
            and range_.end <= start.range.end
        ):
            return start.range
        if not range_.empty or fallback == "statement":
            return document.statement(range_)
    return document.text.full_range
