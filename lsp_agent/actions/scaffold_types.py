"""Write types from JSON: in a new file, or in the place of JSON that was pasted into code."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.spec import ActionError, BaseAction, Example, Offer, Place, Reach, Spot
from lsp_agent.agent.scaffold_run import TARGETS
from lsp_agent.agent.scaffolds.shapes import JsonError, read_json
from lsp_agent.agent.types import Answer, RunRequest

_TITLES = {
    "typescript": "TypeScript interfaces",
    "typeddict": "Python TypedDicts",
    "dataclass": "Python dataclasses",
    "go": "Go structs",
}
_OWN = {
    "typescript": ("typescript",),
    "tsx": ("typescript",),
    "python": ("typeddict", "dataclass"),
    "go": ("go",),
    "json": tuple(TARGETS),
}
_MAX_SELECTED = 20_000


class ScaffoldTypes(BaseAction):
    """Interfaces, TypedDicts, dataclasses or structs.

    An argument chooses: ``typescript``, ``typeddict``, ``dataclass`` or ``go``. Of a JSON file (or
    what is selected of it) they go to a new file beside it. JSON selected in code is replaced by
    types in its language.
    """

    name: ClassVar = "scaffold_types"
    kind: ClassVar = "source.lspAgent.scaffold.types"
    summary: ClassVar = "write types from a JSON file, or from selected JSON"
    answer: ClassVar[Answer] = "edit"
    reach: ClassVar[Reach] = "workspace"
    proof: ClassVar = "no model is asked; every field of every element is looked at"
    suits: ClassVar[frozenset[Spot]] = frozenset({"selection"})
    example: ClassVar = Example(
        language="typescript",
        before='«{"id": 1, "tags": ["new"], "owner": {"name": "Ada", "mail": null}}»\n',
        after=(
            "export interface Root {\n  id: number;\n  tags: string[];\n  owner: Owner;\n}\n\n"
            "export interface Owner {\n  name: string;\n  mail: null;\n}\n"
        ),
    )

    def offers(self, place: Place) -> list[Offer]:
        """Offer the kinds of types that make sense for the file."""
        if not _has_json(place):
            return []
        kinds = _OWN[place.document.language or ""]
        return [Offer(f"Create {_TITLES[one]} from JSON", one, needs_model=False) for one in kinds]

    def request(self, place: Place, argument: str) -> RunRequest:
        """Ask for the kind of types that ``argument`` names, the first without one."""
        kinds = _OWN.get(place.document.language or "", ())
        if not _has_json(place):
            raise ActionError("there is no JSON here to write types from: select some")
        chosen = argument.lower() or kinds[0]
        if chosen not in kinds:
            raise ActionError(f"there is no {argument!r} here; there is: {', '.join(kinds)}")
        title = f"Create {_TITLES[chosen]} from JSON"
        return self.by_rule(place, title, "scaffold", chosen)


def _has_json(place: Place) -> bool:
    """Whether objects are selected, or the file is JSON; that is read when types are asked for."""
    if place.document.language not in _OWN:
        return False
    if place.range.empty:
        return place.document.language == "json" and bool(place.document.text.content.strip())
    text = place.document.text.slice(place.range)
    if len(text) > _MAX_SELECTED or not any(mark in text for mark in "{["):
        return False
    try:
        return isinstance(read_json(text)[1], dict | list)
    except JsonError:
        return False


ACTION = ScaffoldTypes()
