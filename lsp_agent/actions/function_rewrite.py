"""What the rewrites of one function share: where they are offered, and how they are asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from lsp_agent.actions.spec import ActionError, BaseAction, Offer, Place
from lsp_agent.agent.types import Answer, RunRequest
from lsp_agent.syntax.bodies import FunctionBody, function_body
from lsp_agent.verify.promises import Promise


class FunctionRewrite(BaseAction):
    """A rewrite of the function around the cursor or the selection.

    The model is shown the function, the rest of its file and what it names elsewhere. It answers
    with the whole function; nothing else may change but imports and lines right beside it. An
    argument is what the user wants besides. The function keeps its name and parameters.
    """

    answer: ClassVar[Answer] = "edit"
    title: ClassVar[str]
    """The menu's words, with ``{name}`` in the place of the function's."""
    wanted: ClassVar[str]
    """What it needs to be offered, for an error: ``there is no … here``."""
    promises: ClassVar[tuple[Promise, ...]] = ("signature",)

    def fits(self, place: Place, body: FunctionBody) -> bool:
        """Whether there is anything to do."""
        raise NotImplementedError

    def words(self, body: FunctionBody) -> str:
        """Return what the model is asked."""
        raise NotImplementedError

    def offers(self, place: Place) -> list[Offer]:
        """Offer it where the function fits."""
        body = function_of(place)
        if body is None or not self.fits(place, body):
            return []
        return [Offer(self.title.format(name=body.symbol.name))]

    def request(self, place: Place, argument: str) -> RunRequest:
        """Ask for the function anew."""
        body = function_of(place)
        if body is None or not self.fits(place, body):
            raise ActionError(f"there is no {self.wanted} here")
        words = self.words(body)
        request = self.task(
            place,
            f"{words}\n{argument}" if argument else words,
            target=body.symbol.range,
            title=self.title.format(name=body.symbol.name),
        )
        return replace(request, promises=self.promises)


def function_of(place: Place) -> FunctionBody | None:
    """Return the function that holds a place whole; ``None`` without one."""
    body = function_body(place.document, place.range.start)
    return body if body and place.range.end <= body.symbol.range.end else None
