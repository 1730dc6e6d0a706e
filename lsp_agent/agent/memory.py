"""What an app keeps between runs, besides the journal's own record."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lsp_agent.agent.response_cache import CachingEngine
from lsp_agent.agent.types import RunRequest, RunResult
from lsp_agent.config.model import AnyEngineSettings, LlamaSettings, MemorySettings
from lsp_agent.engine.types import Engine
from lsp_agent.store.feedback import Became, Feedback
from lsp_agent.store.journal import Journal, JournalError
from lsp_agent.store.notes import Notebook
from lsp_agent.store.responses import Responses
from lsp_agent.store.sealing import DAMAGED, SEALED
from lsp_agent.store.sessions import Sessions, Turn
from lsp_agent.syntax.languages import language_of

_MAX_EXAMPLES = 200


class Memory:
    """Sessions, notes, feedback and answers in one journal; ``settings`` are asked each time."""

    def __init__(self, journal: Journal, settings: Callable[[], MemorySettings]) -> None:
        self._journal = journal
        self._settings = settings
        self.sessions = Sessions(journal)
        self.feedback = Feedback(journal)
        self.responses = Responses(journal)

    def notebook(self, workspace: str, run_id: str = "") -> Notebook | None:
        """Return the notes on a folder; ``None`` without one, and where the settings say so."""
        settings = self._settings()
        if not (workspace and settings.notes):
            return None
        return Notebook(self._journal, workspace, settings.note_days, run_id)

    def turns(self, workspace: str, request: RunRequest) -> tuple[Turn, ...]:
        """Return what was said before in a request's session."""
        if not (request.session and self._settings().sessions):
            return ()
        try:
            turns = self.sessions.turns(workspace, request.session)
            return tuple(turn for turn in turns if turn.task not in (SEALED, DAMAGED))
        except JournalError:
            # Recording the run warns of it.
            return ()

    def conclude(self, workspace: str, request: RunRequest, result: RunResult) -> None:
        """Add a run to its session; one that was cancelled said nothing."""
        if not (request.session and self._settings().sessions) or result.status == "cancelled":
            return
        went = result.status in ("edited", "answered")
        summary = result.summary if went else f"{result.status}: {result.summary}"
        files = tuple(change.new_path or change.path for change in result.changes)
        text = result.text if went and not result.text.startswith("```") else ""
        turn = Turn(result.run_id, request.task, summary, text, files)
        self.sessions.append(workspace, request.session, turn)

    def examples(self, workspace: str, request: RunRequest) -> tuple[Became, ...]:
        """Return accepted edits of a request's action and language, where they are wanted."""
        settings = self._settings()
        if not (settings.feedback and settings.examples and request.focus):
            return ()
        language = language_of(request.focus.path) or ""
        try:
            rows = self.feedback.rows(
                workspace,
                limit=_MAX_EXAMPLES,
                verdict="accepted",
                action=request.action,
                language=language,
            )
        except JournalError:
            return ()
        return tuple(row for row in rows if row.answer not in (SEALED, DAMAGED))

    def caching(self, engine: Engine, settings: AnyEngineSettings) -> Engine:
        """Return an engine that answers what it was asked before, where the settings want it."""
        identity = settings.model_dump_json() + _file_state(settings)
        return CachingEngine(engine, identity, self.responses, lambda: self._settings().responses)


def _file_state(settings: AnyEngineSettings) -> str:
    """Tell a model's file from another one that takes its name."""
    if not isinstance(settings, LlamaSettings):
        return ""
    try:
        found = Path(settings.model).expanduser().stat()
    except OSError:
        return ""
    return f"{found.st_size} {found.st_mtime_ns}"
