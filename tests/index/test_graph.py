"""Which file leans on which, and how much."""

from __future__ import annotations

import pytest

from lsp_agent.index.graph import telling


@pytest.mark.parametrize(
    ("more", "less"),
    [
        ("parse_settings", "parse"),
        ("parseSettings", "settings"),
        ("Settings", "settings"),
        ("settings", "get"),
        ("get", "t"),
    ],
)
def test_names_that_say_more_count_more(more: str, less: str) -> None:
    assert 1 >= telling(more) > telling(less) > 0
