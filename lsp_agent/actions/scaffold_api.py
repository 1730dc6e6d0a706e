"""Make the Next.js API route that is fetched."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.scaffold_page import route_at
from lsp_agent.actions.spec import ActionError, BaseAction, Example, Offer, Place, Reach, Spot
from lsp_agent.agent.scaffold_run import ROUTE
from lsp_agent.agent.types import Answer, RunRequest
from lsp_agent.syntax.languages import ECMA


class ScaffoldApi(BaseAction):
    """A new route in the app or the pages router, for the methods that the call nearby names."""

    name: ClassVar = "scaffold_api"
    kind: ClassVar = "source.lspAgent.scaffold.apiRoute"
    summary: ClassVar = "make the Next.js API route that the string at the cursor names"
    answer: ClassVar[Answer] = "edit"
    reach: ClassVar[Reach] = "workspace"
    needs_folder: ClassVar = True
    proof: ClassVar = "no model is asked; the file is new, and parses"
    suits: ClassVar[frozenset[Spot]] = frozenset({"body"})
    example: ClassVar = Example(
        language="typescript",
        before=(
            "#- app/page.tsx\nexport default () => null;\n#- app/save.ts\n"
            'const saved = await fetch("/api/us$0ers", { method: "POST" });\n'
        ),
        after=(
            "#- app/api/users/route.ts\n"
            "export async function POST() {\n  return Response.json({});\n}\n"
        ),
    )

    def offers(self, place: Place) -> list[Offer]:
        """Offer it on a string that is a route of the API."""
        route = route_at(place)
        if not route.startswith("/api/"):
            return []
        return [Offer(f"Create API route {route}", route, needs_model=False)]

    def request(self, place: Place, argument: str) -> RunRequest:
        """Ask for the route that ``argument`` or the string names."""
        route = argument or route_at(place)
        if not ROUTE.fullmatch(route) or place.document.language not in ECMA:
            raise ActionError("there is no route here: stand on one, or name it, as in /api/users")
        title = f"Create API route {route}"
        return self.by_rule(place, title, "scaffold", route)


ACTION = ScaffoldApi()
