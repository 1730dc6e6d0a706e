"""Text edits: applying them, and finding the smallest ones that turn one text into another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lsp_agent.workspace.errors import EditError
from lsp_agent.workspace.positions import Range
from lsp_agent.workspace.sequences import hunks
from lsp_agent.workspace.text import Text, split_lines


@dataclass(frozen=True, slots=True)
class TextEdit:
    """Replace ``range`` by ``new_text``; an empty range inserts."""

    range: Range
    new_text: str


def apply_edits(text: Text, edits: Iterable[TextEdit]) -> Text:
    """Apply edits that all refer to ``text``, as LSP does.

    Inserts at one place keep their order. Raises :class:`EditError` when two edits overlap.
    """
    spans = sorted(
        (*text.span(edit.range), order, edit.new_text) for order, edit in enumerate(edits)
    )
    pieces: list[str] = []
    done = 0
    for start, end, _, new in spans:
        if start < done:
            line = text.position(start).line + 1
            raise EditError(f"two edits overlap at line {line}; send edits that don't")
        pieces += (text.content[done:start], new)
        done = max(end, start)
    pieces.append(text.content[done:])
    return Text("".join(pieces))


def diff_edits(old: str, new: str) -> list[TextEdit]:
    """Return small, ordered, non-overlapping edits which turn ``old`` into exactly ``new``."""
    text = Text(old)
    return [
        TextEdit(Range(text.position(start), text.position(end)), replacement)
        for start, end, replacement in _spans(old, new)
    ]


def _spans(old: str, new: str) -> Iterator[tuple[int, int, str]]:
    head, old_end, new_end = _common_ends(old, new)
    if head == old_end and head == new_end:
        return
    # Whole lines are compared, so the common ends are widened to line borders again.
    head = old.rfind("\n", 0, head) + 1
    tail = min(
        _to_line_end(old, old_end) - old_end,
        _to_line_end(new, new_end) - new_end,
    )
    old_end, new_end = old_end + tail, new_end + tail
    before, after = split_lines(old[head:old_end]), split_lines(new[head:new_end])
    at = head
    done = 0
    for hunk in hunks(before, after):
        start = at + sum(map(len, before[done : hunk.start]))
        at = start + sum(map(len, before[hunk.start : hunk.end]))
        done = hunk.end
        yield _trimmed(old, start, at, "".join(after[hunk.new_start : hunk.new_end]))


def _common_ends(old: str, new: str) -> tuple[int, int, int]:
    limit = min(len(old), len(new))
    head = _common_prefix(old, new, limit)
    tail = _common_prefix(old[::-1], new[::-1], limit - head)
    return head, len(old) - tail, len(new) - tail


def _common_prefix(a: Sequence[str], b: Sequence[str], limit: int) -> int:
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _to_line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def _trimmed(old: str, start: int, end: int, new: str) -> tuple[int, int, str]:
    head, old_end, new_end = _common_ends(old[start:end], new)
    return _safe(old, start + head, start + old_end, new[head:new_end])


def _safe(old: str, start: int, end: int, new: str) -> tuple[int, int, str]:
    r"""Widen a span whose border falls inside ``\r\n``: a protocol position can't stand there."""
    if 0 < start < len(old) and old[start - 1 : start + 1] == "\r\n":
        start, new = start - 1, "\r" + new
    if 0 < end < len(old) and old[end - 1 : end + 1] == "\r\n":
        end, new = end + 1, new + "\n"
    return start, end, new
