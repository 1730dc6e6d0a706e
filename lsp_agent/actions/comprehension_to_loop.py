"""Write a comprehension as a loop."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.by_rule import RuleAction
from lsp_agent.actions.spec import Example
from lsp_agent.refactor.comprehensions import comprehension_to_loop


class ComprehensionToLoop(RuleAction):
    """Refused where its variables would get in the way of others."""

    name: ClassVar = "comprehension_to_loop"
    kind: ClassVar = "refactor.rewrite.lspAgent.comprehensionToLoop"
    summary: ClassVar = "turn the comprehension at the cursor into a loop"
    nothing: ClassVar = "comprehension here that a variable gets"
    languages: ClassVar = ("Python",)
    example: ClassVar = Example(
        language="python",
        before="names = [user.name $0for user in users if user.active]\n",
        after=(
            "names = []\nfor user in users:\n    if user.active:\n        names.append(user.name)\n"
        ),
    )

    find = staticmethod(comprehension_to_loop)


ACTION = ComprehensionToLoop()
