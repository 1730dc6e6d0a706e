"""Places like the one at the cursor."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.context.completion import Windows, gap_at
from lsp_agent.context.similar import Match, best_match, longest_match, similar_snippet, snippet_at
from lsp_agent.workspace.positions import Position
from lsp_agent.workspace.text import Text

TEXTS = st.text("ab\n", max_size=60)


@given(TEXTS, TEXTS)
def test_longest_match_is_the_longest_suffix_that_occurs(prefix: str, source: str) -> None:
    length, end = longest_match(prefix, source, 2)
    longest = max((n for n in range(2, len(prefix) + 1) if prefix[-n:] in source), default=0)
    assert length == longest
    if length:
        assert source[end - length : end] == prefix[-length:]


def test_the_best_source_wins_and_the_first_of_equals() -> None:
    sources = ["x price", "total = price * 2", "total = price + 1"]
    assert best_match("total = price", sources) == Match(1, 13, 13)
    assert best_match("nothing", ["like", "it"]) is None


def test_the_snippet_holds_whole_lines() -> None:
    source = "".join(f"line {n}\n" for n in range(20))
    assert snippet_at(source, source.index("10")) == "line 9\nline 10\nline 11\nline 12\nline 13"
    assert snippet_at("short", 3) == "short"
    assert similar_snippet("no such words", [source]) == ""


def test_the_window_s_start_stays_while_typing() -> None:
    text = Text("".join(f"value_{n} = {n}\n" for n in range(200)))
    windows = Windows(300, 100)
    first = gap_at(text, Position(150, 3), windows, [])
    second = gap_at(text, Position(150, 6), windows, [])
    assert second.prefix.startswith(first.prefix)
    assert first.suffix.endswith("\n")
    assert 300 <= len(first.prefix) <= 600


def test_a_similar_place_in_the_same_file_or_another_is_shown() -> None:
    text = Text("def area(w, h):\n    return w * h\n\n\ndef other():\n    pass\n")
    other = "# module\ndef perimeter(width):\n    return 4 * width\n"
    gap = gap_at(Text(text.content + "def perimeter("), Position(6, 14), Windows(30, 10), [other])
    assert "return 4 * width" in gap.snippet
