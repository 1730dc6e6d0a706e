"""``lspAgent.undoRun``: take back what a run changed, in the editor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from lsp_agent.agent.ids import new_run_id
from lsp_agent.errors import LspAgentError
from lsp_agent.server.context import Context
from lsp_agent.server.deliver import NotAppliedError, deliver
from lsp_agent.server.edits import UnsupportedEditError
from lsp_agent.server.features.requests import Arguments
from lsp_agent.workspace.errors import UnreadableFileError
from lsp_agent.workspace.overlay import Overlay

if TYPE_CHECKING:
    from lsp_agent.app import App
    from lsp_agent.store.undo import Read
    from lsp_agent.store.undoing import UndoPlan


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder of the session as the editor shows it; ``""`` is no folder at all."""

    workspace: str
    overlay: Overlay
    read: Read


class UndoCommand:
    """The command; unsaved text counts as what is there now."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def __call__(
        self, arguments: Arguments, _token: types.ProgressToken | None
    ) -> dict[str, Any]:
        """Undo a run, or the last one of this session's folders; answer with files and conflicts.

        Raises ``LspAgentError`` where there is nothing to undo, or the editor can't do it.
        """
        session = self._context.session
        app = await session.app()
        wanted = arguments.text("runId")
        folders = self._folders()
        folder, plan = await session.in_thread(lambda: _plan(app, folders, wanted))
        if plan.undo.changes:
            await self._carry_out(app, folder, plan)
        answer: dict[str, Any] = plan.to_json()
        if plan.undo.conflicts:
            left = "\n".join(str(one) for one in plan.undo.conflicts)
            self._context.tell(f"lsp-agent: left as they are:\n{left}")
        return answer

    async def _carry_out(self, app: App, folder: _Folder, plan: UndoPlan) -> None:
        session = self._context.session
        changes = plan.undo.changes
        if folder.workspace:
            uri = folder.overlay.uri
            changes = tuple(
                replace(one, uri=uri(one.path), new_uri=one.new_path and uri(one.new_path))
                for one in changes
            )
        undone = await session.in_thread(lambda: app.undoing.begin(plan, new_run_id()))
        try:
            await deliver(
                self._context.server,
                session,
                folder.overlay,
                changes,
                f"lsp-agent: undo {plan.run.title}",
                undone.run_id,
            )
        except LspAgentError as error:
            shown = _without_an_editor(error, plan.run.id)
            await session.in_thread(lambda: undone.fail(shown))
            raise shown from error
        await session.in_thread(undone.finish)
        session.judge.undone(plan.run.id)

    def _folders(self) -> list[_Folder]:
        session = self._context.session
        found = []
        for root in session.roots:
            overlay = session.overlay_of(root)
            found.append(_Folder(str(root.path), overlay, _reader(overlay)))
        texts = {document.uri: document.text.content for document in session.documents}
        return [*found, _Folder("", Overlay(None), _open_only(texts))]


def _plan(app: App, folders: list[_Folder], wanted: str | None) -> tuple[_Folder, UndoPlan]:
    if wanted is not None:
        run = app.journal.run(wanted)
        for folder in folders:
            if folder.workspace == run.workspace:
                return folder, app.undoing.plan(run, folder.read)
        raise LspAgentError(
            f"run {run.id} changed files of {run.workspace}, which is not open here; use: "
            f"lsp-agent runs undo {run.id}"
        )
    plans = [(one, app.undoing.plan_last(one.workspace, one.read)) for one in folders]
    found = [(folder, plan) for folder, plan in plans if plan is not None]
    if not found:
        raise LspAgentError("no run changed anything here that is still there")
    return max(found, key=lambda pair: pair[1].run.id)


def _reader(overlay: Overlay) -> Read:
    return lambda path: overlay.read(path) if overlay.exists(path) else None


def _open_only(texts: dict[str, str]) -> Callable[[str], str | None]:
    def read(uri: str) -> str:
        if uri not in texts:
            raise UnreadableFileError(f"it is not open; open {uri} and undo again")
        return texts[uri]

    return read


def _without_an_editor(error: LspAgentError, run_id: str) -> LspAgentError:
    """Name the command that does it on the disk, where this editor can't."""
    if isinstance(error, UnsupportedEditError):
        reason = str(error).partition(";")[0]
        return UnsupportedEditError(f"{reason}; use: lsp-agent runs undo {run_id}")
    if isinstance(error, NotAppliedError):
        return NotAppliedError(f"{error}; without the editor: lsp-agent runs undo {run_id}")
    return error
