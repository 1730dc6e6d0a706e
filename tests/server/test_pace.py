"""The wait before a model is asked follows model and user."""

from __future__ import annotations

import pytest

from lsp_agent.server.pace import Pace


class Clock:
    """A clock that is set."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def paced(gap: float, cost: float, keys: int = 40) -> tuple[Pace, Clock]:
    clock = Clock()
    pace = Pace(clock)
    for _ in range(keys):
        clock.now += gap
        pace.typed()
        pace.took(cost)
    return pace, clock


def test_a_fast_model_is_asked_at_once() -> None:
    pace, _ = paced(gap=0.15, cost=0.06)
    assert pace.delay(most=0.25) == 0.0


def test_a_slow_model_is_asked_when_the_keys_are_still() -> None:
    pace, clock = paced(gap=0.15, cost=2.0)
    assert pace.delay(most=0.25) == pytest.approx(0.18, abs=0.01)
    clock.now += 0.1
    assert pace.delay(most=0.25) == pytest.approx(0.08, abs=0.01)
    clock.now += 5
    assert pace.delay(most=0.25) == 0.0


def test_no_wait_is_longer_than_an_answer_or_than_is_set() -> None:
    assert paced(gap=0.3, cost=0.2)[0].delay(most=1.0) == pytest.approx(0.2)
    assert paced(gap=0.9, cost=3.0)[0].delay(most=0.25) == 0.25
    assert paced(gap=0.9, cost=3.0)[0].delay(most=0.0) == 0.0


def test_it_adapts() -> None:
    pace, clock = paced(gap=0.15, cost=2.0)
    for _ in range(20):
        pace.took(0.01)
    assert pace.delay(most=0.25) == 0.0
    for _ in range(20):
        clock.now += 0.05
        pace.typed()
        pace.took(1.0)
    assert pace.delay(most=0.25) == pytest.approx(0.06, abs=0.01)


def test_a_pause_is_no_rhythm() -> None:
    pace, clock = paced(gap=0.15, cost=2.0)
    clock.now += 60
    pace.typed()
    assert pace.delay(most=0.25) == pytest.approx(0.18, abs=0.01)


def test_before_anything_is_known_nothing_waits() -> None:
    assert Pace(Clock()).delay(most=0.25) == 0.0
