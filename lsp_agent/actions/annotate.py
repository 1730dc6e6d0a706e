"""Give a function the type hints that it lacks."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.spec import ActionError, BaseAction, Example, Offer, Place, Spot
from lsp_agent.agent.types import Answer, RunRequest
from lsp_agent.syntax.functions import FunctionShape, function_at
from lsp_agent.syntax.symbols import Symbol


class Annotate(BaseAction):
    """Python's type hints for parameters and result, made of names that the file knows."""

    name: ClassVar = "annotate"
    kind: ClassVar = "refactor.rewrite.lspAgent.annotate"
    summary: ClassVar = "add the missing type hints to the function at the cursor"
    answer: ClassVar[Answer] = "edit"
    suits: ClassVar[frozenset[Spot]] = frozenset({"name"})
    example: ClassVar = Example(
        language="python",
        before="def area(width, height):$0\n    return float(width * height)\n",
        after="def area(width: float, height: float) -> float:\n    return float(width * height)\n",
    )

    def offers(self, place: Place) -> list[Offer]:
        """Offer it where a Python function lacks a hint."""
        found = _unhinted(place)
        return [Offer(f"Add type hints to {found[0].name}")] if found else []

    def request(self, place: Place, argument: str) -> RunRequest:  # noqa: ARG002 - the protocol has it
        """Ask for the missing hints."""
        found = _unhinted(place)
        if found is None:
            raise ActionError("there is no Python function here that lacks type hints")
        symbol, _ = found
        return self.task(
            place,
            f"Add the missing type hints to {symbol.name}. Change nothing else.",
            target=symbol.range,
            title=f"Add type hints to {symbol.name}",
            form="annotations",
        )


def _unhinted(place: Place) -> tuple[Symbol, FunctionShape] | None:
    symbol = place.document.enclosing(place.range.start)
    if symbol is None or symbol.kind not in ("function", "method"):
        return None
    shape = function_at(place.document, symbol.name_range.start)
    if shape is None or (shape.return_annotated and all(one.annotated for one in shape.parameters)):
        return None
    return symbol, shape


ACTION = Annotate()
