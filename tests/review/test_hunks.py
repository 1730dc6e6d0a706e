"""What changed, in pieces that a model can read at once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.review.hunks import MAX_ROWS, changed_hunks, halves
from lsp_agent.review.types import ChangedFile, Hunk
from lsp_agent.workspace.text import Text

BLOCK = "def f{0}(a):\n    b = a + {0}\n    c = b * 2\n    return c\n\n\n"


def hunks(before: str | None, after: str) -> list[Hunk]:
    return changed_hunks(ChangedFile("a.py", before, after))


def test_a_change_with_what_stands_around_it() -> None:
    lines = [f"line {n}" for n in range(20)]
    after = [*lines[:9], "new", *lines[10:]]
    (found,) = hunks("\n".join(lines), "\n".join(after))
    assert str(found) == (" line 6\n line 7\n line 8\n-line 9\n+new\n line 10\n line 11\n line 12")
    assert (found.first, found.end, found.changed) == (6, 13, (9, 10))


def test_far_changes_are_apart_and_near_ones_together() -> None:
    lines = [f"line {n}" for n in range(40)]
    after = [*lines]
    after[3], after[8], after[30] = "a", "b", "c"
    assert [one.changed for one in hunks("\n".join(lines), "\n".join(after))] == [
        (3, 9),
        (30, 31),
    ]


def test_layout_alone_is_no_change() -> None:
    assert hunks("a = 1\r\nb = 2\r\n", "a = 1  \n\n\nb = 2\n") == []
    assert hunks("a\n", "a\n") == []


def test_a_removal_is_reviewed_where_it_was() -> None:
    (found,) = hunks("a\nb\nc\n", "a\nc\n")
    assert str(found) == " a\n-b\n c"
    assert found.changed == (0, 2)


def test_a_change_above_leaves_the_pieces_below_as_they_were() -> None:
    source = "".join(BLOCK.format(n) for n in range(60))
    before = [str(one) for one in hunks(None, source)]
    after = [str(one) for one in hunks(None, BLOCK.format("new") + source)]
    assert len(before) > 10
    assert max(text.count("\n") + 1 for text in before) <= MAX_ROWS
    assert len(set(after) - set(before)) <= 3


@given(
    st.lists(st.sampled_from(["a", "  b", "", "c c", "\td"]), max_size=150),
    st.lists(st.sampled_from(["a", "  b", "", "x", "\td"]), max_size=150),
)
def test_every_new_line_is_in_a_piece_at_its_place(old: list[str], new: list[str]) -> None:
    text = Text("\n".join(new))
    found = hunks("\n".join(old), text.content)
    at = 0
    for one in [part for whole in found for part in halves(whole)]:
        assert one.first >= at
        kept = [row.text for row in one.rows if row.sign != "-"]
        assert kept == [text.line(one.first + n) for n in range(len(kept))]
        at = one.end
