"""Document and workspace symbols, folding and selection ranges: an opt-in by language.

The capabilities are there only if ``symbols.languages`` names a language: else editors would show
everything twice beside a language's own server. Clients that take registrations get and lose them
with the setting, for its languages only; the others are told in the answer to ``initialize``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from lsp_agent.server.context import Context
from lsp_agent.server.features import (
    document_symbol,
    folding_range,
    selection_range,
    workspace_symbol,
)
from lsp_agent.server.features.registration import register_capability, unregister_capability
from lsp_agent.syntax.languages import language_of

if TYPE_CHECKING:
    from lsp_agent.config.model import Settings

_ALL = "*"
_ID = "lsp-agent-{}"
_OF_DOCUMENTS: dict[str, Callable[[Context, Any, Any], Awaitable[Any]]] = {
    document_symbol.METHOD: document_symbol.answer,
    folding_range.METHOD: folding_range.answer,
    selection_range.METHOD: selection_range.answer,
}
_METHODS = (*_OF_DOCUMENTS, workspace_symbol.METHOD)


class SymbolFeatures:
    """Offers what the setting asks for, and answers it."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._answered: set[str] = set()
        self._registered: tuple[str, ...] = ()
        self._lock = asyncio.Lock()
        self._following: asyncio.Task[None] | None = None
        context.session.on_reload.append(self._follow_soon)

    def announce(self) -> None:
        """Have the capabilities in the answer to ``initialize``, where that is their only place.

        Reads files in the event loop: nothing else can be under way before that answer.
        """
        session = self._context.session
        fixed = [one for one in _METHODS if one not in session.features.registers_symbols]
        settings = session.early_settings("symbols") if fixed else None
        if settings is not None and settings.symbols.languages:
            for method in fixed:
                self._answer(method)

    async def follow_setting(self) -> None:
        """Register or withdraw the capabilities with the setting, where the client takes that."""
        async with self._lock:
            session = self._context.session
            wanted = tuple(session.settings.symbols.languages) if session.settings else ()
            if wanted == self._registered:
                return
            before, self._registered = self._registered, wanted
            for method in _METHODS:
                if method not in session.features.registers_symbols:
                    continue
                if before:
                    await unregister_capability(self._context, _ID.format(method), method)
                if wanted:
                    self._answer(method)
                    options = _options(method, wanted)
                    await register_capability(self._context, _ID.format(method), method, options)

    def _follow_soon(self) -> None:
        self._following = asyncio.ensure_future(self.follow_setting())

    def _answer(self, method: str) -> None:
        """Take requests from now on."""
        if method in self._answered:
            return
        self._answered.add(method)

        @self._context.server.feature(method)
        async def request(params: Any) -> Any:
            if method == workspace_symbol.METHOD:
                return await self._in_workspace(params)
            return await self._in_document(method, params)

    async def _in_document(self, method: str, params: Any) -> Any:
        session = self._context.session
        document = session.documents.get(params.text_document.uri)
        languages = await self._languages()
        if document is None or languages is None:
            return None
        if languages and document.syntax.language not in languages:
            return None
        return await _OF_DOCUMENTS[method](self._context, document, params)

    async def _in_workspace(self, params: types.WorkspaceSymbolParams) -> Any:
        languages = await self._languages()
        if languages is None:
            return None
        return await workspace_symbol.answer(self._context, params.query, languages)

    async def _languages(self) -> Collection[str] | None:
        """Return our names of the set languages, none for all of them; ``None`` if none is set."""
        return _languages((await self._context.session.app()).settings)


def _languages(settings: Settings) -> Collection[str] | None:
    ids = settings.symbols.languages
    if _ALL in ids:
        return frozenset()
    known = frozenset(name for one in ids if (name := language_of("", one)))
    return known or None


def _options(method: str, languages: Collection[str]) -> Any:
    """Return what a registration says: the documents that it is for."""
    selector = None if _ALL in languages else [{"language": one} for one in languages]
    return {} if method == workspace_symbol.METHOD else {"documentSelector": selector}
