"""Initialize, initialized, shutdown; cancelling progress."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsprotocol import types

from lsp_agent.server.capabilities import client_features
from lsp_agent.server.context import Context
from lsp_agent.server.features import code_action
from lsp_agent.server.features.completion import CompletionMenu
from lsp_agent.server.features.configuration import pull_settings, root_of, section_of
from lsp_agent.server.features.file_events import watch_files
from lsp_agent.server.features.hunks import HunkFeatures
from lsp_agent.server.features.symbols import SymbolFeatures
from lsp_agent.server.indexing import IndexKeeper
from lsp_agent.server.process import watch_parent
from lsp_agent.workspace.positions import PositionEncoding

if TYPE_CHECKING:
    from lsp_agent.app import App

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Offers:
    """The capabilities that come and go with settings."""

    menu: CompletionMenu
    symbols: SymbolFeatures
    hunks: HunkFeatures


def register(context: Context, offers: Offers, keeper: IndexKeeper) -> None:
    """Follow the session's life cycle."""
    server, session = context.server, context.session

    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        session.loop = asyncio.get_running_loop()
        watch_parent(params.process_id)
        session.features = client_features(params.capabilities)
        session.encoding = _encoding(params.capabilities)
        uris = [folder.uri for folder in params.workspace_folders or ()]
        if not uris and params.root_uri:
            uris = [params.root_uri]
        session.roots = [root for uri in uris if (root := root_of(uri)) is not None]
        options = params.initialization_options
        session.client_settings = section_of(options)
        session.editor_trusts = isinstance(options, dict) and options.get("trusted") is True
        offers.menu.announce()
        offers.symbols.announce()
        offers.hunks.announce()

    @server.feature(types.INITIALIZED)
    async def initialized(_params: types.InitializedParams) -> None:
        if session.features.configuration:
            await pull_settings(context)
        app = await session.app()
        await keeper.follow()
        await offers.menu.follow_setting()
        await offers.symbols.follow_setting()
        await watch_files(context)
        await session.in_thread(lambda: _warm_up(context, app))

    @server.feature(types.SHUTDOWN)
    def shutdown(*_: object) -> None:
        context.runs.cancel()
        context.reviews.cancel()

    @server.feature(types.WINDOW_WORK_DONE_PROGRESS_CANCEL)
    def cancel_progress(params: types.WorkDoneProgressCancelParams) -> None:
        context.progress.cancel(params.token)


def _encoding(capabilities: types.ClientCapabilities) -> PositionEncoding:
    """Return the first encoding of the client's list, as the server announces it."""
    offered = capabilities.general.position_encodings if capabilities.general else None
    known = {one.value: one for one in PositionEncoding}
    for one in offered or ():
        name = str(getattr(one, "value", one))
        if name in known:
            return known[name]
    return PositionEncoding.UTF16


def _warm_up(context: Context, app: App) -> None:
    """Bring in what the first keystroke, list of actions, saved file and run would wait for."""
    import sqlite_utils  # noqa: F401

    import lsp_agent.context.surroundings  # noqa: F401
    from lsp_agent.syntax.document import SyntaxDocument

    SyntaxDocument.parse("x = 1\n", "python").symbols()
    code_action.warm_up(context, app)
    _ = app.tools
