"""Tree-sitter counts UTF-8 bytes; everything of ours counts code points."""

from __future__ import annotations

from bisect import bisect_right

_STEP = 4096


class OffsetMap:
    """Translation between the two for one text. Free for ASCII; else O(n) once, then O(1)."""

    def __init__(self, content: str, data: bytes) -> None:
        self._data = data
        self._content = content
        self._ascii = len(content) == len(data)
        self._bytes: list[int] = []

    def to_chars(self, offset: int) -> int:
        """Return the number of characters before a byte offset."""
        if self._ascii:
            return offset
        marks = self._marks()
        step = bisect_right(marks, offset) - 1
        return step * _STEP + len(self._data[marks[step] : offset].decode("utf-8", "replace"))

    def to_bytes(self, index: int) -> int:
        """Return the byte offset of a character."""
        if self._ascii:
            return index
        step = index // _STEP
        head = self._content[step * _STEP : index]
        return self._marks()[step] + len(head.encode("utf-8", "replace"))

    def _marks(self) -> list[int]:
        """Byte offsets of every 4096th character."""
        if not self._bytes:
            at = 0
            for start in range(0, len(self._content) + 1, _STEP):
                self._bytes.append(at)
                at += len(self._content[start : start + _STEP].encode("utf-8", "replace"))
        return self._bytes


def point_at(data: bytes, offset: int) -> tuple[int, int]:
    """Return a byte's row, and its column in bytes, as tree-sitter wants them."""
    return data.count(b"\n", 0, offset), offset - data.rfind(b"\n", 0, offset) - 1


def advanced(point: tuple[int, int], data: bytes) -> tuple[int, int]:
    """Return the point behind a text that begins at a point."""
    rows, column = point_at(data, len(data))
    return (point[0] + rows, column) if rows else (point[0], point[1] + column)
