"""What a model is asked about a hunk: the same words for the same hunk, whatever its line numbers.

The system prompt never changes, so it is evaluated once; what is added for a hunk is bounded.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from lsp_agent.context.untrusted import guarded, remark
from lsp_agent.engine.types import EngineInfo
from lsp_agent.resources import resource
from lsp_agent.review.hunks import halves
from lsp_agent.review.types import Hunk
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.symbols import Symbol
from lsp_agent.workspace.positions import Position

GRAMMAR = "review.gbnf"
_BYTES_A_TOKEN = 3
_MAX_USED, _MAX_QUOTE = 6, 240
_QUOTE = re.compile(r"^quote ::= .*$", re.MULTILINE)
_NAME = re.compile(r"[^\W\d]\w{2,}")


@dataclass(frozen=True, slots=True)
class Question:
    """A hunk and the message that asks about it."""

    hunk: Hunk
    text: str

    def key(self, info: EngineInfo, system: str) -> str:
        """Return what an answer is kept under: a digest of all that it depends on.

        ``system`` is the prompt that comes before the question.
        """
        rules = self.grammar(exact=True) if info.grammar else ""
        parts = (info.kind, info.model, system, rules, self.text)
        return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()

    def grammar(self, *, exact: bool) -> str:
        """Return the rules of an answer; with ``exact`` a quote is a new line that is there once.

        Such a grammar holds text of the hunk. Where no line is fit to be quoted it is any text.
        """
        lines = _quotable(self.hunk) if exact else []
        if not lines:
            return resource(GRAMMAR)
        # GBNF spells a text as JSON does, and this one is JSON itself.
        rule = f"quote ::= {' | '.join(_spelt(_spelt(line)) for line in lines)}"
        return _QUOTE.sub(lambda _: rule, resource(GRAMMAR), count=1)


def _spelt(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _quotable(hunk: Hunk) -> list[str]:
    """Return the new lines that a quote can mean, as the model is shown them."""
    counts = Counter(row.text.strip() for row in hunk.rows if row.sign != "-")
    rows = [row.text.strip() for row in hunk.rows if row.sign == "+"]
    return [
        guarded(row)
        for row in rows
        if counts[row] == 1 and len(row) <= _MAX_QUOTE and _NAME.search(row)
    ]


def questions(document: SyntaxDocument, hunk: Hunk, max_tokens: int) -> list[Question]:
    """Return what is asked about a hunk: once, or in parts where it is too long.

    ``max_tokens`` bounds each, by an estimate that needs no model (three bytes a token) and that
    code stays below. What stands around the hunk is left out before the hunk is divided.
    """
    pending, found = [hunk], []
    while pending:
        one = pending.pop(0)
        around, bare = _frame(document, one)
        for head in dict.fromkeys((around, bare)):
            text = _asked(head, one)
            if _tokens(text) <= max_tokens:
                found.append(Question(one, text))
                break
        else:
            parts = halves(one)
            if len(parts) == 1 and len(parts[0].rows) == len(one.rows):
                found.append(Question(one, _asked(bare, one)[: max_tokens * _BYTES_A_TOKEN // 4]))
            else:
                pending = [*parts, *pending]
    return found


def _asked(head: str, hunk: Hunk) -> str:
    said = remark(str(hunk))
    return "\n".join(part for part in (head, guarded(str(hunk)), said) if part)


def _tokens(text: str) -> int:
    return -(-len(text.encode("utf-8", "replace")) // _BYTES_A_TOKEN)


def _frame(document: SyntaxDocument, hunk: Hunk) -> tuple[str, str]:
    """Return the lines above the hunk: with what is around it, and without."""
    bare = f"File: {guarded(hunk.path)}"
    rows = [bare, *_around(document, hunk)]
    used = [guarded(one.signature) for one in _used(document, hunk)]
    if used:
        rows += ["Used there, from the same file:", *used]
    return "\n".join([*rows, "Change:"]), f"{bare}\nChange:"


def _around(document: SyntaxDocument, hunk: Hunk) -> Iterator[str]:
    """Name the definition that the change stands in, where its beginning is not shown."""
    first = hunk.changed[0]
    symbol = document.enclosing(Position(first, len(document.text.line(first))))
    if symbol is not None and symbol.range.start.line < hunk.first:
        inside = f" of {symbol.parent}" if symbol.parent else ""
        yield f"Stands in{guarded(inside)}: {guarded(symbol.signature)}"


def _used(document: SyntaxDocument, hunk: Hunk) -> list[Symbol]:
    """Return the definitions elsewhere in the file that the new lines name."""
    added = "\n".join(row.text for row in hunk.rows if row.sign == "+")
    names = set(_NAME.findall(added))
    found = [
        one
        for one in document.symbols()
        if one.name in names and not one.is_value and _is_elsewhere(one, hunk)
    ]
    return found[:_MAX_USED]


def _is_elsewhere(symbol: Symbol, hunk: Hunk) -> bool:
    return not hunk.first <= symbol.signature_range.start.line < hunk.end
