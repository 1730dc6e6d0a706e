"""Give the selected expression a name."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.by_rule import RuleAction
from lsp_agent.actions.spec import Example, Spot
from lsp_agent.refactor.extract_variable import extract_variable


class ExtractVariable(RuleAction):
    """A variable before the statement; of all equal expressions where none may differ."""

    name: ClassVar = "extract_variable"
    kind: ClassVar = "refactor.extract.lspAgent.variable"
    summary: ClassVar = "put the selected expression into a variable"
    suits: ClassVar[frozenset[Spot]] = frozenset({"selection"})
    nothing: ClassVar = "whole expression selected here"
    example: ClassVar = Example(
        language="python",
        before="def area(box):\n    return «(box.right - box.left)» * box.height\n",
        after=("def area(box):\n    value = box.right - box.left\n    return value * box.height\n"),
    )

    find = staticmethod(extract_variable)


ACTION = ExtractVariable()
