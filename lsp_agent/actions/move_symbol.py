"""Move a function or class to another module, or to one of its own."""

from __future__ import annotations

import posixpath
import re
from typing import ClassVar

from lsp_agent.actions.rename import defined_at, is_module
from lsp_agent.actions.spec import ActionError, BaseAction, Example, Offer, Place, Reach, Spot
from lsp_agent.agent.types import Answer, RunRequest

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class MoveSymbol(BaseAction):
    """A top-level definition of Python, with every import of it mended."""

    name: ClassVar = "move_symbol"
    kind: ClassVar = "refactor.rewrite.lspAgent.moveSymbol"
    summary: ClassVar = "move a function or class, imports mended; --instruction package.module"
    suits: ClassVar[frozenset[Spot]] = frozenset({"name"})
    answer: ClassVar[Answer] = "edit"
    reach: ClassVar[Reach] = "workspace"
    needs_folder: ClassVar = True
    proof: ClassVar = "every import leads to it, and none leads in a circle"
    example: ClassVar = Example(
        language="python",
        before="def area$0(w, h):\n    return w * h\n\n\ndef size(w):\n    return w\n",
        after=(
            "#- a.py\ndef size(w):\n    return w\n#- area.py\ndef area(w, h):\n    return w * h\n"
        ),
    )

    def offers(self, place: Place) -> list[Offer]:
        """Offer a module of its own on the name of a definition that is not in another."""
        symbol = defined_at(place)
        known = symbol is not None and symbol.kind in ("function", "class")
        if symbol is None or not known or symbol.parent or not is_module(place):
            return []
        module = _HUMP.sub("_", symbol.name).lower().lstrip("_")
        target = posixpath.join(posixpath.dirname(place.path), f"{module}.py")
        if not module.isidentifier() or target == place.path:
            return []
        return [Offer(f"Move {symbol.name} to {module}.py", target, needs_model=False)]

    def request(self, place: Place, argument: str) -> RunRequest:
        """Carry the move out by rule."""
        # Of another language the run says that it is not known.
        if not argument and place.document.language == "python":
            raise ActionError("there is no target: name a module, such as package.module")
        title = f"Move to {argument}"
        return self.by_rule(place, title, "move", argument)


ACTION = MoveSymbol()
