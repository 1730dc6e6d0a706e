"""Swap the branches of an `if`."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.by_rule import RuleAction
from lsp_agent.actions.spec import Example
from lsp_agent.refactor.conditions import invert_if


class InvertIf(RuleAction):
    """The condition is negated, and both branches change places."""

    name: ClassVar = "invert_if"
    kind: ClassVar = "refactor.rewrite.lspAgent.invertIf"
    summary: ClassVar = "swap the branches of the if at the cursor"
    nothing: ClassVar = "`if` with an `else` at the cursor"
    example: ClassVar = Example(
        language="python",
        before=(
            "def sign(n):\n    if$0 n is None:\n        return 0\n    else:\n        return n\n"
        ),
        after=(
            "def sign(n):\n    if n is not None:\n        return n\n    else:\n        return 0\n"
        ),
    )

    find = staticmethod(invert_if)


ACTION = InvertIf()
