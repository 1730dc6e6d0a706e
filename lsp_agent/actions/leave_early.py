"""Leave a function or a round of a loop early."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.by_rule import RuleAction
from lsp_agent.actions.spec import Example
from lsp_agent.refactor.change import Change
from lsp_agent.refactor.conditions import leave_early
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.workspace.positions import Range


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

    def find(self, document: SyntaxDocument, range_: Range) -> list[Change]:
        """Look at the `if` whose first line the cursor is on."""
        return leave_early(document, range_)


ACTION = LeaveEarly()
