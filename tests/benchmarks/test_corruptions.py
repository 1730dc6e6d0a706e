"""A small seeded part of the corruption benchmark."""

from __future__ import annotations

import random

import pytest

from benchmarks.corruptions.answers import Edit
from benchmarks.corruptions.cases import Damage
from benchmarks.corruptions.damage import DAMAGES
from benchmarks.corruptions.run import Bench, draw
from benchmarks.corruptions.workspace import CHANGES
from lsp_agent.verify.syntax import check_syntax
from lsp_agent.workspace.overlay import FileChange


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("shop"))


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda one: one.__name__)
def test_what_can_be_told_lands_and_nothing_else_does(bench: Bench, damage: Damage) -> None:
    ends = []
    for number in range(4):
        case = draw(random.Random(f"test/{number}"), [damage])
        outcome = bench.run(case)
        assert outcome.end in ("landed", "nothing"), (case, outcome)
        ends.append(outcome.end == "landed" or not case.recoverable)
    # One in a hundred is refused for good reasons, such as a place that fits twice.
    assert sum(ends) >= len(ends) - 1


def test_the_right_answers_are_right() -> None:
    for change in CHANGES:
        file = FileChange(
            "modify", change.path, f"file:///{change.path}", change.before, change.after
        )
        assert check_syntax([file]).ok, change
        edit = Edit.draw(random.Random(0), change)
        assert "\n".join(edit.old) in change.before.replace("\r\n", "\n")
