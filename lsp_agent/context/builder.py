"""The parts of a prompt: the workspace, the file at hand, the place, the diagnostics, the task."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.languages import language_of
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.positions import Range
from lsp_agent.workspace.text import Text

_MAX_ENTRIES = 40
_MAX_OUTLINE = 60
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


def file_context(path: str, text: Text, target: Range | None, budget: int, count: Count) -> str:
    """Show the file around a target within ``budget`` tokens: all of it, or outline and window.

    The target itself is not shown here. Cost: at most two counts of the text.
    """
    head, tail = _around(text, target)
    if target is None:
        head = [text.line(number) for number in range(text.line_count)]
    total = count("\n".join([*head, *tail]))
    if total <= budget:
        return _frame(path, head, tail, has_target=target is not None)
    lines = max(len(head) + len(tail), 1)
    room = max(int(lines * budget / max(total, 1) * 0.7), 0)
    before, after = _split(room, len(head), len(tail))
    if target is None:
        head, tail = head[:room], []
    else:
        head, tail = head[len(head) - before :], tail[:after]
    outline = _outline(path, text)
    return outline + _frame(path, head, tail, has_target=target is not None)


def _around(text: Text, target: Range | None) -> tuple[list[str], list[str]]:
    if target is None:
        return [], []
    head = [text.line(number) for number in range(target.start.line)]
    tail = [text.line(number) for number in range(target.end.line + 1, text.line_count)]
    return head, tail


def _split(room: int, before: int, after: int) -> tuple[int, int]:
    """Give two thirds of the room to what stands before, unless one side needs less."""
    above = min(before, max(room * 2 // 3, room - after))
    return above, min(after, room - above)


def _outline(path: str, text: Text) -> str:
    found = SyntaxDocument(text, language_of(path, text=text.content)).symbols()
    symbols = [symbol for symbol in found if not symbol.is_value][:_MAX_OUTLINE]
    if not symbols:
        return ""
    return f"Defined in {path}:\n" + "\n".join(symbol.signature for symbol in symbols) + "\n\n"


def _frame(path: str, head: Sequence[str], tail: Sequence[str], *, has_target: bool) -> str:
    if not has_target:
        return f"The file {path}:\n" + "\n".join(head)
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
