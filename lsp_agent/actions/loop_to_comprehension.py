"""Write a loop that fills a collection as a comprehension."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.by_rule import RuleAction
from lsp_agent.actions.spec import Example
from lsp_agent.refactor.comprehensions import loop_to_comprehension


class LoopToComprehension(RuleAction):
    """Lists, sets and dictionaries; refused where someone could tell."""

    name: ClassVar = "loop_to_comprehension"
    kind: ClassVar = "refactor.rewrite.lspAgent.loopToComprehension"
    summary: ClassVar = "turn the loop at the cursor into a comprehension"
    nothing: ClassVar = "loop at the cursor that just fills the collection made before it"
    languages: ClassVar = ("Python",)
    example: ClassVar = Example(
        language="python",
        before=(
            "names = []\n"
            "for$0 user in users:\n"
            "    if user.active:\n"
            "        names.append(user.name)\n"
        ),
        after="names = [user.name for user in users if user.active]\n",
    )

    find = staticmethod(loop_to_comprehension)


ACTION = LoopToComprehension()
