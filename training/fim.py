"""Fill-in-the-middle examples, in the order and with the windows of the product.

The order is SPM with the middle right behind the prefix (Bavarian et al., "Efficient Training of
Language Models to Fill in the Middle", 2022): a keystroke only appends to the prompt.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from lsp_agent.context.completion import suffix_window
from lsp_agent.context.similar import similar_snippet
from training.corpus import Source

MODES = (("line", 0.5), ("next line", 0.15), ("lines", 0.2), ("span", 0.15))
PREFIX_SHORT, PREFIX_LONG, SUFFIX = 900, 2400, 360
POOL = 1_500_000
_LINE_END = re.compile(r"\n")


@dataclass(frozen=True, slots=True)
class Gap:
    """A gap in a file: the windows around it, a similar snippet, and what stood in it."""

    snippet: str
    prefix: str
    suffix: str
    middle: str
    mode: str


def pick_gap(rng: random.Random, text: str, mode: str) -> tuple[int, int] | None:
    """Choose the offsets of a gap; a line's gap ends before its line end."""
    starts = [0, *(match.end() for match in _LINE_END.finditer(text))]
    number = rng.randrange(len(starts))
    start = starts[number]
    end = text.find("\n", start)
    end = len(text) if end < 0 else end
    line = text[start:end]
    if len(line.strip()) < 4:
        return None
    indent = len(line) - len(line.lstrip())
    if mode == "line":
        first = start + (indent if rng.random() < 0.35 else rng.randrange(indent, len(line)))
        return first, end
    if mode == "next line":
        return (max(start - 1, 0), end) if start else None
    if mode == "lines":
        last = min(number + rng.randrange(2, 7), len(starts) - 1)
        return start + rng.randrange(indent, len(line)), max(starts[last] - 1, end)
    first = start + rng.randrange(indent, len(line))
    return first, min(first + rng.randrange(2, 80), len(text))


def cut_gap(
    rng: random.Random, text: str, gap: tuple[int, int], mode: str, pool: Sequence[str]
) -> Gap:
    """Cut a gap out of a file; ``pool`` are other texts of the repository."""
    first, end = gap
    longest = PREFIX_LONG if rng.random() < 0.2 else PREFIX_SHORT
    prefix = prefix_window(text[:first], longest)
    own = text[: first - len(prefix)]
    snippet = similar_snippet(prefix, [own, *pool]) if rng.random() < 0.7 else ""
    suffix = suffix_window(text[end:], SUFFIX) if rng.random() < 0.9 else ""
    return Gap(snippet, prefix, suffix, text[first:end], mode)


def prefix_window(prefix: str, longest: int) -> str:
    """Return the end of a prefix from a line's start on."""
    if len(prefix) <= longest:
        return prefix
    start = prefix.find("\n", len(prefix) - longest)
    return prefix[start + 1 :] if start >= 0 else prefix[-longest:]


def package_pool(rng: random.Random, sources: Sequence[Source], own: Source) -> list[str]:
    """Return texts of the same package, without the file itself, up to some size."""
    others = [one.text for one in sources if one.digest != own.digest]
    rng.shuffle(others)
    pool, size = [], 0
    for text in others:
        if size > POOL:
            break
        pool.append(text)
        size += len(text)
    return ["\n".join(pool)] if pool else []
