"""Change a string's quotes."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.by_rule import RuleAction
from lsp_agent.actions.spec import Example
from lsp_agent.refactor.strings import swap_quotes


class SwapQuotes(RuleAction):
    """Only where nothing has to be escaped."""

    name: ClassVar = "swap_quotes"
    kind: ClassVar = "refactor.rewrite.lspAgent.swapQuotes"
    summary: ClassVar = "use the other quotes for the string at the cursor"
    nothing: ClassVar = "string here that can have other quotes"
    example: ClassVar = Example(
        language="python",
        before="name = $0'Ada'\n",
        after='name = "Ada"\n',
    )

    find = staticmethod(swap_quotes)


ACTION = SwapQuotes()
