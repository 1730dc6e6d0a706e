"""Make a function of the selected code."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.by_rule import RuleAction
from lsp_agent.actions.spec import Example, Spot
from lsp_agent.refactor.change import Change
from lsp_agent.refactor.extract_function import extract_function
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.workspace.positions import Range


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

    def find(self, document: SyntaxDocument, range_: Range) -> list[Change]:
        """Look at the borders of the selection."""
        return extract_function(document, range_)


ACTION = ExtractFunction()
