"""What becomes of the edits of this session: for those who want it kept (``memory.feedback``)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsp_agent.agent.requests import from_json
from lsp_agent.errors import LspAgentError
from lsp_agent.server.background import Background
from lsp_agent.server.documents import OpenDocument
from lsp_agent.store.feedback import Became, Verdict
from lsp_agent.store.rows import JournalError, RunRow
from lsp_agent.syntax.languages import language_of
from lsp_agent.workspace.hunk_review import HunkReview
from lsp_agent.workspace.overlay import FileChange
from lsp_agent.workspace.secrets import is_secret_file

if TYPE_CHECKING:
    from lsp_agent.app import App
    from lsp_agent.server.session import Session

_MAX_GIVEN = 100
_VERDICTS: dict[str, Verdict] = {"whole": "accepted", "part": "edited", "gone": "rejected"}


@dataclass(frozen=True, slots=True)
class _Given:
    """One file's edit that the editor was given."""

    run: RunRow
    number: int
    task: str
    path: str
    review: HunkReview


class Judge:
    """Judges each file of an edit when it is saved next, or when its run is undone.

    ``accepted``: saved as it was made; ``edited``: with other lines in its place, or not all of it;
    ``rejected``: undone or refused. Only the event loop's thread changes it.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._given: dict[tuple[str, str], _Given] = {}
        self._background = Background()

    async def begin(self, app: App, run: RunRow, changes: Sequence[FileChange]) -> None:
        """Take an edit that arrived; what is new or gone as a file is not judged."""
        for uri, given in await self._session.in_thread(lambda: _given(app, run, changes)):
            self._given[run.id, uri] = given
        for key in [*self._given][:-_MAX_GIVEN]:
            del self._given[key]

    def saved(self, document: OpenDocument) -> None:
        """Judge what was given of a document by its text as it is saved."""
        text = document.text.content
        for given in self._taken(lambda _, uri: uri == document.uri):
            self._background.start(self._keep(given, text, None))

    def undone(self, run_id: str) -> None:
        """Take it that a run was wrong; what was judged of it before is rejected with the undo."""
        for given in self._taken(lambda run, _: run == run_id):
            self._background.start(self._keep(given, given.review.after, "rejected"))

    async def refused(self, run_id: str | None, changes: Sequence[FileChange]) -> None:
        """Take it that the user did not want an edit at all."""
        app = await self._session.app()
        if run_id is None or not app.settings.memory.feedback:
            return
        try:
            run = await self._session.in_thread(lambda: app.journal.run(run_id))
        except JournalError:
            return
        for _, given in await self._session.in_thread(lambda: _given(app, run, changes)):
            await self._keep(given, given.review.after, "rejected")

    def _taken(self, wanted: Callable[[str, str], bool]) -> list[_Given]:
        """Return what waits to be judged of a run or a document: each is judged once."""
        return [self._given.pop(key) for key in [*self._given] if wanted(*key)]

    async def _keep(self, given: _Given, now: str, verdict: Verdict | None) -> None:
        app = await self._session.app()
        if app.settings.memory.feedback:
            # Texts are compared, and looked through for secrets.
            await self._session.in_thread(
                lambda: app.memory.feedback.keep(given.run.workspace, _became(given, now, verdict))
            )


def _given(app: App, run: RunRow, changes: Sequence[FileChange]) -> list[tuple[str, _Given]]:
    if not app.settings.memory.feedback:
        return []
    try:
        task = from_json(app.journal.request(run.id)).task
    except LspAgentError:
        task = run.title
    return [
        (change.uri, _Given(run, number, task, change.path, HunkReview.of(before, after)))
        for number, change in enumerate(changes)
        if change.kind == "modify"
        and not is_secret_file(change.path)
        and (before := change.before) is not None
        and (after := change.after) is not None
    ]


def _became(given: _Given, now: str, verdict: Verdict | None) -> Became:
    verdict = verdict or _VERDICTS[given.review.standing(now)]
    before, answer, final = given.review.excerpts(now)
    return Became(
        given.run.id,
        given.number,
        given.run.action,
        language_of(given.path) or "",
        verdict,
        given.task,
        before,
        answer,
        final if verdict == "edited" else "",
    )
