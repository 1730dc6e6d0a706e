"""Review the selected code."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.spec import ActionError, BaseAction, Example, Offer, Place, Spot
from lsp_agent.agent.types import Answer, RunRequest


class ReviewSelection(BaseAction):
    """What is wrong or risky in the selected lines, as text; nothing is edited."""

    name: ClassVar = "review_selection"
    kind: ClassVar = "refactor.rewrite.lspAgent.reviewSelection"
    summary: ClassVar = "review the selected code: what is wrong, what is risky, and the mend"
    answer: ClassVar[Answer] = "text"
    suits: ClassVar[frozenset[Spot]] = frozenset({"selection"})
    example: ClassVar = Example(
        language="python",
        before="def first(items):\n«    return items[0]»\n",
        after="* line 2: `items[0]` raises `IndexError` for an empty list; return `None` there.",
    )

    def offers(self, place: Place) -> list[Offer]:
        """Offer it for selected code."""
        return [Offer("Review the selection")] if _selected(place) else []

    def request(self, place: Place, argument: str) -> RunRequest:
        """Ask for findings; ``argument`` is what to look at above all."""
        if not _selected(place):
            raise ActionError("there is no selected code here to review: select some lines")
        first, last = place.range.start.line + 1, place.range.end.line + 1
        asked = f" Look above all at this: {argument}" if argument else ""
        return self.task(
            place,
            f"Review lines {first} to {last} of {place.path}.{asked}",
            target=place.document.statement(place.range),
            title="Review the selection",
            form="review",
        )


def _selected(place: Place) -> bool:
    if place.range.empty or place.document.language in (None, "markdown"):
        return False
    return bool(place.document.text.slice(place.range).strip())


ACTION = ReviewSelection()
