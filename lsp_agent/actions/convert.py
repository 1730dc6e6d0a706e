"""Convert a definition to another shape: callbacks and async, class and function."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from lsp_agent.actions.function_rewrite import function_of
from lsp_agent.actions.spec import ActionError, BaseAction, Example, Offer, Place, Spot
from lsp_agent.agent.types import Answer, RunRequest
from lsp_agent.syntax.bodies import class_members
from lsp_agent.syntax.languages import ECMA
from lsp_agent.syntax.symbols import Symbol

_CALLBACKS = re.compile(r"\.then\s*\(|\(\s*(?:err|error|e)\s*,")
_AWAITS = re.compile(r"\bawait\b")
_MAX_MEMBERS = 2


@dataclass(frozen=True, slots=True)
class _Way:
    title: str
    task: str


_WAYS = {
    "async": _Way(
        "Convert {name} to async/await",
        "Convert {name} from callbacks or promise chains to async/await. Await what was chained, "
        "turn error callbacks into try/catch, and keep what it resolves to.",
    ),
    "callbacks": _Way(
        "Convert {name} to promise chains",
        "Convert {name} from async/await to a function that returns a promise chain (then, catch). "
        "Keep what it resolves to and which errors reject it.",
    ),
    "function": _Way(
        "Convert class {name} to a function",
        "Convert the class {name} to a function that does the same: fields become parameters or "
        "local variables, a React component's state becomes hooks. Keep the name in the manner "
        "of functions here.",
    ),
    "class": _Way(
        "Convert {name} to a class",
        "Convert the function {name} to a class that does the same: what inner functions share "
        "becomes fields, inner functions become methods. Name it in the manner of classes here.",
    ),
}


class Convert(BaseAction):
    """Another shape of the same; an argument is one of async, callbacks, function, class."""

    name: ClassVar = "convert"
    kind: ClassVar = "refactor.rewrite.lspAgent.convert"
    summary: ClassVar = "convert callbacks ↔ async/await (JavaScript), class ↔ function"
    answer: ClassVar[Answer] = "edit"
    proof: ClassVar = "the tests that concern the definition; callers are not changed"
    suits: ClassVar[frozenset[Spot]] = frozenset({"name"})
    example: ClassVar = Example(
        language="javascript",
        before=(
            "function load(url) {$0\n"
            "  return fetch(url).then((answer) => answer.json());\n"
            "}\n"
        ),
        after=(
            "async function load(url) {\n"
            "  const answer = await fetch(url);\n"
            "  return answer.json();\n"
            "}\n"
        ),
    )  # fmt: skip

    def offers(self, place: Place) -> list[Offer]:
        """Offer each shape that the definition could have instead."""
        symbol, ways = _ways(place)
        if symbol is None:
            return []
        return [Offer(_WAYS[way].title.format(name=symbol.name), argument=way) for way in ways]

    def request(self, place: Place, argument: str) -> RunRequest:
        """Ask for another shape, the likeliest where none is named."""
        symbol, ways = _ways(place)
        if symbol is None or not ways:
            raise ActionError("there is no function or class here that converts to another shape")
        chosen = argument or ways[0]
        if chosen not in ways:
            raise ActionError(f"{symbol.name} converts to {' or '.join(ways)}, not to {chosen!r}")
        way = _WAYS[chosen]
        return self.task(
            place,
            way.task.format(name=symbol.name),
            target=symbol.range,
            title=way.title.format(name=symbol.name),
        )


def _ways(place: Place) -> tuple[Symbol | None, tuple[str, ...]]:
    """Return the definition at a place, and what it could become, the likeliest first."""
    language = place.document.language_at(place.range.start) or ""
    symbol = place.document.enclosing(place.range.start)
    if symbol is None or language not in ("python", *ECMA):
        return None, ()
    if symbol.kind == "class":
        members = class_members(place.document, symbol)
        few = 0 < len(members) <= _MAX_MEMBERS or "render" in members
        return symbol, ("function",) if few else ()
    body = function_of(place)
    if body is None or body.stub or body.broken:
        return None, ()
    ways = []
    if language in ECMA and not _AWAITS.search(body.code) and _CALLBACKS.search(body.code):
        ways.append("async")
    elif language in ECMA and _AWAITS.search(body.code):
        ways.append("callbacks")
    if symbol.kind == "function" and body.inner:
        ways.append("class")
    return symbol, tuple(ways)


ACTION = Convert()
