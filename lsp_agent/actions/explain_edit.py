"""Explain why lines are as lsp-agent left them."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from lsp_agent.actions.spec import ActionError, BaseAction, Example, Offer, Place, Spot
from lsp_agent.agent.types import Answer, RunRequest

_TITLE = "Explain the edit that made this"


class ExplainEdit(BaseAction):
    """What the run that made these lines was asked, saw, looked at and was checked by.

    It comes from the journal, by rule: no model is asked, and nothing is guessed.
    """

    name: ClassVar = "explain_edit"
    kind: ClassVar = "refactor.rewrite.lspAgent.explainEdit"
    summary: ClassVar = "explain why lsp-agent made the lines at the cursor: what led to the edit"
    answer: ClassVar[Answer] = "text"
    proof: ClassVar = "every word is from the journal"
    suits: ClassVar[frozenset[Spot]] = frozenset()
    example: ClassVar = Example(
        language="python",
        before="total = sum(items)$0\n",
        after=(
            "**Fix: Undefined name `itms`**: run `r1` of 2026-05-04 10:00, by the model of "
            "`local`, applied.\n\n"
            "It was asked:\n\n> Fix what is reported at line 1: Undefined name `itms`.\n\n"
            "It was shown:\n\n* `a.py`, above all line 1\n"
            "* line 1: error: Undefined name `itms` (ruff)\n\n"
            "It changed:\n\n* `a.py`, line 1 as of now\n\n"
            "Its checks:\n\n* syntax passed\n\n"
            "All of it: `lsp-agent runs show r1`"
        ),
    )

    def offers(self, place: Place) -> list[Offer]:
        """Offer it where code is; whether a run made it is seen when it is asked."""
        line = place.document.text.line(place.range.start.line)
        coded = place.document.language is not None and line.strip()
        return [Offer(_TITLE, needs_model=False)] if coded else []

    def request(self, place: Place, argument: str) -> RunRequest:  # noqa: ARG002 - the protocol has it
        """Ask for the record."""
        if not place.document.text.line(place.range.start.line).strip():
            raise ActionError("there is no code here to explain: the line is blank")
        request = self.task(
            place,
            "Explain the edit that made these lines.",
            target=place.range,
            title=_TITLE,
            form="explain_edit",
        )
        return replace(request, needs_model=False)


ACTION = ExplainEdit()
