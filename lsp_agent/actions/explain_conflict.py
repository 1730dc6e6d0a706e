"""Explain the merge conflict at the cursor."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from lsp_agent.actions.resolve_conflict import conflict_at, conflict_range
from lsp_agent.actions.spec import ActionError, BaseAction, Example, Offer, Place
from lsp_agent.agent.types import Answer, RunRequest


class ExplainConflict(BaseAction):
    """What each side has, and the commits that they come from; no model is asked."""

    name: ClassVar = "explain_conflict"
    kind: ClassVar = "refactor.rewrite.lspAgent.explainConflict"
    summary: ClassVar = "explain both sides of the merge conflict at the cursor"
    answer: ClassVar[Answer] = "text"
    example: ClassVar = Example(
        language="python",
        before=(
            "<<<<<<< HEAD\nlimit = 20$0\n||||||| base\nlimit = 10\n=======\nlimit = 10\n"
            ">>>>>>> pages\n"
        ),
        after=(
            "Only `HEAD` changed this.\n\n`HEAD` has:\n```\nlimit = 20\n```\n\n"
            "`pages` has:\n```\nlimit = 10\n```\n\nBefore both it was:\n```\nlimit = 10\n```"
        ),
    )

    def offers(self, place: Place) -> list[Offer]:
        """Offer it between conflict markers."""
        return [Offer("Explain the conflict", needs_model=False)] if conflict_at(place) else []

    def request(self, place: Place, argument: str) -> RunRequest:  # noqa: ARG002 - the protocol has it
        """Ask for the explanation."""
        block = conflict_at(place)
        if block is None:
            raise ActionError("there is no conflict here to explain")
        request = self.task(
            place,
            "Explain this merge conflict.",
            target=conflict_range(place, block),
            title="Explain the conflict",
            form="conflict",
        )
        return replace(request, needs_model=False)


ACTION = ExplainConflict()
