"""``textDocument/completion``, for editors without inline completion: an opt-in.

The capability is there only if ``completion.lsp`` is set: else every editor would ask two servers
at each key. Clients that take registrations get and lose it with the setting; the others are told
in the answer to ``initialize``.
"""

from __future__ import annotations

import asyncio
import re

from lsprotocol import types

from lsp_agent.server.completions import Completions
from lsp_agent.server.context import Context
from lsp_agent.server.convert import from_range, to_position
from lsp_agent.server.documents import OpenDocument
from lsp_agent.server.features.registration import register_capability, unregister_capability
from lsp_agent.workspace.positions import Position, PositionEncoding
from lsp_agent.workspace.text import shortened

_ID = "lsp-agent-completion"
_OPTIONS = types.CompletionOptions(trigger_characters=[".", "(", "[", "{", "=", ",", ":", " "])
# A registration names documents; null means all that the client sends us.
_OPTIONS_FOR_ALL = types.CompletionRegistrationOptions(
    trigger_characters=_OPTIONS.trigger_characters
)
_WORD = re.compile(r"\w*$")
_MAX_LABEL = 80


class CompletionMenu:
    """Offers a completion as one item of the editor's menu."""

    def __init__(self, context: Context, completions: Completions) -> None:
        self._context = context
        self._completions = completions
        self._answers = False
        self._registered = False
        self._following: asyncio.Task[None] | None = None
        context.session.on_reload.append(self._follow_soon)

    def announce(self) -> None:
        """Have the capability in the answer to ``initialize``, where that is its only place.

        Reads files in the event loop: nothing else can be under way before that answer.
        """
        session = self._context.session
        if not session.features.registers_completion:
            settings = session.early_settings("completion")
            if settings is not None and settings.completion.lsp:
                self._answer()

    async def follow_setting(self) -> None:
        """Register or withdraw the capability with the setting, where the client takes that."""
        session = self._context.session
        wanted = session.settings is not None and session.settings.completion.lsp
        if not session.features.registers_completion or wanted == self._registered:
            return
        self._registered = wanted
        method = types.TEXT_DOCUMENT_COMPLETION
        if wanted:
            self._answer()
            await register_capability(self._context, _ID, method, _OPTIONS_FOR_ALL)
        else:
            await unregister_capability(self._context, _ID, method)

    def _follow_soon(self) -> None:
        self._following = asyncio.ensure_future(self.follow_setting())

    def _answer(self) -> None:
        """Take requests from now on."""
        if self._answers:
            return
        self._answers = True

        @self._context.server.feature(types.TEXT_DOCUMENT_COMPLETION, _OPTIONS)
        async def completion(params: types.CompletionParams) -> types.CompletionList | None:
            return await self._completion(params)

    async def _completion(self, params: types.CompletionParams) -> types.CompletionList | None:
        session = self._context.session
        document = session.documents.get(params.text_document.uri)
        if document is None or not (await session.app()).settings.completion.lsp:
            return None
        # Editors ask at every key; which of these requests a user made can't be told.
        text = await self._completions.at(document.uri, params.position, invoked=False)
        items = [_item(document, params.position, text, session.encoding)] if text else []
        return types.CompletionList(is_incomplete=True, items=items)


def _item(
    document: OpenDocument, at: types.Position, text: str, encoding: PositionEncoding
) -> types.CompletionItem:
    """Make an item that replaces the word before the cursor by itself and the text.

    So it begins with what was typed, and no editor filters it away.
    """
    cursor = from_range(document.text, types.Range(at, at), encoding).start
    match = _WORD.search(document.text.line(cursor.line)[: cursor.character])
    word = match[0] if match else ""
    start = Position(cursor.line, cursor.character - len(word))
    new = word + text
    label, _, more = new.strip().partition("\n")
    return types.CompletionItem(
        label=shortened(label, _MAX_LABEL),
        kind=types.CompletionItemKind.Text,
        detail="lsp-agent",
        documentation=new if more else None,
        preselect=True,
        # Before letters, digits and underscores.
        sort_text="!",
        filter_text=new,
        insert_text_format=types.InsertTextFormat.PlainText,
        insert_text_mode=types.InsertTextMode.AsIs,
        text_edit=types.TextEdit(types.Range(to_position(document.text, start, encoding), at), new),
    )
