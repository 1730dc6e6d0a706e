"""Fix one diagnostic, whichever server reported it."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.spec import ActionError, BaseAction, Example, Offer, Place
from lsp_agent.agent.types import Answer, DiagnosticNote, RunRequest
from lsp_agent.context.builder import target_for
from lsp_agent.workspace.edits import TextEdit
from lsp_agent.workspace.text import shortened

_MAX_TITLE = 60


class Fix(BaseAction):
    """A quick fix for each diagnostic that the request's context holds; a ready one is taken."""

    name: ClassVar = "fix"
    kind: ClassVar = "quickfix.lspAgent"
    summary: ClassVar = "fix a diagnostic at the cursor"
    answer: ClassVar[Answer] = "edit"
    example: ClassVar = Example(
        language="python",
        before="def total(items):\n    return sum(itms)$0\n",
        after="def total(items):\n    return sum(items)\n",
        diagnostic="Undefined name `itms`",
    )

    def offers(self, place: Place) -> list[Offer]:
        """Offer one for every diagnostic; the first is the preferred one if it is alone."""
        alone = len(place.diagnostics) == 1
        return [
            Offer(
                f"Fix: {_short(note)}",
                argument=str(index),
                preferred=alone,
                needs_model=note.fix is None,
            )
            for index, note in enumerate(place.diagnostics)
        ]

    def request(self, place: Place, argument: str) -> RunRequest:
        """Ask for the code around the diagnostic without it."""
        index = int(argument) if argument.isdecimal() else 0
        if index >= len(place.diagnostics):
            raise ActionError("there is no diagnostic here to fix")
        note = place.diagnostics[index]
        if note.fix is not None:
            edit = TextEdit(note.range, note.fix)
            return self.given(place, {place.path: [edit]}, f"Fix: {_short(note)}")
        return self.task(
            Place(place.path, place.document, place.range, (note,)),
            note.fix_task,
            target=target_for(place.document, note.range, "statement"),
            title=f"Fix: {_short(note)}",
            form="changes",
        )


def _short(note: DiagnosticNote) -> str:
    return shortened(note.message.strip().partition("\n")[0], _MAX_TITLE)


ACTION = Fix()
