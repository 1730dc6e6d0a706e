"""Put a function's body where it is called."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.by_rule import RuleAction
from lsp_agent.actions.spec import Example, Offer, Place
from lsp_agent.refactor.change import node_in
from lsp_agent.refactor.inline_function import inline_function, is_defined


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

    find = staticmethod(inline_function)

    def offers(self, place: Place) -> list[Offer]:
        """Offer it where the file seems to define what is named."""
        found = super().offers(place)
        node = node_in(place.document, place.range) if found else None
        return found if node is not None and is_defined(place.document, node.text) else []


ACTION = InlineFunction()
