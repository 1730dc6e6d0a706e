"""Change a function's parameters, and the calls with them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from lsp_agent.actions.rename import is_module
from lsp_agent.actions.spec import ActionError, BaseAction, Example, Offer, Place, Reach, Spot
from lsp_agent.agent.types import Answer, RunRequest
from lsp_agent.refactor.errors import RefusedError
from lsp_agent.refactor.instructions import understand
from lsp_agent.refactor.signature import parameters_at
from lsp_agent.syntax.symbols import Symbol

_MAX_LINES = 300


class ChangeSignature(BaseAction):
    """Add, remove, rename or reorder parameters of a Python function, calls included."""

    name: ClassVar = "change_signature"
    kind: ClassVar = "refactor.rewrite.lspAgent.changeSignature"
    summary: ClassVar = (
        "change a function's parameters and calls; --instruction 'add timeout: float = 5.0'"
    )
    suits: ClassVar[frozenset[Spot]] = frozenset({"name"})
    answer: ClassVar[Answer] = "edit"
    reach: ClassVar[Reach] = "workspace"
    proof: ClassVar = "every call gives each parameter what it gave before"
    example: ClassVar = Example(
        language="python",
        before=(
            "def area(width, height, unit$0):\n    return width * height\n\n\n"
            'print(area(2, 3, "cm"))\n'
        ),
        after="def area(width, height):\n    return width * height\n\n\nprint(area(2, 3))\n",
    )

    def offers(self, place: Place) -> list[Offer]:
        """Offer what needs no words: an unused parameter's end, another order."""
        return list(_offers(place)) if is_module(place) else []

    def request(self, place: Place, argument: str) -> RunRequest:
        """Carry an instruction out by rule, or have the model write the new parameters."""
        # Of another language the run says that it is not known.
        if not argument and place.document.language == "python":
            raise ActionError("there is no instruction, such as: add timeout: float = 5.0")
        understood = True
        if place.document.language == "python":
            try:
                old = parameters_at(place.document, place.path, place.range.start)
                understood = understand(argument, old) is not None
            except RefusedError as error:
                raise ActionError(str(error)) from error
        title = f"Change the signature: {argument}"
        return self.by_rule(place, title, "signature", argument, needs_model=not understood)


def _offers(place: Place) -> Iterator[Offer]:
    symbol = place.document.enclosing(place.range.start)
    at = place.range.start
    if symbol is None or not symbol.signature_range.start <= at <= symbol.signature_range.end:
        return
    name = place.document.text.word(at)
    own = [one for one in symbol.parameters if one not in ("self", "cls")]
    if name not in own:
        return
    if not _used(place, symbol, name):
        yield Offer(f"Remove the unused parameter {name}", f"remove {name}", needs_model=False)
    before = own[: own.index(name)][-1:]
    if before:
        yield Offer(
            f"Move parameter {name} before {before[0]}",
            f"move {name} before {before[0]}",
            needs_model=False,
        )


def _used(place: Place, symbol: Symbol, name: str) -> bool:
    """Whether a function's body has a name; of a long one that is taken to be so."""
    body = symbol.body_range
    if body is None or body.end.line - body.start.line > _MAX_LINES:
        return True
    text = place.document.text.slice(body)
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


ACTION = ChangeSignature()
