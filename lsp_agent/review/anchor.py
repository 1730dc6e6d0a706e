"""Where a quoted text stands: a model's line numbers are guesses, its quotes can be looked for."""

from __future__ import annotations

import re

from lsp_agent.review.types import Finding, Hunk
from lsp_agent.workspace.positions import Position, Range
from lsp_agent.workspace.text import Text

_NEAR = 20_000
_SIGNS = re.compile(r"^[+ ]", re.MULTILINE)


def anchor(text: Text, quote: str, hunk: Hunk) -> Range | None:
    """Return the one place of a quote in a hunk; ``None`` where there is none, or more than one.

    The changed lines count first, then all that are shown. The text must stand there as quoted, or
    else but for white space, or for the signs of a diff before its lines; a word is not found
    inside another one.
    """
    spellings = [quote]
    if "\n" in quote.strip("\n") or quote.startswith("+"):
        spellings.append(_SIGNS.sub("", quote))
    for spelling in spellings:
        for first, end in (hunk.changed, (hunk.first, hunk.end)):
            found = find(text, spelling, first, end)
            if found is not None:
                return found
    return None


def find(text: Text, quote: str, first: int, end: int) -> Range | None:
    """Return the one place of a quote between two lines, ``end`` excluded; ``None`` without one.

    Of several places it is the only one that is whole lines.
    """
    start = text.offset(Position(first, 0))
    stop = text.offset(Position(end, 0)) if end < text.line_count else len(text.content)
    for matches in (_exact, _loose):
        found = matches(text.content, quote, start, stop)
        if len(found) > 1:
            found = [span for span in found if _is_whole(text.content, *span)]
            if len(found) != 1:
                return None
        if found:
            return Range(text.position(found[0][0]), text.position(found[0][1]))
    return None


def moved(finding: Finding, text: Text) -> Range | None:
    """Return where a finding's text stands in a text that changed since; ``None`` if it is gone.

    Of several places it is the one nearest to where it was. Cost: a search through 40,000
    characters around that place, and through the rest where it is not among them.
    """
    at, _ = text.span(finding.range)
    size = len(text.content)
    near = max(at - _NEAR, 0), min(at + len(finding.quote) + _NEAR, size)
    found = _exact(text.content, finding.quote, *near)
    found = found or _exact(text.content, finding.quote, 0, size)
    if not found:
        return None
    start, end = min(found, key=lambda span: abs(span[0] - at))
    return Range(text.position(start), text.position(end))


def _exact(content: str, quote: str, start: int, stop: int) -> list[tuple[int, int]]:
    quote = quote.strip()
    found: list[tuple[int, int]] = []
    at = content.find(quote, start, stop) if quote else -1
    while at >= 0:
        if _stands_alone(content, at, at + len(quote)):
            found.append((at, at + len(quote)))
        at = content.find(quote, at + 1, stop)
    return found


def _loose(content: str, quote: str, start: int, stop: int) -> list[tuple[int, int]]:
    """Compare without white space: each character of the squeezed text knows where it stood."""
    places = [at for at in range(start, stop) if not content[at].isspace()]
    squeezed = "".join(content[at] for at in places)
    wanted = "".join(quote.split())
    spans = [
        (places[at], places[at + len(wanted) - 1] + 1) for at in _occurrences(squeezed, wanted)
    ]
    return [span for span in spans if _stands_alone(content, *span)]


def _occurrences(text: str, wanted: str) -> list[int]:
    found: list[int] = []
    at = text.find(wanted) if wanted else -1
    while at >= 0:
        found.append(at)
        at = text.find(wanted, at + 1)
    return found


def _is_whole(content: str, start: int, end: int) -> bool:
    """Whether a stretch is all there is on its lines."""
    before = content[content.rfind("\n", 0, start) + 1 : start]
    behind = content[end : end + _NEAR].partition("\n")[0]
    return not (before.strip() or behind.strip())


def _stands_alone(content: str, start: int, end: int) -> bool:
    """Whether a stretch cuts no word in two."""
    return not (_joins(content, start) or _joins(content, end))


def _joins(content: str, at: int) -> bool:
    return 0 < at < len(content) and _is_word(content[at - 1]) and _is_word(content[at])


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"
