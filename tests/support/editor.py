"""A scripted editor over pytest-lsp: real documents, real edits, the server's real process.

It keeps documents as an editor does, carries out what the server asks for, and sends the changes
back, so that a test can speak of texts instead of messages.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from lsprotocol import types as T
from lsprotocol.converters import get_converter
from pytest_lsp import LanguageClient, make_test_lsp_client

CLIENTS = sorted((Path(__file__).parent.parent / "fixtures" / "clients").glob("*.json"))
_UNITS = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}
_WIDTH = {"utf-8": 1, "utf-16": 2, "utf-32": 4}


def capabilities(name: str) -> T.ClientCapabilities:
    """Return the real capabilities of an editor by the start of its file's name."""
    path = next(path for path in CLIENTS if path.stem.startswith(name))
    raw = json.loads(path.read_text("utf-8"))["capabilities"]
    return get_converter().structure(raw, T.ClientCapabilities)


class Editor:
    """One editor window on one folder."""

    def __init__(self, client: LanguageClient, folder: Path) -> None:
        self.client = client
        self.folder = folder
        self.encoding = "utf-16"
        self.texts: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self.applied: list[T.ApplyWorkspaceEditParams] = []
        self.messages: list[str] = []
        self.questions: list[T.ShowMessageRequestParams] = []
        self.shown: list[str] = []
        self.progress: list[Any] = []
        self.answer: Callable[[T.ShowMessageRequestParams], str | Awaitable[str | None] | None] = (
            lambda _: None
        )
        self.apply_mode = "apply"
        self.capabilities = T.ServerCapabilities()
        self.registered: set[str] = set()
        self.options: dict[str, Any] = {}
        self._register()

    def _register(self) -> None:
        client = self.client

        @client.feature(T.WORKSPACE_APPLY_EDIT)
        def _(params: T.ApplyWorkspaceEditParams) -> T.ApplyWorkspaceEditResult:
            self.applied.append(params)
            if self.apply_mode == "refuse":
                return T.ApplyWorkspaceEditResult(applied=False, failure_reason="not now")
            if self.apply_mode == "apply":
                self.carry_out(params.edit)
            return T.ApplyWorkspaceEditResult(applied=True)

        @client.feature(T.CLIENT_REGISTER_CAPABILITY)
        def _(params: T.RegistrationParams) -> None:
            self.registered |= {one.method for one in params.registrations}
            self.options |= {one.method: one.register_options for one in params.registrations}

        @client.feature(T.CLIENT_UNREGISTER_CAPABILITY)
        def _(params: T.UnregistrationParams) -> None:
            self.registered -= {one.method for one in params.unregisterations}

        @client.feature(T.WINDOW_SHOW_MESSAGE_REQUEST)
        async def _(params: T.ShowMessageRequestParams) -> T.MessageActionItem | None:
            self.questions.append(params)
            answer = self.answer(params)
            title = await answer if isinstance(answer, Awaitable) else answer
            return T.MessageActionItem(title) if title else None

    async def start(
        self, caps: T.ClientCapabilities, options: Mapping[str, Any] | None = None
    ) -> T.InitializeResult:
        """Open the session."""
        result = await self.client.initialize_session(
            T.InitializeParams(
                process_id=os.getpid(),
                capabilities=caps,
                root_uri=self.folder.as_uri(),
                workspace_folders=[T.WorkspaceFolder(self.folder.as_uri(), "ws")],
                initialization_options=dict(options or {}),
            )
        )
        self.capabilities = result.capabilities
        chosen = result.capabilities.position_encoding
        self.encoding = str(getattr(chosen, "value", chosen) or "utf-16")
        return result

    def open(self, name: str, text: str, language: str = "python") -> str:
        """Write a file and open it; return its URI."""
        path = self.folder / name
        path.write_bytes(text.encode())
        return self.open_uri(path.as_uri(), text, language)

    def open_uri(self, uri: str, text: str, language: str = "python") -> str:
        """Open a document that need not be a file."""
        self.texts[uri], self.versions[uri] = text, 1
        item = T.TextDocumentItem(uri, language, 1, text)
        self.client.text_document_did_open(T.DidOpenTextDocumentParams(item))
        return uri

    def change(self, uri: str, text: str) -> None:
        """Replace a document's text, as typing would."""
        self.texts[uri] = text
        self.versions[uri] += 1
        self.client.text_document_did_change(
            T.DidChangeTextDocumentParams(
                T.VersionedTextDocumentIdentifier(self.versions[uri], uri),
                [T.TextDocumentContentChangeWholeDocument(text)],
            )
        )

    def type(self, uri: str, before: str, text: str) -> None:
        """Insert a text before the first occurrence of another, as one key would."""
        at = self.at(uri, before, 0)
        self.versions[uri] += 1
        self.texts[uri] = self.texts[uri].replace(before, text + before, 1)
        self.client.text_document_did_change(
            T.DidChangeTextDocumentParams(
                T.VersionedTextDocumentIdentifier(self.versions[uri], uri),
                [T.TextDocumentContentChangePartial(at, text)],
            )
        )

    def at(self, uri: str, needle: str, size: int | None = None) -> T.Range:
        """Return the range of the first occurrence of a text, as this editor counts."""
        index = self.texts[uri].index(needle)
        end = index + (len(needle) if size is None else size)
        return T.Range(self._position(uri, index), self._position(uri, end))

    async def actions(
        self,
        uri: str,
        range_: T.Range,
        diagnostics: list[T.Diagnostic] | None = None,
        only: list[str] | None = None,
    ) -> list[Any]:
        """Ask for code actions."""
        context = T.CodeActionContext(diagnostics=diagnostics or [], only=only)
        found = await self.client.text_document_code_action_async(
            T.CodeActionParams(T.TextDocumentIdentifier(uri), range_, context)
        )
        return list(found or [])

    async def take(self, action: T.CodeAction) -> T.WorkspaceEdit:
        """Choose an action and take its edit, whichever of the two ways it comes; return it.

        A run that ends soon has it in the resolved action; a longer one, as on a machine that is
        busy, leaves a command there, and the edit comes by ``workspace/applyEdit``.
        """
        resolved = await self.client.code_action_resolve_async(action)
        if resolved.edit is not None:
            self.carry_out(resolved.edit)
            return resolved.edit
        assert resolved.command is not None
        before = len(self.applied)
        await self.command(resolved.command.command, (resolved.command.arguments or [None])[0])
        await self.until(lambda: len(self.applied) > before)
        return self.applied[-1].edit

    async def command(self, name: str, argument: Any = None, token: Any = None) -> Any:
        """Execute a command."""
        return await self.client.workspace_execute_command_async(
            T.ExecuteCommandParams(
                name, [] if argument is None else [argument], work_done_token=token
            )
        )

    def carry_out(self, edit: T.WorkspaceEdit) -> None:
        """Apply an edit to the open documents, or else to the disk."""
        for change in edit.document_changes or []:
            if isinstance(change, T.CreateFile):
                path = self._path(change.uri)
                if not (path.exists() and change.options and change.options.ignore_if_exists):
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text("")
            elif isinstance(change, T.DeleteFile):
                self._path(change.uri).unlink()
            elif isinstance(change, T.RenameFile):
                self._path(change.old_uri).rename(self._path(change.new_uri))
            else:
                self._edit(change.text_document.uri, change.edits)
        for uri, edits in (edit.changes or {}).items():
            self._edit(uri, edits)

    async def until(self, condition: Callable[[], Any], seconds: float = 20) -> Any:
        """Wait until a condition holds."""
        async with asyncio.timeout(seconds):
            while not (value := condition()):
                await asyncio.sleep(0.01)
            return value

    def diagnostics(self, uri: str) -> list[T.Diagnostic] | None:
        """Return what was last published for a document."""
        return self.client.diagnostics.get(uri)

    def log(self) -> list[str]:
        """Return the messages shown to the user."""
        return [message.message for message in self.client.messages]

    def _edit(self, uri: str, edits: Any) -> None:
        known = uri in self.texts
        text = self.texts[uri] if known else self._path(uri).read_bytes().decode()
        spans = sorted(
            ((self._offset(text, e.range.start), self._offset(text, e.range.end), e.new_text)
             for e in edits),
            reverse=True,
        )  # fmt: skip
        for start, end, new in spans:
            text = text[:start] + new + text[end:]
        if known:
            self.change(uri, text)
        else:
            self._path(uri).write_bytes(text.encode())

    def _path(self, uri: str) -> Path:
        from pygls.uris import to_fs_path

        path = to_fs_path(uri)
        assert path is not None
        return Path(path)

    def _offset(self, text: str, position: T.Position) -> int:
        lines = text.split("\n")
        head = sum(len(line) + 1 for line in lines[: position.line])
        data = lines[position.line].encode(_UNITS[self.encoding])
        units = position.character * _WIDTH[self.encoding]
        return head + len(data[:units].decode(_UNITS[self.encoding]))

    def _position(self, uri: str, index: int) -> T.Position:
        head = self.texts[uri][:index]
        line = head.rpartition("\n")[2]
        units = len(line.encode(_UNITS[self.encoding])) // _WIDTH[self.encoding]
        return T.Position(head.count("\n"), units)


def client_factory() -> LanguageClient:
    """Make a client whose handlers an :class:`Editor` fills in."""
    client = make_test_lsp_client()
    converter = client.protocol._converter

    def action_or_command(value: Any, _: Any) -> Any:
        # lsprotocol takes every code action that holds a command for a bare command.
        bare = isinstance(value.get("command"), str)
        return converter.structure(value, T.Command if bare else T.CodeAction)

    converter.register_structure_hook(T.Command | T.CodeAction, action_or_command)
    return client


SERVER = [sys.executable, "-m", "lsp_agent", "serve"]
