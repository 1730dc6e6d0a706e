"""Whose turn it is: which of the requests under way take part in the next batch.

Somebody waits at the cursor for a completion, so its prompt and its first tokens have the batches
for themselves; where such a batch is a piece of a prompt anyway, answers that are under way ride
along, at a few percent of its cost. Otherwise all answers go on side by side, which costs less for
each (eight rows take the time of four), and a piece of the most urgent prompt fills the batch; but
an action's answer is not slowed by the prompt of a run. Whoever was shut out for a second takes
part in any case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lsp_agent.engine.types import Job

PATIENCE_SECONDS = 1.0
_FIRST_TOKENS = 32
# So much to evaluate is a step of an answer; more is a piece of a prompt.
_STEP_TOKENS = 16


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a request is: tokens to evaluate, tokens answered, seconds since its last batch."""

    job: Job
    missing: int
    answered: int
    waited: float

    @property
    def answering(self) -> bool:
        """Whether its next step is one of its answer."""
        return self.missing <= _STEP_TOKENS

    @property
    def urgent(self) -> bool:
        """Whether somebody waits for it at the cursor."""
        return self.job is Job.COMPLETION and self.answered < _FIRST_TOKENS


def whose_turn(all_: Sequence[Standing]) -> list[int]:
    """Return the indices of those that take part, in the order in which they fill the batch."""
    urgent = any(one.urgent for one in all_)
    chosen = [
        index
        for index, one in enumerate(all_)
        if one.waited > PATIENCE_SECONDS or (_beside(one, all_) if urgent else _shares(one, all_))
    ]
    # Steps of answers before pieces of prompts, so that none of them stalls.
    return sorted(chosen, key=lambda index: (not all_[index].answering, all_[index].job))


def _beside(one: Standing, all_: Sequence[Standing]) -> bool:
    """Whether one takes part while a completion is awaited."""
    rides = one.answering and any(other.urgent and not other.answering for other in all_)
    return one.urgent or rides


def _shares(one: Standing, all_: Sequence[Standing]) -> bool:
    """Whether one takes part while nobody waits at the cursor."""
    if one.answering:
        return True
    better = [other.job for other in all_ if other.job <= Job.ACTION and other.job < one.job]
    return not better
