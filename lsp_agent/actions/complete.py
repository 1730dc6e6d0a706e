"""Finish a function that was begun."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.function_rewrite import FunctionRewrite
from lsp_agent.actions.spec import Example, Place
from lsp_agent.syntax.bodies import FunctionBody
from lsp_agent.verify.promises import Promise


class Complete(FunctionRewrite):
    """What a function's placeholders and TODO comments leave out."""

    name: ClassVar = "complete"
    kind: ClassVar = "refactor.rewrite.lspAgent.complete"
    summary: ClassVar = "finish the function at the cursor: its TODOs, placeholders, broken end"
    proof: ClassVar = "no placeholder is left, and the function is called as before"
    promises: ClassVar[tuple[Promise, ...]] = ("signature", "whole")
    title: ClassVar = "Complete {name}"
    wanted: ClassVar = "unfinished function"
    example: ClassVar = Example(
        language="python",
        before=(
            "def sign(number):\n"
            "    if number > 0:\n"
            "        return 1\n"
            "    # TODO: the other cases$0\n"
        ),
        after=(
            "def sign(number):\n"
            "    if number > 0:\n"
            "        return 1\n"
            "    if number < 0:\n"
            "        return -1\n"
            "    return 0\n"
        ),
    )

    def fits(self, place: Place, body: FunctionBody) -> bool:  # noqa: ARG002 - the protocol has it
        """Offer it where something is there, and something is not."""
        return not body.stub and (body.gaps > 0 or body.broken)

    def words(self, body: FunctionBody) -> str:
        """Ask for what is missing."""
        return (
            f"Finish {body.symbol.name}: write what its TODO comments and placeholders leave out, "
            "and what its last line begins, in the manner of the code that is there. Remove those "
            "comments and placeholders; change nothing else."
        )


ACTION = Complete()
