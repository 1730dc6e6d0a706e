"""Write a conditional expression as an `if`."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.by_rule import RuleAction
from lsp_agent.actions.spec import Example
from lsp_agent.refactor.ternaries import choice_to_if


class ChoiceToIf(RuleAction):
    """A statement for each of the two values."""

    name: ClassVar = "choice_to_if"
    kind: ClassVar = "refactor.rewrite.lspAgent.choiceToIf"
    summary: ClassVar = "turn the conditional expression at the cursor into an if"
    nothing: ClassVar = "conditional expression here that is all of a statement's value"
    example: ClassVar = Example(
        language="python",
        before="def sign(n):\n    return -1 $0if n < 0 else 1\n",
        after="def sign(n):\n    if n < 0:\n        return -1\n    else:\n        return 1\n",
    )

    find = staticmethod(choice_to_if)


ACTION = ChoiceToIf()
