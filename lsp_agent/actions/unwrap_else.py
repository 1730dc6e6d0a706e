"""Take an `else` away that is not needed."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.by_rule import RuleAction
from lsp_agent.actions.spec import Example
from lsp_agent.refactor.change import Change
from lsp_agent.refactor.conditions import unwrap_else
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.workspace.positions import Range


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

    def find(self, document: SyntaxDocument, range_: Range) -> list[Change]:
        """Look at the `if` whose first line the cursor is on."""
        return unwrap_else(document, range_)


ACTION = UnwrapElse()
