"""Trying again: how often, how long, and never after something was given out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.engine.retry import Backoff, TryAgainError, retrying
from lsp_agent.engine.types import EngineError, EngineUnavailableError


class Attempts:
    """Fails some times, then gives two items; records the pauses."""

    def __init__(self, failures: int, after: float | None = None) -> None:
        self._left, self._after = failures, after
        self.made = 0
        self.pauses: list[float] = []

    async def attempt(self) -> AsyncGenerator[int, None]:
        self.made += 1
        if self._left:
            self._left -= 1
            raise TryAgainError(EngineUnavailableError("it is busy"), self._after)
        yield 1
        yield 2

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def run(self, backoff: Backoff) -> list[int]:
        async def collect() -> list[int]:
            return [item async for item in retrying(self.attempt, backoff, self.sleep)]

        return asyncio.run(collect())


def test_the_pauses_grow() -> None:
    attempts = Attempts(3)
    assert attempts.run(Backoff(retries=3)) == [1, 2]
    assert attempts.made == 4
    first, second, third = attempts.pauses
    assert 0.125 <= first <= 0.25 <= second * 2 <= 1.0
    assert 0.5 <= third <= 1.0


def test_the_last_failure_is_raised_with_the_number_of_tries() -> None:
    attempts = Attempts(5)
    with pytest.raises(EngineUnavailableError, match="it is busy; tried 3 times"):
        attempts.run(Backoff(retries=2))
    assert attempts.made == 3


def test_without_retries_the_message_stays_as_it_is() -> None:
    with pytest.raises(EngineUnavailableError, match=r"^it is busy$"):
        Attempts(1).run(Backoff(retries=0))


def test_the_servers_wish_is_followed() -> None:
    attempts = Attempts(2, after=7.0)
    assert attempts.run(Backoff(retries=2)) == [1, 2]
    assert attempts.pauses == [7.0, 7.0]


def test_a_wish_beyond_patience_ends_it() -> None:
    attempts = Attempts(2, after=31.0)
    with pytest.raises(EngineUnavailableError, match="asks to wait 31 s"):
        attempts.run(Backoff(retries=2))
    assert attempts.pauses == []


def test_another_error_is_not_tried_again() -> None:
    async def attempt() -> AsyncGenerator[int, None]:
        yield 1
        raise EngineError("in mid-answer")

    async def collect() -> list[int]:
        return [item async for item in retrying(attempt, Backoff(retries=3))]

    with pytest.raises(EngineError, match="in mid-answer"):
        asyncio.run(collect())


@given(st.integers(0, 10), st.none() | st.floats(0, 100))
def test_a_pause_is_bounded(attempt: int, after: float | None) -> None:
    pause = Backoff(retries=11).pause(attempt, after)
    if after is None:
        assert pause is not None
        assert 0 < pause <= 8
    else:
        assert pause == (after if after <= 30 else None)
