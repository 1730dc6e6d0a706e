"""Show the selected code in another language."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.spec import ActionError, BaseAction, Example, Offer, Place, Spot
from lsp_agent.agent.types import Answer, RunRequest

# What people port a language's code to most.
_TARGETS = {
    "python": ("TypeScript", "Go"),
    "javascript": ("TypeScript", "Python"),
    "typescript": ("Python", "Go"),
    "tsx": ("JavaScript",),
    "go": ("Rust", "Python"),
    "rust": ("Go", "Python"),
    "java": ("Kotlin", "Python"),
    "kotlin": ("Java",),
    "c": ("Rust",),
    "cpp": ("Rust",),
    "csharp": ("Java",),
    "ruby": ("Python",),
    "php": ("TypeScript",),
    "bash": ("Python",),
    "lua": ("Python",),
    "swift": ("Kotlin",),
    "scala": ("Kotlin",),
}
_MAX_NAME = 40


class Translate(BaseAction):
    """The same in another language, as text: nothing is edited, for it belongs to another file."""

    name: ClassVar = "translate"
    kind: ClassVar = "refactor.rewrite.lspAgent.translate"
    summary: ClassVar = "show the selected code in another language (--instruction LANGUAGE)"
    answer: ClassVar[Answer] = "text"
    suits: ClassVar[frozenset[Spot]] = frozenset()
    example: ClassVar = Example(
        language="python",
        before="«def double(n):\n    return 2 * n»\n",
        after="```typescript\nfunction double(n: number): number {\n  return 2 * n;\n}\n```",
    )

    def offers(self, place: Place) -> list[Offer]:
        """Offer the likeliest languages for selected code."""
        if place.range.empty or not place.document.text.slice(place.range).strip():
            return []
        targets = _TARGETS.get(place.document.language_at(place.range.start) or "", ())
        return [Offer(f"Translate to {one}", argument=one) for one in targets]

    def request(self, place: Place, argument: str) -> RunRequest:
        """Ask for the code in the language that ``argument`` names."""
        language = place.document.language_at(place.range.start)
        if place.range.empty or language is None:
            raise ActionError("there is no selected code here to translate: select some lines")
        target = argument or next(iter(_TARGETS.get(language, ())), "")
        if not target or len(target) > _MAX_NAME or "\n" in target:
            raise ActionError("there is no language named to translate to: name one, as in Python")
        return self.task(
            place,
            f"Translate this {language.capitalize()} code to {target}.",
            target=place.document.statement(place.range),
            title=f"Translate to {target}",
            form="translate",
        )


ACTION = Translate()
