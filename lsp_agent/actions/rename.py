"""Give what is defined at the cursor a better name, everywhere."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.spec import ActionError, BaseAction, Example, Offer, Place, Reach, Spot
from lsp_agent.agent.types import Answer, RunRequest
from lsp_agent.syntax.languages import language_of
from lsp_agent.syntax.symbols import Symbol


class Rename(BaseAction):
    """All references in the workspace, and the comments and documents that name it.

    The name is the user's, or the model proposes one; what has to change is found by rule in
    Python, and by a language server elsewhere, on the command line.
    """

    name: ClassVar = "rename"
    kind: ClassVar = "refactor.rewrite.lspAgent.rename"
    summary: ClassVar = "rename what is at the cursor everywhere; --instruction NAME, or a proposal"
    suits: ClassVar[frozenset[Spot]] = frozenset({"name"})
    answer: ClassVar[Answer] = "edit"
    reach: ClassVar[Reach] = "workspace"
    proof: ClassVar = "the new name means at each changed place what the old one meant"
    example: ClassVar = Example(
        language="python",
        before="def calc$0(width, height):\n    return width * height\n\n\nprint(calc(2, 3))\n",
        after="def area(width, height):\n    return width * height\n\n\nprint(area(2, 3))\n",
        argument="area",
    )

    def offers(self, place: Place) -> list[Offer]:
        """Offer it on the name of a Python definition."""
        symbol = defined_at(place)
        if symbol is None or not is_module(place):
            return []
        return [Offer(f"Rename {symbol.name} to a better name")]

    def request(self, place: Place, argument: str) -> RunRequest:
        """Ask for the new name, or carry out the one that was typed."""
        old = place.document.text.word(place.range.start)
        if not old:
            raise ActionError("there is no name here to change")
        title = f"Rename {old} to {argument}" if argument else f"Rename {old}"
        return self.by_rule(place, title, "rename", argument, needs_model=not argument)


def is_module(place: Place) -> bool:
    """Whether a place is in a Python file that is known for one by its name or first line too."""
    named = language_of(place.path, text=place.document.text.line(0))
    return named == place.document.language == "python"


def defined_at(place: Place) -> Symbol | None:
    """Return the definition whose name the cursor touches."""
    symbol = place.document.enclosing(place.range.start)
    if symbol is None:
        return None
    named = symbol.name_range
    return symbol if named.start <= place.range.start <= named.end else None


ACTION = Rename()
