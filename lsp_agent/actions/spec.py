"""What an action is: where it applies, what is asked of the agent, and an example of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, Protocol, cast

from lsp_agent.agent.types import (
    Answer,
    AnswerForm,
    DiagnosticNote,
    FileEdits,
    Focus,
    RunRequest,
)
from lsp_agent.errors import LspAgentError
from lsp_agent.plugins import Guard, Plugins
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
    edit passes; ``""`` where there is nothing more. One that ``needs_folder`` does nothing for a
    document that lies in none. ``suits`` are the spots where it comes before others, should there
    be too many for a menu.
    """

    name: ClassVar[str]
    kind: ClassVar[str]
    summary: ClassVar[str]
    answer: ClassVar[Answer]
    example: ClassVar[Example]
    reach: ClassVar[Reach]
    proof: ClassVar[str]
    needs_folder: ClassVar[bool]
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
    needs_folder: ClassVar[bool] = False
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

    def by_rule(
        self,
        place: Place,
        title: str,
        form: AnswerForm,
        argument: str = "",
        *,
        needs_model: bool = False,
    ) -> RunRequest:
        """Return a request that the run of a form carries out itself, told the ``argument``.

        A model is loaded for it where it ``needs_model``. Which forms there are is no part of
        :mod:`lsp_agent.api`.
        """
        request = self.task(place, title, target=place.range, title=title, form=form, bounded=False)
        return replace(request, argument=argument, needs_model=needs_model)

    def given(
        self, place: Place, edits: Mapping[str, Sequence[TextEdit]], title: str
    ) -> RunRequest:
        """Return a request whose edits are known already: no model is asked.

        ``edits`` are those of each path, in any order, and do not overlap.
        """
        files = tuple(FileEdits(path, tuple(rows)) for path, rows in edits.items())
        return replace(self.by_rule(place, title, "given"), edits=files)


def load_actions(warn: Callable[[str], None], plugins: Plugins | None = None) -> dict[str, Action]:
    """Collect our actions and those of plugins by name; a broken plugin costs one warning."""
    plugins = plugins or Plugins(warn)
    return plugins.load("lsp_agent.actions", _unfit, _guarded)


def _unfit(value: object) -> str:
    if not isinstance(value, BaseAction):
        return f"{value!r:.80} is no BaseAction"
    for attribute in ("name", "kind", "summary", "answer"):
        if not isinstance(getattr(value, attribute, None), str):
            return f"{value!r:.80} has no {attribute}"
    if not isinstance(getattr(value, "example", None), Example):
        return f"{value.name} has no example"
    methods = (getattr(value, one, None) for one in ("offers", "request"))
    return "" if all(map(callable, methods)) else f"{value.name} lacks offers or request"


class _GuardedAction:
    """A plugin's action that lists nothing and says why, once its code has failed."""

    def __init__(self, action: Action, guard: Guard) -> None:
        self._action = action
        self._guard = guard

    def __getattr__(self, name: str) -> Any:
        return getattr(self._action, name)

    def offers(self, place: Place) -> list[Offer]:
        if self._guard.off:
            return []
        try:
            return [_offer(one) for one in self._action.offers(place)]
        except (Exception, SystemExit) as error:  # noqa: BLE001 - it may raise anything
            self._guard.failed(self._action.name, error)
            return []

    def request(self, place: Place, argument: str) -> RunRequest:
        if self._guard.off:
            raise ActionError(f"{self._action.name} is off: its plugin failed")
        try:
            made = self._action.request(place, argument)
        except LspAgentError:
            raise
        except (Exception, SystemExit) as error:
            raise ActionError(self._guard.failed(self._action.name, error)) from error
        if not isinstance(made, RunRequest):
            raise ActionError(self._guard.failed(self._action.name, TypeError(repr(made))))
        return made


def _offer(value: Any) -> Offer:
    if not isinstance(value, Offer):
        raise TypeError(f"{value!r:.80} is no Offer")
    return value


def _guarded(action: Action, guard: Guard) -> Action:
    return cast("Action", _GuardedAction(action, guard))
