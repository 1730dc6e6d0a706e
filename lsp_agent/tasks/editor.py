"""An editor without a screen: one folder on disk, one open document, edits as they arrive."""

from __future__ import annotations

import queue
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from lsp_agent.demo.client import LspClient
from lsp_agent.demo.editor import CODE_ACTIONS, EditError, text_edit
from lsp_agent.tasks.spec import Task
from lsp_agent.workspace.edits import apply_edits
from lsp_agent.workspace.text import Text

CAPABILITIES: Mapping[str, Any] = {
    # Our positions count code points, so that nothing has to be translated.
    "general": {"positionEncodings": ["utf-32"]},
    "window": {"workDoneProgress": True, "showDocument": {"support": True}},
    "workspace": {
        "applyEdit": True,
        "workspaceFolders": True,
        "workspaceEdit": {
            "documentChanges": True,
            "resourceOperations": ["create", "rename", "delete"],
        },
    },
    "textDocument": {"codeAction": CODE_ACTIONS},
}

_REACT = {".tsx": "typescriptreact", ".jsx": "javascriptreact"}


class TaskEditor:
    """A client's side of one task; ``applied`` says whether an edit reached the folder.

    Requests for a choice stay without an answer, which refuses what is asked. ``ended`` gets how
    each run ended, ``shown`` the texts that the server shows; ``messages`` are its words.
    """

    def __init__(self, task: Task, folder: Path) -> None:
        self._task = task
        self._folder = folder
        self.uri = (folder / task.path).as_uri()
        self.folder = {"uri": folder.as_uri(), "name": folder.name}
        self.version = 1
        self.applied = False
        self.messages: list[str] = []
        self.ended: queue.Queue[str] = queue.Queue()
        self.shown: queue.Queue[str] = queue.Queue()
        self.edits: queue.Queue[None] = queue.Queue()
        self._runs: set[Any] = set()
        self._client: LspClient

    def open(self, client: LspClient) -> None:
        """Add the folder and open the document."""
        self._client = client
        event = {"added": [self.folder], "removed": []}
        client.notify("workspace/didChangeWorkspaceFolders", {"event": event})
        document = {
            "uri": self.uri,
            "languageId": _REACT.get(Path(self._task.path).suffix, self._task.language),
            "version": self.version,
            "text": self._task.files[self._task.path],
        }
        client.notify("textDocument/didOpen", {"textDocument": document})

    def close(self) -> None:
        """Close the document and leave the folder."""
        self._client.notify("textDocument/didClose", {"textDocument": {"uri": self.uri}})
        event = {"added": [], "removed": [self.folder]}
        self._client.notify("workspace/didChangeWorkspaceFolders", {"event": event})

    def listen(self, method: str, params: Mapping[str, Any]) -> Any:
        """Serve the server's requests and notifications."""
        if method == "$/progress":
            self._on_progress(params.get("token"), params.get("value") or {})
        elif method == "window/showMessage":
            self.messages.append(str(params.get("message", "")))
        elif method == "window/showDocument":
            self.shown.put(_path(str(params["uri"])).read_text("utf-8"))
            return {"success": True}
        elif method == "workspace/applyEdit":
            try:
                self.take(params["edit"])
            except EditError as error:
                return {"applied": False, "failureReason": str(error)}
            self.edits.put(None)
            return {"applied": True}
        return None

    def take(self, edit: Mapping[str, Any]) -> None:
        """Carry a WorkspaceEdit out on the disk; raises :class:`EditError`.

        Of the open document the server hears as it would of typing.
        """
        for change in edit.get("documentChanges") or ():
            self._carry_out(change)
        self.applied = True

    def _carry_out(self, change: Mapping[str, Any]) -> None:
        kind = change.get("kind")
        if kind == "create":
            file = self._inside(change["uri"])
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
        elif kind == "rename":
            new = self._inside(change["newUri"])
            new.parent.mkdir(parents=True, exist_ok=True)
            self._inside(change["oldUri"]).rename(new)
        elif kind == "delete":
            self._inside(change["uri"]).unlink()
        else:
            self._write(change["textDocument"]["uri"], change["edits"])

    def _write(self, uri: str, edits: Any) -> None:
        file = self._inside(uri)
        if not file.is_file():
            raise EditError(f"{file.name} is not there")
        before = Text(file.read_bytes().decode())
        after = apply_edits(before, [text_edit(one) for one in edits]).content
        file.write_bytes(after.encode())
        if uri == self.uri:
            self.version += 1
            document = {"uri": uri, "version": self.version}
            changes = {"textDocument": document, "contentChanges": [{"text": after}]}
            self._client.notify("textDocument/didChange", changes)

    def _inside(self, uri: str) -> Path:
        file = _path(uri)
        if not file.resolve().is_relative_to(self._folder):
            raise EditError(f"{file} lies outside the task's folder")
        return file

    def _on_progress(self, token: Any, value: Mapping[str, Any]) -> None:
        """Notice a run's end; the indexing of the folder has a progress of its own."""
        kind = value.get("kind")
        if kind == "begin" and str(value.get("title", "")).startswith("lsp-agent"):
            self._runs.add(token)
        if kind == "end" and token in self._runs:
            self.ended.put(str(value.get("message", "")))


def _path(uri: str) -> Path:
    return Path(url2pathname(urlsplit(uri).path))
