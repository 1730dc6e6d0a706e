"""Leave a function or a round of a loop early."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.by_rule import RuleAction
from lsp_agent.actions.spec import Example
from lsp_agent.refactor.conditions import leave_early


class LeaveEarly(RuleAction):
    """What the `if` held moves one level out."""

    name: ClassVar = "leave_early"
    kind: ClassVar = "refactor.rewrite.lspAgent.leaveEarly"
    summary: ClassVar = "turn the if at the cursor into an early return or continue"
    nothing: ClassVar = "`if` at the cursor that is the last thing its function or loop does"
    example: ClassVar = Example(
        language="python",
        before="def show(user):\n    if$0 user:\n        print(user)\n        print(user.name)\n",
        after=(
            "def show(user):\n"
            "    if not user:\n"
            "        return\n"
            "    print(user)\n"
            "    print(user.name)\n"
        ),
    )

    find = staticmethod(leave_early)


ACTION = LeaveEarly()
