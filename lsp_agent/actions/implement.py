"""Write the body of a stub."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.function_rewrite import FunctionRewrite
from lsp_agent.actions.spec import Example, Place
from lsp_agent.syntax.bodies import FunctionBody
from lsp_agent.verify.promises import Promise


class Implement(FunctionRewrite):
    """The body of a function that has none yet, from its name, signature and comments."""

    name: ClassVar = "implement"
    kind: ClassVar = "refactor.rewrite.lspAgent.implement"
    summary: ClassVar = "write the body of the stub at the cursor (pass, …, not implemented, TODO)"
    proof: ClassVar = "no placeholder is left, and the function is called as before"
    promises: ClassVar[tuple[Promise, ...]] = ("signature", "whole")
    title: ClassVar = "Implement {name}"
    wanted: ClassVar = "stub to implement"
    example: ClassVar = Example(
        language="python",
        before=(
            "def median(numbers: list[float]) -> float:$0\n"
            '    """Return the middle of the sorted numbers."""\n'
            "    raise NotImplementedError\n"
        ),
        after=(
            "def median(numbers: list[float]) -> float:\n"
            '    """Return the middle of the sorted numbers."""\n'
            "    ordered = sorted(numbers)\n"
            "    half = len(ordered) // 2\n"
            "    if len(ordered) % 2:\n"
            "        return ordered[half]\n"
            "    return (ordered[half - 1] + ordered[half]) / 2\n"
        ),
    )

    def fits(self, place: Place, body: FunctionBody) -> bool:
        """Offer it for stubs that are not meant to be ones."""
        return body.stub and not body.abstract and not place.path.endswith(".pyi")

    def words(self, body: FunctionBody) -> str:
        """Ask for the body."""
        return (
            f"Write the body of {body.symbol.name}: do what its name, signature and comments say. "
            "Keep the signature and the documentation. Leave no placeholder and no TODO."
        )


ACTION = Implement()
