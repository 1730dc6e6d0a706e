"""Whether a rewritten function is still what its callers take it for, and finished."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from lsp_agent.syntax.bodies import FunctionBody, function_body
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.verify.types import Verdict
from lsp_agent.workspace.overlay import FileChange
from lsp_agent.workspace.positions import Position

Promise = Literal["signature", "whole"]
"""That a function keeps its name and its parameters' names; that nothing of it is left open."""


def check_promises(
    change: FileChange, position: Position, promises: Sequence[Promise]
) -> Verdict | None:
    """Say what became of the function that held a position before a change.

    ``None`` where there was none, or nothing was promised. Cost: two parses, and the symbols of the
    new text.
    """
    if not promises or change.before is None or change.after is None:
        return None
    old = function_body(SyntaxDocument.read(change.path, change.before), position)
    if old is None:
        return None
    name = old.symbol.qualified_name
    new = _named(SyntaxDocument.read(change.path, change.after), old)
    if new is None:
        return Verdict("scope", False, f"{name} is gone; keep the function and its name")
    was, became = old.symbol.parameters, new.symbol.parameters
    if "signature" in promises and was != became:
        said = f"{name}({', '.join(was)}) became {name}({', '.join(became)})"
        return Verdict("scope", False, f"{said}; keep its parameters, as callers count on them")
    if "whole" in promises and (new.stub or new.gaps):
        return Verdict("scope", False, f"{name} still holds a placeholder or a TODO; write it out")
    return Verdict("scope", True, f"{name} is still called as before")


def _named(document: SyntaxDocument, old: FunctionBody) -> FunctionBody | None:
    """Return the function of the same name and place in the text's order of such names."""
    wanted = old.symbol
    rows = [one for one in document.symbols() if one.qualified_name == wanted.qualified_name]
    near = sorted(rows, key=lambda one: abs(one.range.start.line - wanted.range.start.line))
    found = (function_body(document, one.name_range.start) for one in near)
    return next((one for one in found if one is not None), None)
