"""Split a long function into helpers."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.function_rewrite import FunctionRewrite
from lsp_agent.actions.spec import Example, Place, Spot
from lsp_agent.syntax.bodies import FunctionBody

_LONG = 25
_STATEMENTS = 6


class Split(FunctionRewrite):
    """Helpers with telling names beside a function that did too much."""

    name: ClassVar = "split"
    kind: ClassVar = "refactor.rewrite.lspAgent.split"
    summary: ClassVar = "split the long function at the cursor into helper functions"
    proof: ClassVar = "the function is called as before, and its tests pass as before"
    suits: ClassVar[frozenset[Spot]] = frozenset({"name"})
    title: ClassVar = "Split {name} into helpers"
    wanted: ClassVar = f"function of {_LONG} lines or {_STATEMENTS} statements"
    example: ClassVar = Example(
        language="python",
        before=(
            "def report(orders):$0\n"
            "    total = 0\n"
            "    for order in orders:\n"
            "        total += order.price\n"
            "    lines = []\n"
            "    for order in orders:\n"
            "        lines.append(order.name)\n"
            "    lines.append(str(total))\n"
            "    return lines\n"
        ),
        after=(
            "def total_price(orders):\n"
            "    return sum(order.price for order in orders)\n"
            "\n\n"
            "def report(orders):\n"
            "    return [*(order.name for order in orders), str(total_price(orders))]\n"
        ),
    )

    def fits(self, place: Place, body: FunctionBody) -> bool:  # noqa: ARG002 - the protocol has it
        """Offer it for what is long, in lines or in statements."""
        return (body.lines >= _LONG or body.statements >= _STATEMENTS) and not body.broken

    def words(self, body: FunctionBody) -> str:
        """Ask for the helpers and what is left."""
        return (
            f"Split {body.symbol.name} into helper functions with telling names, each doing one "
            f"thing, right before it. Keep the signature, the results and the documentation of "
            f"{body.symbol.name}. Helpers of a method are private methods beside it."
        )


ACTION = Split()
