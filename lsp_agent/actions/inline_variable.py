"""Put a variable's value where it is used."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.by_rule import RuleAction
from lsp_agent.actions.spec import Example
from lsp_agent.refactor.inline_variable import inline_variable


class InlineVariable(RuleAction):
    """The variable goes, unless its value could be another one somewhere."""

    name: ClassVar = "inline_variable"
    kind: ClassVar = "refactor.inline.lspAgent.variable"
    summary: ClassVar = "put a local variable's value where it is used"
    nothing: ClassVar = "local variable with an assignment here"
    example: ClassVar = Example(
        language="python",
        before=(
            "def area(box):\n    width$0 = box.right - box.left\n    return width * box.height\n"
        ),
        after="def area(box):\n    return (box.right - box.left) * box.height\n",
    )

    find = staticmethod(inline_variable)


ACTION = InlineVariable()
