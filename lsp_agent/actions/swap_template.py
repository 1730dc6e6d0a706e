"""Write a string as a template literal, or back."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.by_rule import SCRIPTS, RuleAction
from lsp_agent.actions.spec import Example
from lsp_agent.refactor.strings import swap_template


class SwapTemplate(RuleAction):
    """Only where nothing has to be escaped."""

    name: ClassVar = "swap_template"
    kind: ClassVar = "refactor.rewrite.lspAgent.swapTemplate"
    summary: ClassVar = "turn the string at the cursor into a template literal, or back"
    nothing: ClassVar = "string here that can be a template literal, or one without values"
    languages: ClassVar = SCRIPTS
    example: ClassVar = Example(
        language="javascript",
        before="log($0'ready');\n",
        after="log(`ready`);\n",
    )

    find = staticmethod(swap_template)


ACTION = SwapTemplate()
