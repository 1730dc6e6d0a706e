"""The parts of names, and questions to full-text tables."""

from __future__ import annotations

import re

# Runs of capitals before a capitalised word (HTTPServer), words, numbers.
_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_A-Za-z]+")


def name_words(name: str) -> list[str]:
    """Return the lower-case words of a name or a text, in order."""
    return [part.lower() for part in _PARTS.findall(name)]


def trigrams(text: str) -> list[str]:
    """Return the distinct runs of three characters, lower-case, in order."""
    folded = text.lower()
    return list(dict.fromkeys(folded[at : at + 3] for at in range(len(folded) - 2)))


def match_expression(words: list[str], joint: str = " ") -> str:
    """Return words as an expression of FTS5, each quoted."""
    return joint.join('"' + word.replace('"', '""') + '"' for word in words)
