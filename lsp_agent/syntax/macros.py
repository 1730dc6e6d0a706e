"""Macros that C++ has in the heads of its classes, as in ``class LIB_API Box {``.

Without a preprocessor a grammar takes that for a function of the return type ``class LIB_API``,
and all that the class holds is lost.
"""

from __future__ import annotations

import re

_LANGUAGES = frozenset({"c", "cpp"})
_HEAD = re.compile(
    rb"\b(?:(class)|struct|union)\s+([A-Z][A-Z0-9_]+(?:\([^()\n]*\))?)"
    rb"(?=\s+[A-Za-z_]\w*(?:::\w+)*(?:\s+final)?\s*(?:\{|:[^:]|(?(1);|(?!))))"
)


def without_macros(language: str, data: bytes) -> bytes:
    """Return UTF-8 text with spaces for the macros in heads of classes, as long as it was.

    Cost: one search through texts in C and C++.
    """
    if language not in _LANGUAGES:
        return data
    return _HEAD.sub(
        lambda match: match[0][: match.start(2) - match.start()] + b" " * len(match[2]), data
    )


def macro_count(language: str | None, content: str) -> int:
    """Return how many macros :func:`without_macros` takes out of a text."""
    if language not in _LANGUAGES:
        return 0
    return sum(1 for _ in _HEAD.finditer(content.encode("utf-8", "replace")))
