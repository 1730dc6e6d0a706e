"""Whose turn it is, as pure logic."""

from __future__ import annotations

from lsp_agent.engine.llama.turns import Standing, whose_turn
from lsp_agent.engine.types import Job


def at(job: Job, missing: int = 1, answered: int = 50, waited: float = 0.0) -> Standing:
    return Standing(job, missing, answered, waited)


def prompt(job: Job, waited: float = 0.0) -> Standing:
    return at(job, 500, 0, waited)


def test_a_completion_that_is_awaited_has_the_batch_for_itself() -> None:
    first = at(Job.COMPLETION, answered=3)
    assert whose_turn([at(Job.RUN), first, prompt(Job.ACTION)]) == [1]


def test_answers_ride_along_with_a_completion_s_prompt() -> None:
    assert whose_turn([prompt(Job.RUN), prompt(Job.COMPLETION), at(Job.REVIEW)]) == [2, 1]


def test_a_long_completion_shares_in_the_end() -> None:
    assert whose_turn([at(Job.COMPLETION), at(Job.RUN)]) == [0, 1]


def test_an_action_s_answer_is_not_slowed_by_a_run_s_prompt() -> None:
    assert whose_turn([prompt(Job.RUN), at(Job.ACTION), at(Job.REVIEW)]) == [1, 2]


def test_prompts_fill_a_batch_by_their_job() -> None:
    assert whose_turn([prompt(Job.BACKGROUND), prompt(Job.RUN), at(Job.REVIEW)]) == [2, 1, 0]


def test_who_was_shut_out_for_long_takes_part() -> None:
    first = at(Job.COMPLETION, answered=3)
    assert whose_turn([prompt(Job.BACKGROUND, waited=1.5), first]) == [1, 0]


def test_nobody_is_nobody() -> None:
    assert whose_turn([]) == []
