"""Make a method of code that is selected in one."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.by_rule import RuleAction
from lsp_agent.actions.spec import Example, Spot
from lsp_agent.refactor.extract_function import extract_method


class ExtractMethod(RuleAction):
    """As a function, but behind the method, with its object."""

    name: ClassVar = "extract_method"
    kind: ClassVar = "refactor.extract.lspAgent.method"
    summary: ClassVar = "make a method of the selected expression or statements"
    suits: ClassVar[frozenset[Spot]] = frozenset({"selection"})
    nothing: ClassVar = "whole expression or statements of a method selected here"
    example: ClassVar = Example(
        language="python",
        before=(
            "class Cart:\n    def total(self, rate):\n        return «sum(self.prices) * rate»\n"
        ),
        after=(
            "class Cart:\n"
            "    def total(self, rate):\n"
            "        return self.compute_value(rate)\n"
            "\n"
            "    def compute_value(self, rate):\n"
            "        return sum(self.prices) * rate\n"
        ),
    )

    find = staticmethod(extract_method)


ACTION = ExtractMethod()
