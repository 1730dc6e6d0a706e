"""What a run is shown of earlier ones: within its budget, as data, to general models only."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.agent.remembered import example_part, session_part
from lsp_agent.context.tokens import estimate_tokens
from lsp_agent.store.feedback import Became
from lsp_agent.store.sessions import Turn

TURNS = [
    Turn(
        f"r{number}", f"task {number}\nin detail", f"did {number}", "word " * 40, (f"{number}.py",)
    )
    for number in range(6)
]
EXAMPLE = Became("r1", 0, "edit", "python", "accepted", "make it a loop", "a = 1", "b = 2")


def test_all_turns_are_whole_where_there_is_room() -> None:
    part = session_part(TURNS, 2000, estimate_tokens)
    assert part.startswith("Earlier in this session")
    assert part.index("task 0") < part.index("task 5")
    assert part.count("in detail") == 6
    assert "changed: 5.py" in part


def test_earlier_turns_shrink_to_a_line_and_the_earliest_go() -> None:
    part = session_part(TURNS, 160, estimate_tokens)
    assert part.count("in detail") == 2
    assert "- asked: task 3; did 3 (3.py)" in part
    assert session_part(TURNS, 90, estimate_tokens).count("\n- asked:") < 6
    assert session_part(TURNS, 3, estimate_tokens) == ""
    assert session_part([], 1000, estimate_tokens) == ""


@given(st.lists(st.text(max_size=300), max_size=12), st.integers(0, 200))
def test_the_budget_holds(texts: list[str], budget: int) -> None:
    turns = [Turn(f"r{at}", text, text, text) for at, text in enumerate(texts)]
    part = session_part(turns, budget, estimate_tokens)
    rows = part.partition("\n")[2]
    assert estimate_tokens(rows) <= budget + len(turns)


def test_examples_are_those_like_the_task() -> None:
    other = replace(EXAMPLE, run="r2", task="document the parser", before="def p(): ...")
    edited = replace(EXAMPLE, run="r3", task="make a loop of it", final="c = 3")
    rows = [EXAMPLE, other, edited]
    part = example_part(rows, "turn this into a loop", 500, estimate_tokens, 8)
    assert "document" not in part
    assert "after:\nc = 3" in part
    assert "after:\nb = 2" in part
    assert example_part(rows, "a loop", 500, estimate_tokens, 1).count("before:") == 1
    assert example_part(rows, "zebra", 500, estimate_tokens, 8) == ""
    assert example_part(rows, "a loop", 5, estimate_tokens, 8) == ""
