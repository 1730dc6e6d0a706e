"""Make a function of the selected code."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.by_rule import RuleAction
from lsp_agent.actions.spec import Example, Spot
from lsp_agent.refactor.extract_function import extract_function


class ExtractFunction(RuleAction):
    """Free variables go in, what is used later comes out; jumps out of the code are refused."""

    name: ClassVar = "extract_function"
    kind: ClassVar = "refactor.extract.lspAgent.function"
    summary: ClassVar = "make a function of the selected expression or statements"
    suits: ClassVar[frozenset[Spot]] = frozenset({"selection"})
    nothing: ClassVar = "whole expression or statements selected here"
    example: ClassVar = Example(
        language="python",
        before=(
            "def report(rows):\n"
            "    «total = 0\n"
            "    for row in rows:\n"
            "        total += row.price»\n"
            "    print(total)\n"
        ),
        after=(
            "def compute_total(rows):\n"
            "    total = 0\n"
            "    for row in rows:\n"
            "        total += row.price\n"
            "    return total\n"
            "\n"
            "\n"
            "def report(rows):\n"
            "    total = compute_total(rows)\n"
            "    print(total)\n"
        ),
    )

    find = staticmethod(extract_function)


ACTION = ExtractFunction()
