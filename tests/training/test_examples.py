"""Examples: every answer gives the sound text back, by the product's own way."""

from __future__ import annotations

import random

import pytest

from training import fim, tasks
from training.docstrings import parse_docstring
from training.faults import MAKERS, RARE

SOURCE = '''\
import asyncio


class Store:
    """Things by name."""

    async def load(self, names, default=None, first=0):
        """Load some things.

        Args:
            names: what to load,
                each by its name.
            default (Any): what stands for those that are missing
            first (int): where to begin

        Returns:
            list: The things that were found.
        """
        found = []
        if default is None and names[0] == "all":
            names = list(self.things)
        for number in range(len(names)):
            name = names[number - 1]
            if name not in self.things:
                continue
            try:
                thing = await self.fetch(name, number)
            except Exception:
                raise KeyError(f"there is no {name}")
            if number < first or thing is not None:
                found.append(thing)
                self.things[name] = thing
        while number == first:
            number += 1
        return found + [default]
'''
HINTED = """\
from typing import Any


def area(width: int, height: int = 1, *rest: Any) -> list[int]:
    return [width * height, *rest]
"""


@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_every_fault_can_be_undone(kind: str) -> None:
    file = tasks.read_file(SOURCE)
    assert file is not None
    function = file.functions[0]
    seen = 0
    for seed in range(30):
        rng = random.Random(seed)
        fault = MAKERS[kind](rng, function)
        example = tasks.fault_example(rng, file, fault) if fault else None
        if example is None:
            continue
        seen += 1
        assert example.form.text.content != SOURCE
        assert example.form.apply(example.answer) == SOURCE
        assert example.form.reports[0].message
    assert seen


def test_rare_faults_are_in_the_catalogue() -> None:
    assert set(MAKERS) >= RARE


def test_sound_functions_ask_for_nothing() -> None:
    file = tasks.read_file(SOURCE)
    assert file is not None
    example = tasks.clean_example(random.Random(1), file, file.functions[0], stale=False)
    assert example is not None
    assert example.answer == "ok"
    assert example.form.question().endswith("nothing is reported")
    stale = tasks.clean_example(random.Random(1), file, file.functions[0], stale=True)
    assert stale is not None
    assert "Undefined name" in stale.form.question()


def test_a_docstring_is_taken_apart_and_away() -> None:
    file = tasks.read_file(SOURCE)
    assert file is not None
    example = tasks.document_example(file, file.functions[0].tree)
    assert example is not None
    assert "Load some things" not in example.form.question()
    assert example.answer == (
        "Load some things.\nnames: what to load, each by its name.\n"
        "default: what stands for those that are missing\nfirst: where to begin\n"
        "returns: The things that were found."
    )
    assert '"""Load some things.' in example.form.apply(example.answer)


def test_hints_are_taken_away_and_come_back() -> None:
    file = tasks.read_file(HINTED)
    assert file is not None
    example = tasks.annotate_example(file, file.functions[0])
    assert example is not None
    assert "def area(width, height = 1, *rest):" in example.form.question()
    assert example.answer == "width: int\nheight: int\nrest: Any\nreturn: list[int]"
    assert example.form.apply(example.answer) == HINTED


@pytest.mark.parametrize(
    "raw",
    [
        (
            "Do it.\n\nParameters\n----------\nx : int\n    The one.\ny, z : str\n    Others.\n\n"
            "Returns\n-------\nbool\n    Whether.\n"
        ),
        (
            "Do it.\n\n:param x: The one.\n:type x: int\n:param str y: Others.\n:param z: Others.\n"
            ":returns: Whether.\n"
        ),
    ],
    ids=["numpy", "sphinx"],
)
def test_styles_of_docstrings(raw: str) -> None:
    parsed = parse_docstring(raw)
    assert parsed.summary == "Do it."
    assert parsed.result == "Whether."
    assert {name: parsed.parameters.get(name) for name in "xy"} == {"x": "The one.", "y": "Others."}


@pytest.mark.parametrize("mode", [mode for mode, _ in fim.MODES])
def test_gaps_are_cut_so_that_the_text_is_whole(mode: str) -> None:
    made = 0
    for seed in range(40):
        rng = random.Random(seed)
        place = fim.pick_gap(rng, SOURCE, mode)
        if place is None:
            continue
        made += 1
        gap = fim.cut_gap(rng, SOURCE, place, mode, ["names = list(self.things)\n"])
        assert gap.middle
        assert gap.prefix + gap.middle + gap.suffix in SOURCE
        assert mode != "line" or "\n" not in gap.middle
    assert made
