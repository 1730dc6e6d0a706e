"""``lsp-agent complete``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command

SOURCE = "class Box:\n    def __init__(self, width):\n        self.width = width\n        self.\n"


@pytest.fixture
def file(work: Path) -> Path:
    path = work / "a.py"
    path.write_text(SOURCE, "utf-8")
    return path


def test_a_line_is_completed(lsp_agent: Command, file: Path) -> None:
    done = lsp_agent("complete", "a.py:4:14", "--json")
    assert done.status == 0, done.err
    row = json.loads(done.out)
    assert "\n" not in row["text"]
    assert row["prompt_tokens"] > 10
    assert row["completion_tokens"] > 0
    assert 0 < row["first_token_ms"] <= row["total_ms"]
    plain = lsp_agent("complete", "a.py:4:14")
    assert plain.out.rstrip("\n") == row["text"]


@pytest.mark.parametrize(
    ("place", "words"),
    [("a.py", "name the line and the column"), ("a.py:4", "name the line"), ("b.py:1:1", "b.py")],
)
def test_places_that_are_none(lsp_agent: Command, file: Path, place: str, words: str) -> None:
    done = lsp_agent("complete", place)
    assert (done.status, done.out) == (2, "")
    assert words in done.err


def test_other_languages_need_a_larger_model(lsp_agent: Command, work: Path) -> None:
    work.joinpath("a.rs").write_text("fn main() {}\n", "utf-8")
    done = lsp_agent("complete", "a.rs:1:13")
    assert done.status == 3
    assert "needs a larger model" in done.err
    assert "lsp-agent models pull" in done.err
