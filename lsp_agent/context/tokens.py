"""Counting tokens: the engine's own counter where there is one, else an estimate."""

from __future__ import annotations

from collections.abc import Callable

Count = Callable[[str], int]


def estimate_tokens(text: str) -> int:
    """Return a quarter of a text's characters, rounded up: what code comes to in most models."""
    return -(-len(text) // 4)


def largest(most: int, fits: Callable[[int], bool]) -> int:
    """Return the largest number up to ``most`` that fits, 0 where none does.

    Whatever fits, all smaller ones are taken to fit too; the answer itself was tried. Cost: a
    logarithm of tries.
    """
    low, step = 0, 1
    while low + step <= most and fits(low + step):
        low, step = low + step, step * 2
    high = min(low + step - 1, most)
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low
