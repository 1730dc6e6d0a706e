"""Apply De Morgan's law."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.by_rule import RuleAction
from lsp_agent.actions.spec import Example
from lsp_agent.refactor.conditions import de_morgan


class DeMorgan(RuleAction):
    """The negation moves into the brackets, or out of them."""

    name: ClassVar = "de_morgan"
    kind: ClassVar = "refactor.rewrite.lspAgent.deMorgan"
    summary: ClassVar = "apply De Morgan's law at the cursor"
    nothing: ClassVar = "negated `and` or `or` at the cursor"
    example: ClassVar = Example(
        language="python",
        before="if $0not (a and b):\n    print(a)\n",
        after="if not a or not b:\n    print(a)\n",
    )

    find = staticmethod(de_morgan)


ACTION = DeMorgan()
