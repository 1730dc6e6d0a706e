"""What an action is: where it applies, what is asked of the agent, and an example of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import entry_points
from typing import ClassVar, Literal, Protocol

from lsp_agent.agent.types import (
    Answer,
    AnswerForm,
    DiagnosticNote,
    FileEdits,
    Focus,
    RunRequest,
)
from lsp_agent.errors import LspAgentError
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.workspace.edits import TextEdit
from lsp_agent.workspace.positions import Range

Reach = Literal["file", "workspace"]
"""What an action may change: the file it is asked in, or any file of the workspace."""

Spot = Literal["selection", "name", "body"]
"""Where a user stands: on selected text, on the lines that a definition begins with, elsewhere."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the user asks: a document with its (already parsed) syntax, and a selection."""

    path: str
    document: SyntaxDocument
    range: Range
    diagnostics: tuple[DiagnosticNote, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """An action that can be taken here; ``disabled`` says why it can't be run just now.

    ``argument`` is what tells two offers of one action apart (the diagnostic's index, the
    instruction); it travels in the code action's ``data`` and comes back to :meth:`Action.request`.
    Without ``needs_model`` it is there whatever model is set.
    """

    title: str
    argument: str = ""
    disabled: str | None = None
    preferred: bool = False
    needs_model: bool = True


@dataclass(frozen=True, slots=True)
class Example:
    """One use: ``before`` holds a ``$0`` cursor or a ``«selection»``; ``after`` is a good result.

    ``diagnostic`` is the message of a diagnostic on the marked place, where the action needs one,
    and ``code`` its code; ``argument`` is what the user types.
    Where more than one file matters each begins with a line ``#- PATH``; ``after`` has those that
    changed.
    """

    language: str
    before: str
    after: str
    diagnostic: str = ""
    argument: str = ""
    code: str = ""


class ActionError(LspAgentError):
    """An action that does not apply here any more; the message says why."""

    code = "action-not-applicable"


class Action(Protocol):
    """One entry of the catalogue; the attributes are constants.

    ``proof`` says in a few words what shows that a result is right, beyond the checks that every
    edit passes; ``""`` where there is nothing more. ``suits`` are the spots where it comes before
    others, should there be too many for a menu.
    """

    name: ClassVar[str]
    kind: ClassVar[str]
    summary: ClassVar[str]
    answer: ClassVar[Answer]
    example: ClassVar[Example]
    reach: ClassVar[Reach]
    proof: ClassVar[str]
    suits: ClassVar[frozenset[Spot]]

    def offers(self, place: Place) -> list[Offer]:
        """List what can be done here, best first; no inference, a few milliseconds at most."""
        ...

    def request(self, place: Place, argument: str) -> RunRequest:
        """Turn a chosen offer into a task; raises ``ActionError`` when it no longer applies."""
        ...


class BaseAction:
    """What every action of ours shares: the shape of its request."""

    name: ClassVar[str]
    answer: ClassVar[Answer]
    reach: ClassVar[Reach] = "file"
    proof: ClassVar[str] = ""
    suits: ClassVar[frozenset[Spot]] = frozenset({"selection", "name", "body"})

    def task(
        self,
        place: Place,
        task: str,
        *,
        target: Range,
        title: str,
        form: AnswerForm = "rewrite",
        bounded: bool = True,
    ) -> RunRequest:
        """Return a request about ``target`` that may change what the action reaches.

        Besides the target only imports may change, unless it is not ``bounded``.
        """
        return RunRequest(
            task=task,
            focus=Focus(place.path, place.range, place.diagnostics),
            target=target,
            scope=frozenset({place.path}) if self.reach == "file" else None,
            answer=self.answer,
            form=form,
            action=self.name,
            title=title,
            bounded=bounded,
        )

    def given(
        self, place: Place, edits: Mapping[str, Sequence[TextEdit]], title: str
    ) -> RunRequest:
        """Return a request whose edits are known already: no model is asked.

        ``edits`` are those of each path, in any order, and do not overlap.
        """
        request = self.task(
            place, title, target=place.range, title=title, form="given", bounded=False
        )
        files = tuple(FileEdits(path, tuple(rows)) for path, rows in edits.items())
        return replace(request, edits=files, needs_model=False)


def load_actions(warn: Callable[[str], None]) -> dict[str, Action]:
    """Collect the installed actions by name; a broken plugin costs one warning, not the server."""
    actions: dict[str, Action] = {}
    for point in entry_points(group="lsp_agent.actions"):
        try:
            family: Iterable[Action] = point.load()
            actions.update({action.name: action for action in family})
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything at import
            warn(f"the action {point.name} is off: {error}")
    return actions
