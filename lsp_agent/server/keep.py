"""Remembering what an editor was given: so that it can be taken back, also after a restart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from lsp_agent.server.background import Background
from lsp_agent.server.session import Session
from lsp_agent.store.changes import State
from lsp_agent.store.rows import JournalError
from lsp_agent.store.undoing import ACTION as UNDO
from lsp_agent.workspace.overlay import FileChange, Overlay

if TYPE_CHECKING:
    from lsp_agent.app import App

WATCH_SECONDS = 60.0


class Keeper:
    """Writes down a run's changes as they were delivered, fitted to the text of that moment."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._background = Background()

    async def offered(self, run_id: str, overlay: Overlay, changes: Sequence[FileChange]) -> None:
        """Write down what is about to be given to the editor."""
        await self._record(run_id, overlay, changes, "offered")

    async def applied(self, run_id: str, overlay: Overlay, changes: Sequence[FileChange]) -> None:
        """Write down what arrived, and leave a checkpoint of it, which nobody waits for."""
        arrived = [self._arrived(change) for change in changes]
        await self._record(run_id, overlay, arrived, "applied")
        app = await self._session.app()
        files = [change.new_path or change.path for change in arrived]
        app.journal.note("edit_applied", run_id, {"files": files})
        await self._follow(app, run_id, arrived)
        root = overlay.root
        if root is not None:
            work = self._session.in_thread(lambda: app.checkpoint(root, run_id, arrived))
            self._background.start(work)

    async def amended(self, run_id: str, overlay: Overlay, change: FileChange) -> None:
        """Write down what is left of a file's change after a part of it was taken back."""
        app = await self._session.app()
        path = change.path if overlay.root is not None else change.uri
        await self._session.in_thread(lambda: app.changes.amend(run_id, path, change.after))
        app.journal.note("edit_undone", run_id, {"undoes": run_id, "files": [change.path]})

    def watch(self, run_id: str, overlay: Overlay, changes: Sequence[FileChange]) -> None:
        """See whether the editor takes an edit that it was given as an answer."""
        self._background.start(self._watch(run_id, overlay, changes))

    async def _watch(self, run_id: str, overlay: Overlay, changes: Sequence[FileChange]) -> None:
        documents = self._session.documents
        for change in changes:
            if change.kind == "modify" and documents.get(change.uri) is not None:
                text = change.after or ""
                if await documents.wait_for_text(change.uri, text, WATCH_SECONDS):
                    await self.applied(run_id, overlay, changes)
                return

    async def _record(
        self, run_id: str, overlay: Overlay, changes: Sequence[FileChange], state: State
    ) -> None:
        app = await self._session.app()
        if overlay.root is None:
            changes = [replace(change, path=change.uri) for change in changes]
        await self._session.in_thread(lambda: app.changes.record(run_id, changes, state))

    async def _follow(self, app: App, run_id: str, arrived: Sequence[FileChange]) -> None:
        """Let the user look at an edit hunk by hunk, unless it takes another back."""
        try:
            row = await self._session.in_thread(lambda: app.journal.run(run_id))
        except JournalError:
            return
        if row.action != UNDO:
            await self._session.hunks.begin(run_id, arrived)
            await self._session.judge.begin(app, row, arrived)

    def _arrived(self, change: FileChange) -> FileChange:
        """Return a change with the text that the editor made of it: its line ends may differ."""
        document = self._session.documents.get(change.new_uri or change.uri)
        if change.after is None or document is None:
            return change
        text = document.text.content
        same = text.replace("\r\n", "\n") == change.after.replace("\r\n", "\n")
        return replace(change, after=text) if same else change
