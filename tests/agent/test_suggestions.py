"""Suggestions are found again where they still hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.agent.suggestions import Suggestions

BEFORE, AFTER = "x = 1\ntotal = ", "\nprint(total)\n"
TEXT = "price(1) * count"


def known(text: str = TEXT, before: str = BEFORE, after: str = AFTER) -> Suggestions:
    suggestions = Suggestions()
    suggestions.add("a", before + after, len(before), text)
    return suggestions


def find(suggestions: Suggestions, before: str, after: str = AFTER) -> str:
    return suggestions.find("a", before + after, len(before))


@pytest.mark.parametrize("typed", range(len(TEXT)))
def test_typing_through_and_deleting_back(typed: int) -> None:
    suggestions = known()
    assert find(suggestions, BEFORE + TEXT[:typed]) == TEXT[typed:]
    assert find(suggestions, BEFORE) == TEXT


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (BEFORE + "x", AFTER),
        (BEFORE + TEXT, AFTER),
        (BEFORE[:-1], AFTER),
        ("y = 1\ntotal = ", AFTER),
        ("# more\n" + BEFORE, AFTER),
        (BEFORE, AFTER + "more"),
        (BEFORE, "x" + AFTER),
        (BEFORE, ""),
    ],
)
def test_another_text_is_another_place(before: str, after: str) -> None:
    assert find(known(), before, after) == ""


def test_other_documents_have_their_own() -> None:
    assert known().find("b", BEFORE + AFTER, len(BEFORE)) == ""


def test_text_far_away_may_change() -> None:
    suggestions = known(before="# old\n" + "x = 1\n" * 100, after="y\n" * 100 + "# old\n")
    before, after = "# newer\n" + "x = 1\n" * 100, "y\n" * 100 + "# new\n"
    assert find(suggestions, before, after) == TEXT
    assert find(suggestions, before + TEXT[:5], after) == TEXT[5:]


def test_brackets_that_the_editor_closes_are_no_other_text() -> None:
    assert find(known("f([1])"), BEFORE + "f([", "])" + AFTER) == "1"
    assert find(known("f([])"), BEFORE + "f([", "])" + AFTER) == ""
    # More than the bracket comes behind what is open: only the model knows.
    assert find(known(), BEFORE + "price(", ")" + AFTER) == ""


def test_several_lines_are_typed_through() -> None:
    suggestions = known("a()\n    b()")
    assert find(suggestions, BEFORE + "a()\n    b") == "()"


def test_the_newest_counts() -> None:
    suggestions = known()
    suggestions.add("a", BEFORE + AFTER, len(BEFORE), "price(2)")
    assert find(suggestions, BEFORE) == "price(2)"
    assert find(suggestions, BEFORE + "price(1") == ") * count"


def test_little_is_kept() -> None:
    suggestions = Suggestions(size=2, documents=2)
    for number in range(3):
        suggestions.add("a", f"x{number}", 2, "text")
    assert [suggestions.find("a", f"x{number}", 2) for number in range(3)] == ["", "text", "text"]
    for name in "bc":
        suggestions.add(name, "x", 1, "text")
    assert suggestions.find("a", "x2", 2) == ""
    suggestions.forget("b")
    assert (suggestions.find("b", "x", 1), suggestions.find("c", "x", 1)) == ("", "text")
    suggestions.forget()
    assert suggestions.find("c", "x", 1) == ""


@given(st.text("ab\n", max_size=30), st.text("ab\n", max_size=30), st.text("ab\n", min_size=1))
def test_what_is_found_goes_on_as_suggested(before: str, after: str, text: str) -> None:
    suggestions = Suggestions()
    suggestions.add("a", before + after, len(before), text)
    for typed in range(len(text)):
        found = suggestions.find("a", before + text[:typed] + after, len(before) + typed)
        assert found
        assert text.endswith(found)
