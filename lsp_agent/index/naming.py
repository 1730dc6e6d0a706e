"""The parts of names, and questions to full-text tables."""

from __future__ import annotations

import re

# Runs of capitals before a capitalised word (HTTPServer), words, numbers.
_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_A-Za-z]+")


def name_words(name: str) -> list[str]:
    """Return the lower-case words of a name or a text, in order."""
    return [part.lower() for part in _PARTS.findall(name)]


def trigrams(text: str) -> list[str]:
    """Return the distinct runs of three characters, in order.

    Case is left to FTS5, which folds what is asked as it folded what it holds; Python's rules
    differ, and may change the number of characters.
    """
    return list(dict.fromkeys(text[at : at + 3] for at in range(len(text) - 2)))


def match_expression(words: list[str], joint: str = " ") -> str:
    """Return words as an expression of FTS5, each quoted."""
    return joint.join('"' + word.replace('"', '""') + '"' for word in words)
