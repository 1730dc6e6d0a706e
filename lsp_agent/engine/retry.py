"""Trying again what may pass: exponential backoff with jitter, or as long as the server asks."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import TypeVar

from lsp_agent.engine.types import EngineError

T = TypeVar("T")


class TryAgainError(Exception):
    """A failure that may pass; raised only before anything of the answer was given out.

    ``error`` is raised instead when all tries are used up. ``after`` is the server's wish, in
    seconds.
    """

    def __init__(self, error: EngineError, after: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.after = after


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait, in seconds; ``patience`` is the longest wait that a server may ask for."""

    retries: int
    first: float = 0.25
    longest: float = 8.0
    patience: float = 30.0

    def pause(self, attempt: int, after: float | None) -> float | None:
        """Return the wait after a failed try (0 is the first); ``None``: give up."""
        if attempt >= self.retries or (after is not None and after > self.patience):
            return None
        if after is not None:
            return after
        # Jitter, so that several clients do not come back at the same moment.
        return float(min(self.first * 2**attempt, self.longest) * random.uniform(0.5, 1))  # noqa: S311


async def retrying(
    attempt: Callable[[], AsyncGenerator[T, None]],
    backoff: Backoff,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncGenerator[T, None]:
    """Yield what the first attempt that does not raise :class:`TryAgainError` gives."""
    tries = 0
    while True:
        try:
            async with aclosing(attempt()) as items:
                async for item in items:
                    yield item
        except TryAgainError as failure:
            pause = backoff.pause(tries, failure.after)
            tries += 1
            if pause is None:
                raise _final(failure, tries) from failure
        else:
            return
        await sleep(pause)


def _final(failure: TryAgainError, tries: int) -> EngineError:
    notes = [str(failure)]
    if tries > 1:
        notes.append(f"tried {tries} times")
    if failure.after:
        notes.append(f"the server asks to wait {failure.after:g} s")
    return type(failure.error)("; ".join(notes))
