"""Edit by an instruction: one that was typed, or one that stands in a comment at the cursor."""

from __future__ import annotations

import re
from typing import ClassVar

from lsp_agent.actions.spec import ActionError, BaseAction, Example, Offer, Place
from lsp_agent.agent.types import Answer, RunRequest
from lsp_agent.context.builder import target_for
from lsp_agent.workspace.positions import Position
from lsp_agent.workspace.text import shortened

_MAX_TITLE = 60
_MAX_LINES = 50
_INSTRUCTION = re.compile(r"\b(?:TODO|FIXME|AI)\b(?:\([^)]*\))?\s*[:!]?\s*(?P<text>\S.*)")
_CLOSERS = re.compile(r"\s*(?:\*/|-->|\"\"\")?\s*$")


class Edit(BaseAction):
    """Do what a ``TODO``, ``FIXME`` or ``AI`` comment asks for; no argument has to be typed."""

    name: ClassVar = "edit"
    kind: ClassVar = "refactor.rewrite.lspAgent.edit"
    summary: ClassVar = "edit by an instruction: a TODO, FIXME or AI comment, or --instruction TEXT"
    answer: ClassVar[Answer] = "edit"
    example: ClassVar = Example(
        language="python",
        before="def greet(name):\n    # TODO: greet in French$0\n    return 'Hello ' + name\n",
        after="def greet(name):\n    return 'Bonjour ' + name\n",
    )

    def offers(self, place: Place) -> list[Offer]:
        """Offer it where a comment on the selected lines holds an instruction."""
        instruction = instruction_at(place)
        return (
            [Offer(f"Edit: {shortened(instruction, _MAX_TITLE)}", argument=instruction)]
            if instruction
            else []
        )

    def request(self, place: Place, argument: str) -> RunRequest:
        """Ask for the code at the place, changed as instructed."""
        instruction = argument or instruction_at(place)
        if not instruction:
            raise ActionError(
                "there is no instruction: write it as a comment at the cursor (TODO: …), or name it"
            )
        return self.task(
            place,
            f"{instruction}\nRemove the comment that asked for this, if there is one.",
            target=target_for(place.document, place.range, "statement"),
            title=f"Edit: {shortened(instruction, _MAX_TITLE)}",
            # Of what the comment asks for, no more than the place is known.
            bounded=False,
        )


def instruction_at(place: Place) -> str:
    """Return what a comment on the selected lines asks for, ``""`` without one.

    Cost: one look at the tree for each line that has the words, of at most 50 lines.
    """
    first, last = place.range.start.line, place.range.end.line
    for number in range(first, min(last, first + _MAX_LINES) + 1):
        line = place.document.text.line(number)
        if not _INSTRUCTION.search(line):
            continue
        comment = place.document.comment_at(Position(number, 0))
        match = _INSTRUCTION.search(comment.text) if comment else None
        if match:
            return _CLOSERS.sub("", match["text"].partition("\n")[0])
    return ""


ACTION = Edit()
