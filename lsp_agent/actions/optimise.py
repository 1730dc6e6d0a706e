"""Make a function faster, with a benchmark that shows it."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from lsp_agent.actions.function_rewrite import FunctionRewrite
from lsp_agent.actions.spec import Example, Place, Spot
from lsp_agent.agent.types import RunRequest
from lsp_agent.syntax.bodies import FunctionBody


class Optimise(FunctionRewrite):
    """A version that gives the same results in at least a tenth less time.

    The model writes cases for a benchmark, then the faster version; both versions are timed on the
    cases in the sandbox, in turns. The edit is refused where it is not faster, or where a result
    differs. Python only; the folder has to be trusted, for its code is run.
    """

    name: ClassVar = "optimise"
    kind: ClassVar = "refactor.rewrite.lspAgent.optimise"
    summary: ClassVar = "make the function at the cursor faster, as a benchmark shows"
    proof: ClassVar = "a benchmark in the sandbox: same results, at least 10 % less time"
    suits: ClassVar[frozenset[Spot]] = frozenset({"name"})
    title: ClassVar = "Optimise {name}"
    wanted: ClassVar = "Python function with loops or calls"
    example: ClassVar = Example(
        language="python",
        before=(
            "def unique(items):$0\n"
            "    found = []\n"
            "    for item in items:\n"
            "        if item not in found:\n"
            "            found.append(item)\n"
            "    return found\n"
        ),
        after="def unique(items):\n    return list(dict.fromkeys(items))\n",
    )

    def fits(self, place: Place, body: FunctionBody) -> bool:
        """Offer it where something takes time and can be imported."""
        runs = body.language == "python" and place.path.endswith(".py")
        return runs and not body.stub and not body.broken and body.branches + body.calls > 0

    def words(self, body: FunctionBody) -> str:
        """Ask for the faster version."""
        return (
            f"Make {body.symbol.name} faster: a better algorithm or data structure first. Keep its "
            "signature, its results, their order and its errors."
        )

    def request(self, place: Place, argument: str) -> RunRequest:
        """Ask for a benchmark and for a version that is faster by it."""
        request = super().request(place, argument)
        symbol = place.document.enclosing(place.range.start)
        name = symbol.qualified_name if symbol else ""
        return replace(request, form="optimise", argument=name)


ACTION = Optimise()
