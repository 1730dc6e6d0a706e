"""Bring code to the language version that the project declares."""

from __future__ import annotations

import re
from typing import ClassVar

from lsp_agent.actions.spec import ActionError, BaseAction, Example, Offer, Place, Spot
from lsp_agent.agent.types import Answer, RunRequest
from lsp_agent.syntax.symbols import Symbol

_ES = (
    r"\bvar\s+\w|\brequire\s*\(|\.prototype\b|\barguments\b|\.indexOf\([^)]*\)\s*[!=]==?\s*-1"
    r"|\.then\s*\(|Object\.assign\s*\(\s*\{\s*\}|['\"]\s*\+\s*\w"
)
# What newer versions of a language have a better way for.
_AGED = {
    "python": (
        r"['\"]\s*%\s*[\w(]|\.format\s*\(|\bsuper\s*\(\s*\w+\s*,|class\s+\w+\s*\(\s*object\s*\)"
        r"|\b(?:List|Dict|Set|Tuple|Optional|Union|Type)\s*\[|\bos\.path\.|#\s*type:"
        r"|\bprint\s+[\"'\w]|\.has_key\s*\(|\bxrange\b|\bunicode\s*\(|coding[:=]\s*utf"
    ),
    "javascript": _ES,
    "typescript": _ES + r"|<any>|\bnamespace\s+\w",
    "tsx": _ES,
    "go": r"\binterface\s*\{\s*\}|\bioutil\.|\bsort\.Slice\b|for\s+\w+\s*:=\s*0\s*;",
    "java": (
        r"new\s+\w+<[\w, ]+>\s*\(|new\s+(?:Runnable|Comparator|Callable)\b|\binstanceof\s+\w+\s*\)"
        r"|\bVector\b|\bHashtable\b|\bStringBuffer\b|new\s+Date\s*\("
    ),
    "rust": r"\btry!\s*\(|\bextern\s+crate\b|Box<[A-Z]\w*Trait>|\.into_iter\(\)\.map\(\|x\|\s*x\)",
    "csharp": r"String\.Format\s*\(|\bArrayList\b|new\s+\w+<\w+>\s*\(\s*\)|\bdelegate\s*\(",
    "php": r"\barray\s*\(|\bisset\s*\([^)]*\)\s*\?|\bcreate_function\b|\bvar\s+\$",
    "cpp": r"\bNULL\b|\btypedef\b|\bauto_ptr\b|\bnew\s+\w|::iterator\b|\bbind1st\b",
    "ruby": r":\w+\s*=>|\bproc\s*\{|\.find_all\b|\blambda\s*\{",
}
_MAX_LOOKED = 8_000


class Modernise(BaseAction):
    """Newer ways of the language, as far as the version that the project declares has them.

    The version is read as data: ``requires-python``, a tsconfig's ``target``, ``go.mod`` and the
    like. It stands in the task.
    """

    name: ClassVar = "modernise"
    kind: ClassVar = "refactor.rewrite.lspAgent.modernise"
    summary: ClassVar = "bring the definition at the cursor to the project's language version"
    answer: ClassVar[Answer] = "edit"
    suits: ClassVar[frozenset[Spot]] = frozenset({"name", "body"})
    proof: ClassVar = "the tests that concern the definition pass as before"
    example: ClassVar = Example(
        language="python",
        before='def greet(name):\n    return "Hello, %s!" % name$0\n',
        after='def greet(name):\n    return f"Hello, {name}!"\n',
    )

    def offers(self, place: Place) -> list[Offer]:
        """Offer it where the definition has signs of age."""
        symbol = _aged(place)
        return [Offer(f"Modernise {symbol.name}")] if symbol else []

    def request(self, place: Place, argument: str) -> RunRequest:
        """Ask for the definition in newer ways; ``argument`` names a version."""
        symbol = _aged(place)
        if symbol is None:
            raise ActionError("there is no definition with signs of age here")
        version = f" Write it for {argument}." if argument else ""
        return self.task(
            place,
            f"Modernise {symbol.name}: use the language's newer ways where they are shorter or "
            f"safer. Keep its name, signature and results.{version}",
            target=symbol.range,
            title=f"Modernise {symbol.name}",
            form="modernise",
        )


def _aged(place: Place) -> Symbol | None:
    signs = _AGED.get(place.document.language_at(place.range.start) or "")
    symbol = place.document.enclosing(place.range.start) if signs else None
    if signs is None or symbol is None or place.range.end > symbol.range.end:
        return None
    text = place.document.text.slice(symbol.range)[:_MAX_LOOKED]
    return symbol if re.search(signs, text) else None


ACTION = Modernise()
