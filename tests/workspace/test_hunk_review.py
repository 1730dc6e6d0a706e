"""An edit hunk by hunk: found again after any typing, refused without harm to anything else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.workspace.errors import RebaseConflictError
from lsp_agent.workspace.hunk_review import HunkPlace, HunkReview
from lsp_agent.workspace.text import split_lines

BEFORE = "a\nb\nc\nd\ne\nf\ng\n"
AFTER = "a\nB\nc\nd\nnew 1\nnew 2\ne\ng\n"


@pytest.fixture
def review() -> HunkReview:
    return HunkReview.of(BEFORE, AFTER)


def at(review: HunkReview, now: str) -> list[tuple[int, int, int]]:
    return [(one.number, one.first, one.last) for one in review.places(now)]


def test_each_hunk_has_its_place(review: HunkReview) -> None:
    assert at(review, AFTER) == [(0, 1, 1), (1, 4, 5), (2, 7, 7)]
    assert review.made_of(0) == ("b\n", "B\n")
    assert review.made_of(2) == ("f\n", "")
    with pytest.raises(KeyError):
        review.made_of(3)


def test_places_follow_typing(review: HunkReview) -> None:
    now = "top\n\n" + AFTER.replace("d\n", "d\nmine\n")
    assert at(review, now) == [(0, 3, 3), (1, 7, 8), (2, 10, 10)]
    assert at(review, AFTER.replace("new 1\n", "new 1\nmine\n"))[1] == (1, 4, 6)
    assert at(review, AFTER.replace("new 1", "changed"))[1] == (1, 5, 5)


def test_what_is_gone_has_no_place(review: HunkReview) -> None:
    assert at(review, BEFORE) == []
    assert at(review, AFTER.replace("B", "x")) == [(1, 4, 5), (2, 7, 7)]
    assert at(review, AFTER.replace("g\n", "f\ng\n")) == [(0, 1, 1), (1, 4, 5)]
    assert at(review, "") == [(2, 0, 0)]


def test_blank_lines_alone_are_no_place() -> None:
    before = "a\n\n\nb\n"
    review = HunkReview.of(before, "a\n\n\ndef f(): ...\n\n\nb\n")
    assert at(review, before) == []


def test_a_hunk_is_taken_back_around_what_was_typed(review: HunkReview) -> None:
    now = AFTER.replace("d\n", "d\nmine\n") + "end\n"
    without = review.without(1, now)
    assert without == "a\nB\nc\nd\nmine\ne\ng\nend\n"
    left = review.refuse(1)
    assert at(left, without) == [(0, 1, 1), (2, 6, 6)]
    assert left.without(2, without) == "a\nB\nc\nd\nmine\ne\nf\ng\nend\n"


def test_changed_lines_are_left_to_the_user(review: HunkReview) -> None:
    with pytest.raises(RebaseConflictError):
        review.without(0, AFTER.replace("B", "mine"))


def test_what_is_kept_is_asked_no_more(review: HunkReview) -> None:
    kept = review.keep(0)
    assert [one.number for one in kept.places(AFTER)] == [1, 2]
    assert kept.without(1, AFTER).startswith("a\nB\n")


TEXTS = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "\n", "d\r\n", "e"]), max_size=12).map(
    "".join
)


@given(TEXTS, TEXTS)
def test_refusing_all_is_the_text_before(before: str, after: str) -> None:
    review, now = HunkReview.of(before, after), after
    for made in review.made:
        now = review.without(made.number, now)
        review = review.refuse(made.number)
    assert now == before
    assert review.places(now) == []


@given(TEXTS, TEXTS, TEXTS)
def test_places_are_lines_of_any_text(before: str, after: str, now: str) -> None:
    review = HunkReview.of(before, after)
    count = max(len(split_lines(now)), 1)
    for place in review.places(now):
        assert isinstance(place, HunkPlace)
        assert 0 <= place.first <= place.last < count


def test_how_much_of_it_stands(review: HunkReview) -> None:
    assert review.standing(AFTER) == "whole"
    assert review.standing("top\n" + AFTER + "end\n") == "whole"
    assert review.standing(AFTER.replace("new 2", "new 3")) == "part"
    assert review.standing(AFTER.replace("g\n", "f\ng\n")) == "part"
    assert review.standing(AFTER.replace("B", "b")) == "part"
    assert review.standing(BEFORE) == "gone"


def test_excerpts_are_the_lines_around(review: HunkReview) -> None:
    now = "top\n" + AFTER.replace("new 2", "mine") + "end\n"
    before, after, final = review.excerpts(now, 1)
    assert (before, after) == (BEFORE, AFTER)
    assert final == AFTER.replace("new 2", "mine")
    long = "".join(f"{number}\n" for number in range(40))
    one = HunkReview.of(long, long.replace("20\n", "twenty\n"))
    assert one.excerpts(long.replace("20\n", "score\n\n"), 1) == (
        "19\n20\n21\n", "19\ntwenty\n21\n", "19\nscore\n\n21\n",
    )  # fmt: skip


@given(TEXTS, TEXTS, TEXTS)
def test_excerpts_are_parts_of_their_texts(before: str, after: str, now: str) -> None:
    review = HunkReview.of(before, after)
    found = review.excerpts(now)
    assert all(part in text for part, text in zip(found, (before, after, now), strict=True))
    assert review.standing(after) == "whole"
