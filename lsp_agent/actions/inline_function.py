"""Put a function's body where it is called."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.by_rule import RuleAction
from lsp_agent.actions.spec import Example, Offer, Place
from lsp_agent.refactor.change import Change, node_in
from lsp_agent.refactor.inline_function import inline_function, is_defined
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.workspace.positions import Range


class InlineFunction(RuleAction):
    """At a call that call; at a definition all calls of the file, and a private one goes."""

    name: ClassVar = "inline_function"
    kind: ClassVar = "refactor.inline.lspAgent.function"
    summary: ClassVar = "put the body of the function at the cursor where it is called"
    nothing: ClassVar = "function or call of one here"
    example: ClassVar = Example(
        language="python",
        before="def area(a, b):\n    return a * b\n\n\nprint(area$0(width + 1, 2))\n",
        after="def area(a, b):\n    return a * b\n\n\nprint((width + 1) * 2)\n",
    )

    def find(self, document: SyntaxDocument, range_: Range) -> list[Change]:
        """Look at the name at the cursor."""
        return inline_function(document, range_)

    def offers(self, place: Place) -> list[Offer]:
        """Offer it where the file seems to define what is named."""
        found = super().offers(place)
        node = node_in(place.document, place.range) if found else None
        return found if node is not None and is_defined(place.document, node.text) else []


ACTION = InlineFunction()
