"""Make the Next.js page that a link leads to."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.spec import ActionError, BaseAction, Example, Offer, Place, Reach, Spot
from lsp_agent.agent.scaffold_run import ROUTE
from lsp_agent.agent.types import Answer, RunRequest
from lsp_agent.syntax.languages import ECMA
from lsp_agent.syntax.markup import string_at


class ScaffoldPage(BaseAction):
    """A new page in the app or the pages router, whichever the project has."""

    name: ClassVar = "scaffold_page"
    kind: ClassVar = "source.lspAgent.scaffold.page"
    summary: ClassVar = "make the Next.js page of the route in the string at the cursor"
    answer: ClassVar[Answer] = "edit"
    reach: ClassVar[Reach] = "workspace"
    needs_folder: ClassVar = True
    proof: ClassVar = "no model is asked; the file is new, and parses"
    suits: ClassVar[frozenset[Spot]] = frozenset({"body"})
    example: ClassVar = Example(
        language="tsx",
        before='#- app/page.tsx\nexport default () => <a href="/abo$0ut">About us</a>;\n',
        after=(
            "#- app/about/page.tsx\n"
            "export default function AboutPage() {\n  return (\n    <main>\n"
            "      <h1>About</h1>\n    </main>\n  );\n}\n"
        ),
    )

    def offers(self, place: Place) -> list[Offer]:
        """Offer it on a string that is a route."""
        route = route_at(place)
        if not route or route.startswith("/api"):
            return []
        return [Offer(f"Create page {route}", route, needs_model=False)]

    def request(self, place: Place, argument: str) -> RunRequest:
        """Ask for the page of the route that ``argument`` or the string names."""
        route = argument or route_at(place)
        if not ROUTE.fullmatch(route) or place.document.language not in ECMA:
            raise ActionError("there is no route here: stand on one, or name it, as in /users/[id]")
        title = f"Create page {route}"
        return self.by_rule(place, title, "scaffold", route)


def route_at(place: Place) -> str:
    """Return the route that a string at a place holds; ``""`` for none."""
    if place.document.language not in ECMA:
        return ""
    text = (string_at(place.document, place.range.start) or "").partition("?")[0].partition("#")[0]
    text = text.rstrip("/")
    return text if text and ROUTE.fullmatch(text) else ""


ACTION = ScaffoldPage()
