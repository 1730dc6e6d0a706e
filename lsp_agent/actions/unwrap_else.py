"""Take an `else` away that is not needed."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.by_rule import RuleAction
from lsp_agent.actions.spec import Example
from lsp_agent.refactor.conditions import unwrap_else


class UnwrapElse(RuleAction):
    """What the `else` held moves one level out."""

    name: ClassVar = "unwrap_else"
    kind: ClassVar = "refactor.rewrite.lspAgent.unwrapElse"
    summary: ClassVar = "take the else away where the if at the cursor leaves"
    nothing: ClassVar = "`if` at the cursor that leaves, with an `else`"
    example: ClassVar = Example(
        language="python",
        before="def sign(n):\n    if$0 n < 0:\n        return -1\n    else:\n        return 1\n",
        after="def sign(n):\n    if n < 0:\n        return -1\n    return 1\n",
    )

    find = staticmethod(unwrap_else)


ACTION = UnwrapElse()
