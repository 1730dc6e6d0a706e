"""Explain the selected code, or the definition at the cursor."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.spec import BaseAction, Example, Offer, Place
from lsp_agent.agent.types import Answer, RunRequest
from lsp_agent.context.builder import target_for


class Explain(BaseAction):
    """Markdown about the code; nothing is edited."""

    name: ClassVar = "explain"
    kind: ClassVar = "refactor.rewrite.lspAgent.explain"
    summary: ClassVar = "explain the selected code or the definition at the cursor"
    answer: ClassVar[Answer] = "text"
    example: ClassVar = Example(
        language="python",
        before="def fib(n):$0\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\n",
        after="`fib` computes Fibonacci numbers by recursion, in exponential time.",
    )

    def offers(self, place: Place) -> list[Offer]:
        """Offer it wherever there is text."""
        if not place.range.empty:
            return [Offer("Explain the selection")]
        symbol = place.document.enclosing(place.range.start)
        if symbol is not None:
            return [Offer(f"Explain {symbol.name}")]
        line = place.document.text.line(place.range.start.line)
        return [Offer("Explain this line")] if line.strip() else []

    def request(self, place: Place, argument: str) -> RunRequest:
        """Ask for an explanation; ``argument`` is a question about the code, if any."""
        target = (
            target_for(place.document, place.range, "statement")
            if place.range.empty
            else place.document.statement(place.range)
        )
        return self.task(place, argument or "Explain this code.", target=target, title="Explain")


ACTION = Explain()
