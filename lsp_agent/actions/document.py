"""Write documentation for the definition at the cursor."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.spec import ActionError, BaseAction, Example, Offer, Place, Spot
from lsp_agent.agent.types import Answer, RunRequest
from lsp_agent.syntax.symbols import Symbol

# Their names are those of data and of headings.
_DATA = frozenset({"css", "html", "json", "markdown", "toml", "yaml"})


class Document(BaseAction):
    """Documentation in the language's own form: a docstring, or a comment above."""

    name: ClassVar = "document"
    kind: ClassVar = "refactor.rewrite.lspAgent.document"
    summary: ClassVar = "write documentation for the function, method or class at the cursor"
    answer: ClassVar[Answer] = "edit"
    suits: ClassVar[frozenset[Spot]] = frozenset({"name"})
    example: ClassVar = Example(
        language="python",
        before="def area(width, height):$0\n    return width * height\n",
        after=(
            "def area(width, height):\n"
            '    """Return the area of a rectangle of this width and height."""\n'
            "    return width * height\n"
        ),
    )

    def offers(self, place: Place) -> list[Offer]:
        """Offer it where there is a definition."""
        symbol = _defined(place)
        if symbol is None:
            return []
        verb = "Update the documentation of" if symbol.docstring else "Document"
        return [Offer(f"{verb} {symbol.name}")]

    def request(self, place: Place, argument: str) -> RunRequest:  # noqa: ARG002 - the protocol has it
        """Ask for the definition with documentation."""
        symbol = _defined(place)
        if symbol is None:
            raise ActionError("there is no function, method or class here to document")
        form = "docstring" if place.document.language == "python" else "documentation comment"
        parameters = ", ".join(name for name in symbol.parameters if name not in ("self", "cls"))
        names = (
            f" Speak of every parameter ({parameters}) and of nothing else." if parameters else ""
        )
        return self.task(
            place,
            f"Write a {form} for {symbol.name}.{names} Change nothing but the {form}.",
            target=symbol.range,
            title=f"Document {symbol.name}",
            form="docstring",
        )


def _defined(place: Place) -> Symbol | None:
    at = place.range.start
    return None if place.document.language_at(at) in _DATA else place.document.enclosing(at)


ACTION = Document()
