"""A small seeded part of the corruption benchmark, through the server."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from benchmarks.corruptions.run import draw
from benchmarks.corruptions.server import run_through_server


@pytest.mark.usefixtures("home")
async def test_garbled_answers_land_or_are_refused(tmp_path: Path) -> None:
    cases = [draw(random.Random(f"e2e/{number}")) for number in range(24)]
    ends = await run_through_server(tmp_path / "shop", cases)
    assert len(ends) == len(cases)
    for case, (end, status) in zip(cases, ends, strict=True):
        assert end in ("landed", "nothing"), (case, status)
        assert end == "landed" or not case.recoverable, (case, status)
    assert {end for end, _ in ends} == {"landed", "nothing"}
