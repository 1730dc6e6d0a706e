"""Join two nested `if`s."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.by_rule import RuleAction
from lsp_agent.actions.spec import Example
from lsp_agent.refactor.conditions import merge_if


class MergeIf(RuleAction):
    """One `if` with both conditions, where neither has an `else`."""

    name: ClassVar = "merge_if"
    kind: ClassVar = "refactor.rewrite.lspAgent.mergeIf"
    summary: ClassVar = "join the if at the cursor with the only one in it"
    nothing: ClassVar = "`if` at the cursor that holds just another one"
    example: ClassVar = Example(
        language="python",
        before="if$0 user:\n    if user.active:\n        print(user)\n",
        after="if user and user.active:\n    print(user)\n",
    )

    find = staticmethod(merge_if)


ACTION = MergeIf()
