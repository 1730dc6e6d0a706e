"""What an editor holds for one open document: its text, its version, the edits that arrive."""

from __future__ import annotations

import queue
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lsp_agent.demo.client import LspClient
from lsp_agent.errors import LspAgentError
from lsp_agent.workspace.edits import TextEdit, apply_edits
from lsp_agent.workspace.positions import Position, Range
from lsp_agent.workspace.text import Text

CODE_ACTIONS: Mapping[str, Any] = {
    "dataSupport": True,
    "disabledSupport": True,
    "resolveSupport": {"properties": ["edit"]},
    "codeActionLiteralSupport": {
        "codeActionKind": {"valueSet": ["", "quickfix", "refactor", "source"]}
    },
}
CAPABILITIES: Mapping[str, Any] = {
    # Our positions count code points, so that nothing has to be translated.
    "general": {"positionEncodings": ["utf-32"]},
    "window": {"workDoneProgress": True, "showMessage": {}},
    "workspace": {
        "applyEdit": True,
        "workspaceEdit": {"documentChanges": True},
        "configuration": True,
    },
    "textDocument": {"codeAction": CODE_ACTIONS},
}


class EditError(LspAgentError):
    """An edit that a client did not declare, or for a text or file that it has not."""

    code = "bad-edit"


class Editor:
    """The client's side of one session with one open document.

    ``progress`` hears each step in words with its percentage; messages for the user are kept.
    """

    def __init__(self, file: Path, progress: Callable[[str, int | None], None]) -> None:
        self.file = file
        self.uri = file.as_uri()
        self.text = file.read_text("utf-8")
        self.version = 1
        self.settings: Mapping[str, Any] = {}
        self.messages: list[str] = []
        self.edits: queue.Queue[Mapping[str, Any]] = queue.Queue()
        self.ended: queue.Queue[str] = queue.Queue()
        self._runs: set[Any] = set()
        self._progress = progress

    def open(self, client: LspClient) -> None:
        """Tell the server that the document is open."""
        document = {"uri": self.uri, "languageId": "python", "version": 1, "text": self.text}
        client.notify("textDocument/didOpen", {"textDocument": document})

    def listen(self, method: str, params: Mapping[str, Any]) -> Any:
        """Serve the server's requests and notifications."""
        if method == "$/progress":
            self._on_progress(params.get("token"), params.get("value") or {})
        elif method == "window/showMessage":
            self.messages.append(str(params.get("message", "")))
        elif method == "workspace/applyEdit":
            self.edits.put(params["edit"])
            return {"applied": True}
        elif method == "workspace/configuration":
            return [self.settings for _ in params.get("items", ())]
        return None

    def edited(self, edit: Mapping[str, Any]) -> str:
        """Return the document's text with a WorkspaceEdit; raises :class:`EditError`."""
        changes = edit.get("documentChanges") or [
            {"textDocument": {"uri": uri, "version": None}, "edits": edits}
            for uri, edits in (edit.get("changes") or {}).items()
        ]
        text = Text(self.text)
        for change in changes:
            document = change.get("textDocument", {})
            if document.get("uri") != self.uri:
                raise EditError(f"the edit is for {document.get('uri')}, not for {self.uri}")
            if document.get("version") not in (None, self.version):
                raise EditError(f"the edit is for version {document.get('version')} of the text")
            text = apply_edits(text, [text_edit(one) for one in change["edits"]])
        return text.content

    def take(self, client: LspClient, text: str) -> None:
        """Make a text the document's, and tell the server."""
        self.text = text
        self.version += 1
        client.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": self.uri, "version": self.version},
                "contentChanges": [{"text": text}],
            },
        )

    def _on_progress(self, token: Any, value: Mapping[str, Any]) -> None:
        """Show how a run goes on; the indexing of the folder has a progress of its own."""
        kind = value.get("kind")
        if kind == "begin" and str(value.get("title", "")).startswith("lsp-agent"):
            self._runs.add(token)
        if token not in self._runs:
            return
        if kind == "end":
            self.ended.put(str(value.get("message", "")))
        elif kind == "begin":
            self._progress(str(value.get("title", "")), None)
        else:
            self._progress(str(value.get("message", "")), value.get("percentage"))


def text_edit(edit: Mapping[str, Any]) -> TextEdit:
    """Read an edit of the protocol, with positions in code points."""
    places = [
        Position(edit["range"][end]["line"], edit["range"][end]["character"])
        for end in ("start", "end")
    ]
    return TextEdit(Range(places[0], places[1]), edit["newText"])
