"""Which definitions of a file matter to who does not know it, and which of them stand together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from lsp_agent.context.emphasis import Emphasis
from lsp_agent.index.graph import telling
from lsp_agent.index.naming import name_words
from lsp_agent.index.types import SymbolRow

_KINDS = {
    "class": 1.3, "interface": 1.3, "struct": 1.3, "trait": 1.3, "enum": 1.1, "type": 1.0,
    "function": 1.0, "macro": 0.8, "method": 0.7, "constructor": 0.6, "module": 0.6,
    "namespace": 0.6,
}  # fmt: skip
_OTHER_KIND = 0.4
_PRIVATE, _SPECIAL, _NESTED, _UNUSED = 0.25, 0.1, 0.3, 0.3
_NAMED, _SAID = 8.0, 3.0
_MAX_SIGNATURE = 120
Standing = Mapping[str, tuple[int, int]]


def symbol_weight(row: SymbolRow, standing: Standing, emphasis: Emphasis) -> float:
    """Return how much a definition matters, above 0.

    What counts is how many files use its name, shared out among those that define it; its kind;
    whether the question names it or its words; public names before private ones.
    """
    definers, users = standing.get(row.name, (1, 0))
    weight = _UNUSED + telling(row.name) * math.log1p(users / max(definers, 1))
    weight *= _KINDS.get(row.kind, _OTHER_KIND)
    if row.name.startswith("__") and row.name != "__init__":
        weight *= _SPECIAL
    elif row.name.startswith(("_", "#")):
        weight *= _PRIVATE
    if row.kind == "function" and row.parent:
        weight *= _NESTED
    if row.name in emphasis.names:
        weight += _NAMED
    elif emphasis.words:
        said = emphasis.words.intersection(name_words(row.name))
        weight *= 1 + _SAID * len(said) / max(len(name_words(row.name)), 1)
    return weight


def clipped_signature(row: SymbolRow) -> str:
    """Return a definition's signature in one line of at most 120 characters."""
    # What stood on several lines keeps a space inside its brackets.
    signature = row.signature.partition("\n")[0].replace("( ", "(").replace(", )", ")")
    signature = signature.rstrip(" :{")
    return signature if len(signature) <= _MAX_SIGNATURE else signature[:_MAX_SIGNATURE] + "…"


def by_weight(weights: Sequence[float], outer: Sequence[int | None]) -> list[int]:
    """Return the order in which a file's definitions are shown: the weightiest first.

    A member comes behind what it stands in (``outer``, of :func:`parents`), which moves up with it.
    """
    order: dict[int, None] = {}
    for at in sorted(range(len(weights)), key=lambda at: (-weights[at], at)):
        chain = [at]
        while (above := outer[chain[-1]]) is not None:
            chain.append(above)
        order.update(dict.fromkeys(reversed(chain)))
    return list(order)


def parents(rows: Sequence[SymbolRow]) -> list[int | None]:
    """Return for each definition, in the order of the text, the one that it stands in."""
    found: list[int | None] = []
    open_: list[int] = []
    for at, row in enumerate(rows):
        while open_ and not _holds(rows[open_[-1]], row):
            open_.pop()
        found.append(open_[-1] if open_ else None)
        open_.append(at)
    return found


def _holds(outer: SymbolRow, inner: SymbolRow) -> bool:
    return (
        outer.start_line <= inner.start_line
        and inner.end_line <= outer.end_line
        and (outer.start_line, outer.end_line) != (inner.start_line, inner.end_line)
        and bool(inner.parent)
    )
