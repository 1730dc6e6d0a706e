"""Actions whose edits follow from the syntax tree: no model is asked."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.spec import ActionError, BaseAction, Offer, Place
from lsp_agent.agent.types import Answer, RunRequest
from lsp_agent.refactor.change import Change
from lsp_agent.refactor.errors import RefusedError
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.workspace.positions import Position, Range

SCRIPTS = ("JavaScript", "TypeScript")
_SPOKEN = {
    "python": "Python",
    "javascript": "JavaScript",
    "typescript": "TypeScript",
    "tsx": "TypeScript",
}


class RuleAction(BaseAction):
    """Offers what ``find`` finds at a place; that there is no ``nothing`` is said otherwise.

    ``languages`` are those whose rules are known.
    """

    answer: ClassVar[Answer] = "edit"
    proof: ClassVar[str] = "the syntax tree decides; what may change the meaning is refused"
    nothing: ClassVar[str]
    languages: ClassVar[tuple[str, ...]] = ("Python", *SCRIPTS)

    @staticmethod
    def find(document: SyntaxDocument, range_: Range) -> list[Change]:
        """Return what can be done, looking around the place only."""
        raise NotImplementedError

    def changes(self, place: Place) -> list[Change]:
        """Return what can be done at a place."""
        return self.find(place.document, place.range)

    def offers(self, place: Place) -> list[Offer]:
        """List what the code around the place allows, what is refused with its reason."""
        line, near = place.document.near(place.range.start)
        around = Place(place.path, near, _moved(place.range, -line))
        return [
            Offer(one.title, one.argument, disabled=one.refused or None, needs_model=False)
            for one in self.changes(around)
        ]

    def request(self, place: Place, argument: str) -> RunRequest:
        """Find the edits, with all of the file in sight."""
        found = self.changes(place)
        chosen = next((one for one in found if argument in ("", one.argument)), None)
        if chosen is None:
            if _SPOKEN.get(place.document.language or "") not in self.languages:
                raise ActionError(f"this works for {', '.join(self.languages)} only")
            raise ActionError(f"there is no {self.nothing}")
        try:
            edits = chosen.edits()
        except RefusedError as error:
            raise ActionError(str(error)) from error
        return self.given(place, {place.path: edits}, chosen.title)


def _moved(range_: Range, lines: int) -> Range:
    start, end = range_.start, range_.end
    return Range(
        Position(start.line + lines, start.character), Position(end.line + lines, end.character)
    )
