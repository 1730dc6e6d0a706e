"""Take properties of an object by a pattern."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.by_rule import SCRIPTS, RuleAction
from lsp_agent.actions.spec import Example
from lsp_agent.refactor.arrows import destructure


class Destructure(RuleAction):
    """One declaration for those that follow each other and take from the same name."""

    name: ClassVar = "destructure"
    kind: ClassVar = "refactor.rewrite.lspAgent.destructure"
    summary: ClassVar = "take properties by one pattern, from the cursor on"
    nothing: ClassVar = "declaration here that takes a property of a name"
    languages: ClassVar = SCRIPTS
    example: ClassVar = Example(
        language="javascript",
        before="const name$0 = user.name;\nconst mail = user.email;\n",
        after="const { name, email: mail } = user;\n",
    )

    find = staticmethod(destructure)


ACTION = Destructure()
