"""Put the imports of a file in order."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.by_rule import RuleAction
from lsp_agent.actions.spec import Example, Offer, Place, Spot
from lsp_agent.refactor.change import Change
from lsp_agent.refactor.organize_imports import organize_imports


class OrganizeImports(RuleAction):
    """Sorted and merged, without those that nothing uses; comments stay with their import."""

    name: ClassVar = "organize_imports"
    kind: ClassVar = "source.lspAgent.organizeImports"
    summary: ClassVar = "sort and merge the imports of the file, and remove unused ones"
    suits: ClassVar[frozenset[Spot]] = frozenset()
    nothing: ClassVar = "import in this file"
    example: ClassVar = Example(
        language="python",
        before=(
            "import sys$0\nimport re, os\nfrom a import c\nfrom a import b\n\n"
            "print(os, sys, b, c)\n"
        ),
        after="import os\nimport sys\n\nfrom a import b, c\n\nprint(os, sys, b, c)\n",
    )

    def changes(self, place: Place) -> list[Change]:
        """Look whether the file has any imports."""
        return organize_imports(place.document, place.path)

    def offers(self, place: Place) -> list[Offer]:
        """Offer it wherever the cursor is: the imports are at the top."""
        return [Offer(one.title, needs_model=False) for one in self.changes(place)]


ACTION = OrganizeImports()
