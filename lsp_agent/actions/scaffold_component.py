"""Make the React component that a tag names."""

from __future__ import annotations

import re
from typing import ClassVar

from lsp_agent.actions.spec import ActionError, BaseAction, Example, Offer, Place, Reach, Spot
from lsp_agent.agent.scaffold_run import COMPONENT
from lsp_agent.agent.types import Answer, RunRequest
from lsp_agent.syntax.languages import ECMA
from lsp_agent.syntax.markup import tag_at

_BINDS = re.compile(r"\b(?:import\b[^;'\"]*|function|class|const|let|var)\s*\Z")
_PART = re.compile(r"\w")
_NEAR = 400


class ScaffoldComponent(BaseAction):
    """A new file in the project's manner, with the properties that the tag gives, and its import.

    The folder, the file's naming, quotes, semicolons and the kind of export are those of the
    components that are there. Without a tag an argument names the component.
    """

    name: ClassVar = "scaffold_component"
    kind: ClassVar = "source.lspAgent.scaffold.component"
    summary: ClassVar = "make the React component that the tag at the cursor names"
    answer: ClassVar[Answer] = "edit"
    reach: ClassVar[Reach] = "workspace"
    needs_folder: ClassVar = True
    proof: ClassVar = "no model is asked; the file is new, and parses"
    suits: ClassVar[frozenset[Spot]] = frozenset({"body"})
    example: ClassVar = Example(
        language="tsx",
        before=(
            "#- src/Home.tsx\n"
            'export default function Home() {\n  return <User$0Card name="Ada" />;\n}\n'
        ),
        after=(
            "#- src/Home.tsx\n"
            'import UserCard from "./UserCard";\n\n'
            'export default function Home() {\n  return <UserCard name="Ada" />;\n}\n'
            "#- src/UserCard.tsx\n"
            "export interface UserCardProps {\n  name: string;\n}\n\n"
            "export default function UserCard({ name }: UserCardProps) {\n"
            "  return <div>{name}</div>;\n}\n"
        ),
    )

    def offers(self, place: Place) -> list[Offer]:
        """Offer it on the tag of a component that the file does not know."""
        name = _unknown_tag(place)
        return [Offer(f"Create component {name}", name, needs_model=False)] if name else []

    def request(self, place: Place, argument: str) -> RunRequest:
        """Ask for the component that ``argument`` or the tag names."""
        name = argument or _unknown_tag(place)
        if not COMPONENT.fullmatch(name) or place.document.language not in ECMA:
            raise ActionError(
                "there is no unknown component here: stand on its tag in a JSX file, or name it, "
                "as in UserCard"
            )
        title = f"Create component {name}"
        return self.by_rule(place, title, "scaffold", name)


def _unknown_tag(place: Place) -> str:
    if place.document.language not in ("javascript", "tsx"):
        return ""
    tag = tag_at(place.document, place.range.start)
    if tag is None or not COMPONENT.fullmatch(tag.name):
        return ""
    return "" if _is_bound(tag.name, place.document.text.content) else tag.name


def _is_bound(name: str, text: str) -> bool:
    """Whether a text imports or defines a name. Cost: a look at what stands before each use."""
    at = text.find(name)
    while at >= 0:
        end = at + len(name)
        whole = not _PART.match(text[at - 1 : at]) and not _PART.match(text[end : end + 1])
        if whole and _BINDS.search(text[max(at - _NEAR, 0) : at]):
            return True
        at = text.find(name, end)
    return False


ACTION = ScaffoldComponent()
