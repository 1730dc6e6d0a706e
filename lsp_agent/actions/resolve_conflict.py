"""Resolve the merge conflict at the cursor."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from lsp_agent.actions.spec import ActionError, BaseAction, Example, Offer, Place
from lsp_agent.agent.types import Answer, RunRequest
from lsp_agent.workspace.conflicts import ConflictBlock, find_conflicts
from lsp_agent.workspace.positions import Position, Range


class ResolveConflict(BaseAction):
    """One text in the place of both sides; a model is asked only where both changed it."""

    name: ClassVar = "resolve_conflict"
    kind: ClassVar = "refactor.rewrite.lspAgent.resolveConflict"
    summary: ClassVar = "resolve the merge conflict at the cursor"
    answer: ClassVar[Answer] = "edit"
    example: ClassVar = Example(
        language="python",
        before=("<<<<<<< HEAD\nlimit = 20$0\n=======\nlimit = 10  # a page\n>>>>>>> pages\n"),
        after="limit = 20  # a page\n",
    )

    def offers(self, place: Place) -> list[Offer]:
        """Offer it between conflict markers."""
        block = conflict_at(place)
        if block is None:
            return []
        if block.settled() is None:
            return [Offer(f"Resolve the conflict of {block.ours_name} and {block.theirs_name}")]
        kept = "both are equal" if block.ours == block.theirs else _changed(block)
        return [Offer(f"Resolve the conflict: {kept}", preferred=True, needs_model=False)]

    def request(self, place: Place, argument: str) -> RunRequest:  # noqa: ARG002 - the protocol has it
        """Ask for the text without markers."""
        block = conflict_at(place)
        if block is None:
            raise ActionError("there is no conflict here to resolve")
        request = self.task(
            place,
            "Resolve this merge conflict: write the lines that keep what both sides meant. Leave "
            "no conflict marker, and change nothing else.",
            target=conflict_range(place, block),
            title="Resolve the conflict",
            form="conflict",
        )
        return replace(request, needs_model=block.settled() is None)


def conflict_at(place: Place) -> ConflictBlock | None:
    """Return the conflict that a place touches."""
    first, last = place.range.start.line, place.range.end.line
    blocks = find_conflicts(place.document.text.content)
    return next((one for one in blocks if one.start <= last and first <= one.end), None)


def conflict_range(place: Place, block: ConflictBlock) -> Range:
    """Return a conflict's lines."""
    end = Position(block.end, len(place.document.text.line(block.end)))
    return Range(Position(block.start, 0), end)


def _changed(block: ConflictBlock) -> str:
    name = block.ours_name if block.settled() == block.ours else block.theirs_name
    return f"only {name} changed it"


ACTION = ResolveConflict()
