"""What a text asks for: an issue, a commit's message, a task, cut into its topics."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from lsp_agent.index.words import words

_BREAK = re.compile(r"\n\s*\n|\n(?=[ \t]*(?:[-*+•]|\d+[.)])[ \t])")
_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_LEAST_WORDS, _LEAST_LETTERS = 3, 3
_MAX_TEXT, _MAX_PIECES = 20_000, 60
_FUNCTION_WORDS = """
a about above after again all also am an and any are as at be because been before being below
between both but by can could did do does doing don down during each few for from further had has
have having he her here hers him his how i if in into is it its just me more most my no nor not now
of off on once only or other our out over own same she should so some such than that the their them
then there these they this those through to too under until up very was we were what when where
which while who whom why will with would you your
"""
_STOP = frozenset(_FUNCTION_WORDS.split())
STOP_WORDS = _STOP | frozenset(word for one in _STOP for word in words(one))
"""English function words, as they are and as :func:`words` gives them."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One topic: its words with their weights, and what may be identifiers in it."""

    words: Mapping[str, float]
    identifiers: frozenset[str]

    @classmethod
    def of(cls, text: str) -> Piece:
        """Take a text whole. A word's weight grows with the logarithm of its count."""
        weights = {
            word: 1 + math.log(count)
            for word, count in sorted(words(text).items())
            if word not in STOP_WORDS
        }
        names = (name for name in _IDENTIFIER.findall(text) if len(name) >= _LEAST_LETTERS)
        return cls(weights, frozenset(name for name in names if name.lower() not in _STOP))


def pieces(text: str) -> tuple[Piece, ...]:
    """Return the whole text and, if there are several, its paragraphs and list items.

    A message often speaks of several things, in several files: asked for at once, each hides the
    others. What has fewer than three words besides function words is no topic. At most 20,000
    characters and 60 topics are looked at.
    """
    text = text[:_MAX_TEXT]
    parts = [Piece.of(part) for part in _BREAK.split(text)]
    topics = [part for part in parts if len(part.words) >= _LEAST_WORDS][:_MAX_PIECES]
    return (Piece.of(text), *(topics if len(topics) > 1 else ()))
