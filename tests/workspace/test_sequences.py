"""Differences of sequences, against a slow and exact reference."""

from __future__ import annotations

import random
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.workspace.sequences import Hunk, hunks

units = st.lists(st.sampled_from("aabbcdefgh"), max_size=14)


def rebuilt(old: list[str], new: list[str], found: list[Hunk]) -> list[str]:
    """Apply hunks to the old units."""
    result: list[str] = []
    at = 0
    for start, end, new_start, new_end in found:
        result += [*old[at:start], *new[new_start:new_end]]
        at = end
    return result + old[at:]


def longest_common(a: list[str], b: list[str]) -> int:
    """Length of a longest common subsequence, by the book."""
    row = [0] * (len(b) + 1)
    for x in a:
        last = 0
        for j, y in enumerate(b):
            last, row[j + 1] = row[j + 1], last + 1 if x == y else max(row[j + 1], row[j])
    return row[-1]


@given(units, units)
def test_hunks_turn_old_into_new_and_never_touch(old: list[str], new: list[str]) -> None:
    found = hunks(old, new)
    assert rebuilt(old, new, found) == new
    assert all(hunk.start < hunk.end or hunk.new_start < hunk.new_end for hunk in found)
    for one, two in pairwise(found):
        assert one.end < two.start
        assert two.start - one.end == two.new_start - one.new_end


def test_without_anchors_the_difference_is_the_shortest() -> None:
    rng = random.Random(3)
    for _ in range(500):
        # Doubling each sequence leaves no unit that occurs once.
        old = [rng.choice("ab") for _ in range(rng.randrange(10))] * 2
        new = [rng.choice("ab") for _ in range(rng.randrange(10))] * 2
        kept = len(old) - sum(hunk.end - hunk.start for hunk in hunks(old, new))
        assert kept == longest_common(old, new)


@given(units)
def test_equal_sequences_have_no_hunks(same: list[str]) -> None:
    assert hunks(same, list(same)) == []


def test_unique_units_anchor_the_difference() -> None:
    old = ["{", "x", "}", "{", "y", "}"]
    new = ["{", "x", "}", "{", "new", "}", "{", "y", "}"]
    assert hunks(old, new) == [Hunk(4, 4, 4, 7)]


def test_long_and_unlike_texts_are_compared_too() -> None:
    rng = random.Random(1)
    lines = [rng.choice(["", "    return None", f"line {n}", "}"]) for n in range(10_000)]
    changed = list(lines)
    for _ in range(200):
        changed[rng.randrange(len(changed))] = f"changed {rng.random()}"
    changed[0:0] = ["first"]
    changed.append("last")
    shuffled = rng.sample(lines, len(lines))
    for old, new in ((lines, changed), (lines, shuffled), (["a", "b"] * 5_000, ["b"] * 9_000)):
        # Quadratic work would not end within the suite's time limit.
        assert rebuilt(old, new, hunks(old, new)) == new
