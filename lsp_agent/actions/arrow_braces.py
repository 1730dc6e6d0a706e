"""Add or remove an arrow function's braces."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.by_rule import SCRIPTS, RuleAction
from lsp_agent.actions.spec import Example
from lsp_agent.refactor.arrows import arrow_braces


class ArrowBraces(RuleAction):
    """An expression as a `return`, or a lone `return` as an expression."""

    name: ClassVar = "arrow_braces"
    kind: ClassVar = "refactor.rewrite.lspAgent.arrowBraces"
    summary: ClassVar = "add or remove the braces of the arrow function at the cursor"
    nothing: ClassVar = "head of an arrow function here that just returns a value"
    languages: ClassVar = SCRIPTS
    example: ClassVar = Example(
        language="javascript",
        before="const double = (n) $0=> n * 2;\n",
        after="const double = (n) => {\n  return n * 2;\n};\n",
    )

    find = staticmethod(arrow_braces)


ACTION = ArrowBraces()
