"""Asking again until an answer will do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from lsp_agent.agent.conversation import Conversation
from lsp_agent.agent.environment import RejectedError, Run
from lsp_agent.agent.query import Answer, Budget, ask_engine
from lsp_agent.errors import LspAgentError

T = TypeVar("T")


def ask_until(
    run: Run,
    budget: Budget,
    conversation: Conversation,
    take: Callable[[Answer], T],
    *,
    refusal: type[LspAgentError],
    again: str,
    failure: str,
    grammar: str | None = None,
    max_tokens: int | None = None,
) -> T:
    """Return what ``take`` makes of the first answer that it does not refuse.

    The reason of a ``refusal`` goes back to the model, with ``again`` below it, as often as the
    settings say. Raises :class:`RejectedError` of ``failure`` and the last reason.
    """
    reason = ""
    for _ in range(1 + run.env.settings.agent.refine_passes):
        conversation.fit()
        answer = ask_engine(
            run, budget, conversation.messages, grammar=grammar, max_tokens=max_tokens
        )
        try:
            return take(answer)
        except refusal as error:
            reason = str(error)
        conversation.answer(answer.said.content)
        conversation.observe(f"{reason}\n{again}")
    raise RejectedError(f"{failure}; the last one: {reason}")
