"""Say the same in less code."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.function_rewrite import FunctionRewrite
from lsp_agent.actions.spec import Example, Place, Spot
from lsp_agent.syntax.bodies import FunctionBody

_LEAST_STATEMENTS = 3


class Simplify(FunctionRewrite):
    """Less nesting and repetition, the same results."""

    name: ClassVar = "simplify"
    kind: ClassVar = "refactor.rewrite.lspAgent.simplify"
    summary: ClassVar = "simplify the function at the cursor: same results, less code or nesting"
    proof: ClassVar = "the function is called as before, and its tests pass as before"
    suits: ClassVar[frozenset[Spot]] = frozenset({"selection", "body"})
    title: ClassVar = "Simplify {name}"
    wanted: ClassVar = "function with branches or several statements"
    example: ClassVar = Example(
        language="python",
        before=(
            "def is_adult(age):\n"
            "    if age >= 18:$0\n"
            "        return True\n"
            "    else:\n"
            "        return False\n"
        ),
        after="def is_adult(age):\n    return age >= 18\n",
    )

    def fits(self, place: Place, body: FunctionBody) -> bool:  # noqa: ARG002 - the protocol has it
        """Offer it where there is something to take away."""
        enough = body.branches > 0 or body.statements >= _LEAST_STATEMENTS
        return enough and not body.stub and not body.broken

    def words(self, body: FunctionBody) -> str:
        """Ask for the same in less."""
        return (
            f"Simplify {body.symbol.name}: less nesting, less repetition, fewer variables. Keep "
            "its signature, its results, its errors and the order of its effects. If it is simple "
            "already, answer with it as it is."
        )


ACTION = Simplify()
