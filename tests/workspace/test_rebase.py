"""Three-way merges."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.workspace.errors import RebaseConflictError
from lsp_agent.workspace.rebase import rebase

PIECES = ["a", "b", "c = 1", "\n", "\r\n", "\r", " ", "é", "😀", "("]
texts = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
BASE = "def add(a, b):\n    return a + b\n\n\ndef sub(a, b):\n    return a - b\n"


@given(texts, texts)
def test_without_their_change_mine_stands(base: str, mine: str) -> None:
    assert rebase(base, mine, base) == mine


@given(texts, texts)
def test_without_my_change_theirs_stands(base: str, theirs: str) -> None:
    assert rebase(base, base, theirs) == theirs


@given(texts, texts)
def test_the_same_change_counts_once(base: str, changed: str) -> None:
    assert rebase(base, changed, changed) == changed


@given(texts, texts, texts)
def test_a_merge_does_not_depend_on_the_side(base: str, mine: str, theirs: str) -> None:
    try:
        one = rebase(base, mine, theirs)
    except RebaseConflictError:
        with pytest.raises(RebaseConflictError):
            rebase(base, theirs, mine)
    else:
        assert rebase(base, theirs, mine) == one


@given(st.data(), st.integers(4, 16))
def test_changes_of_different_lines_both_survive(data: st.DataObject, count: int) -> None:
    lines = [f"line {n}" for n in range(count)]
    kinds = st.sampled_from(["keep", "change", "delete", "insert"])
    sides: tuple[list[str], list[str], list[str]] = ([], [], [])
    previous = ""
    for number, line in enumerate(lines):
        mine = data.draw(kinds)
        theirs = "keep" if mine != "keep" or previous == "mine" else data.draw(kinds)
        # A line of distance: neighbours may hang together, as an insertion beside a deletion does.
        if previous == "theirs":
            mine = "keep"
        previous = "mine" if mine != "keep" else "theirs" if theirs != "keep" else ""
        for side, kind in ((0, mine), (1, theirs), (2, theirs if mine == "keep" else mine)):
            made = {
                "keep": [line],
                "change": [f"changed {number}"],
                "delete": [],
                "insert": [f"new {number}", line],
            }
            sides[side].extend(made[kind])
    texts_ = ["".join(f"{line}\r\n" for line in side) for side in (lines, *sides)]
    assert rebase(*texts_[:3]) == texts_[3]


@pytest.mark.parametrize(
    ("mine", "theirs", "merged"),
    [
        pytest.param(
            BASE.replace("a + b", "int(a + b)"),
            "import os\n" + BASE.replace("a - b", "a-b"),
            "import os\n" + BASE.replace("a + b", "int(a + b)").replace("a - b", "a-b"),
            id="other-lines",
        ),
        pytest.param(
            BASE.replace("add(a, b)", "plus(a, b)"),
            BASE.replace("add(a, b)", "add(a, b=0)"),
            BASE.replace("add(a, b)", "plus(a, b=0)"),
            id="other-words-of-a-line",
        ),
        pytest.param(
            BASE.replace("return a + b", "return sum((a, b))"),
            BASE.replace("add(a, b):", "add(a, b):  # adds"),
            BASE.replace("return a + b", "return sum((a, b))").replace("b):\n", "b):  # adds\n", 1),
            id="neighbouring-lines",
        ),
        pytest.param(
            BASE.replace("a - b", "a -b").replace("a + b", "b + a"),
            BASE.replace("a - b", "a -b"),
            BASE.replace("a - b", "a -b").replace("a + b", "b + a"),
            id="one-change-of-two-is-theirs-too",
        ),
        pytest.param(
            BASE + "\nprint(add(1, 2))\n",
            BASE.replace("add", "plus"),
            BASE.replace("add", "plus") + "\nprint(add(1, 2))\n",
            id="appended",
        ),
    ],
)
def test_changes_that_do_not_touch_merge(mine: str, theirs: str, merged: str) -> None:
    assert rebase(BASE, mine, theirs) == merged


def test_a_missing_final_line_end_stays_missing() -> None:
    assert rebase("a\nb\nc", "a\nb\nC", "A\nb\nc") == "A\nb\nC"


@pytest.mark.parametrize(
    ("mine", "theirs", "spans", "words"),
    [
        pytest.param(
            BASE.replace("a + b", "b + a"),
            "# note\n" + BASE.replace("a + b", "a + c"),
            ((3, 3),),
            "line 3 ",
            id="same-words",
        ),
        pytest.param(
            BASE.replace("    return a + b\n", ""),
            BASE.replace("a + b", "a * b"),
            ((2, 2),),
            "line 2 ",
            id="deleted-and-changed",
        ),
        pytest.param(
            BASE.replace("a + b", "a * b"),
            BASE.replace("    return a + b\n", ""),
            ((2, 2),),
            "line 2 ",
            id="changed-and-deleted",
        ),
        pytest.param(
            BASE + "x = 1\n",
            BASE + "y = 1\nz = 2\n",
            ((7, 8),),
            "lines 7-8 ",
            id="both-appended",
        ),
        pytest.param(
            BASE.replace("return a + b", "return 1").replace("return a - b", "return 3"),
            BASE.replace("return a + b", "return 2").replace("return a - b", "return 4"),
            ((2, 2), (6, 6)),
            "lines 2, 6 ",
            id="two-places",
        ),
        pytest.param("foo(a)\n", "foo(b)\n", ((1, 1),), "line 1 ", id="whole-text"),
    ],
)
def test_a_conflict_names_the_lines_of_the_users_text(
    mine: str, theirs: str, spans: tuple[tuple[int, int], ...], words: str
) -> None:
    with pytest.raises(RebaseConflictError, match=words) as caught:
        rebase(BASE, mine, theirs)
    assert caught.value.spans == spans


def test_a_line_is_not_torn_apart() -> None:
    # By words alone the result would be "user 7, line 8".
    with pytest.raises(RebaseConflictError):
        rebase("line 6\nline 8\n", "line 6\nline 7\nline 8\n", "line 6\nuser 8\n")


def test_two_insertions_into_one_call_conflict() -> None:
    with pytest.raises(RebaseConflictError):
        rebase("foo()\n", "foo(a)\n", "foo(b)\n")


def test_changes_of_words_beside_each_other_conflict() -> None:
    with pytest.raises(RebaseConflictError):
        rebase("a-b\n", "a+b\n", "a-c\n")


def test_a_long_file_is_merged_fast() -> None:
    rng = random.Random(2)
    base = [
        rng.choice(["", "    }", "    return x", f"line_{n} = {n}"]) + "\n" for n in range(10_000)
    ]
    mine, theirs = list(base), list(base)
    for n in range(100, 10_000, 400):
        mine[n] = f"mine {n}\n"
        theirs[n + 200] = f"theirs {n}\n"
    began = time.process_time()
    merged = rebase("".join(base), "".join(mine), "".join(theirs))
    assert time.process_time() - began < 0.5
    assert all(
        f"mine {n}\n" in merged and f"theirs {n}\n" in merged for n in range(100, 9_800, 400)
    )
