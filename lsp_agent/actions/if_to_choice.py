"""Write an `if` as a conditional expression."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.by_rule import RuleAction
from lsp_agent.actions.spec import Example
from lsp_agent.refactor.ternaries import if_to_choice


class IfToChoice(RuleAction):
    """Where both branches return a value, or give it to the same target."""

    name: ClassVar = "if_to_choice"
    kind: ClassVar = "refactor.rewrite.lspAgent.ifToChoice"
    summary: ClassVar = "turn the if at the cursor into a conditional expression"
    nothing: ClassVar = "`if` at the cursor whose branches give one value each"
    example: ClassVar = Example(
        language="python",
        before="if$0 n < 0:\n    sign = -1\nelse:\n    sign = 1\n",
        after="sign = -1 if n < 0 else 1\n",
    )

    find = staticmethod(if_to_choice)


ACTION = IfToChoice()
