"""The words of a file, packed: what ranking by words needs, in a twentieth of the file's size.

A file's words are its names and its prose alike: split where letters end and at camelCase humps,
lower-cased, without common endings, two letters at least. Each distinct one is 32 bits: a 24-bit
hash, how often it stands in the file (5 bits, in steps), how often in the names it defines (3 bits,
up to 7). There is no vocabulary, so that a file's row never depends on another's; in 60,000 words
one that was asked for is taken for another with a chance of 0.4 %.
"""

from __future__ import annotations

import re
import zlib
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from lsp_agent.index.naming import name_words

HASH_SHIFT, COUNT_SHIFT = 8, 3
COUNT_MASK, NAME_MASK = 31, 7
COUNTS = (
    0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 17, 20, 24, 29, 35, 42, 50, 60, 72, 86, 104, 124, 149,
    179, 215, 258, 310, 372, 446, 536,
)  # fmt: skip
"""What each of the 32 steps of a word's count stands for: at most a fifth too little."""

_LETTERS = re.compile(r"[^\W\d_]+")
_ENDINGS = (
    ("ies", "y"), ("sses", "ss"), ("ing", ""), ("edly", ""), ("ed", ""), ("es", ""), ("s", ""),
    ("ly", ""),
)  # fmt: skip
_MAX_PARTS = 8


def words(text: str) -> Counter[str]:
    """Return how often each word stands in a text. Cost: about 50 ms a megabyte."""
    found: Counter[str] = Counter()
    for run, count in Counter(_LETTERS.findall(text)).items():
        for word in _parts(run):
            found[word] += count
    return found


def word_hash(word: str) -> int:
    """Return a word's 24 bits."""
    return zlib.crc32(word.encode("utf-8", "replace")) >> HASH_SHIFT


def pack_words(text: str, names: Iterable[str]) -> bytes:
    """Return the packed words of a text that defines ``names``, sorted, in native byte order."""
    counts, named = _hashed(text), _hashed("\n".join(names))
    rows = (
        key << HASH_SHIFT
        | bisect_right(COUNTS, count) - 1 << COUNT_SHIFT
        | min(named.get(key, 0), NAME_MASK)
        for key, count in counts.items()
    )
    return array("I", sorted(rows)).tobytes()


def _hashed(text: str) -> dict[int, int]:
    found: dict[int, int] = {}
    for run, count in Counter(_LETTERS.findall(text)).items():
        for key in _hashes(run):
            found[key] = found.get(key, 0) + count
    return found


@lru_cache(1 << 17)
def _hashes(run: str) -> tuple[int, ...]:
    return tuple(word_hash(word) for word in _parts(run))


@lru_cache(1 << 12)
def _parts(run: str) -> tuple[str, ...]:
    return tuple(_stem(part) for part in name_words(run)[:_MAX_PARTS] if len(part) > 1)


def _stem(word: str) -> str:
    """Cut what English puts behind a word: a light stemmer, which need not give a word."""
    if len(word) > 4:
        for ending, instead in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= 3:
                if ending == "s" and word.endswith(("ss", "us", "is")):
                    continue
                word = word.removesuffix(ending) + instead
                if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
                    word = word[:-1]
                break
    return word.removesuffix("e") if len(word) > 4 else word
