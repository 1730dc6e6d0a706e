"""The page of actions is that of the catalogue."""

from __future__ import annotations

from lsp_agent.actions.catalogue import ACTIONS
from tests.actions.page import PAGE, page


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == page(), "run: python -m tests.actions.page"


def test_each_action_is_on_it_once() -> None:
    text = page()
    assert [one.name for one in ACTIONS if text.count(f"### `{one.name}`\n") != 1] == []
    assert [one.kind for one in ACTIONS if f"`{one.kind}`" not in text] == []


def test_each_action_says_what_it_does_in_one_line() -> None:
    lengths = {one.name: len(one.summary) for one in ACTIONS if "\n" not in one.summary}
    assert len(lengths) == len(ACTIONS)
    assert [name for name, length in lengths.items() if not 10 <= length <= 90] == []
