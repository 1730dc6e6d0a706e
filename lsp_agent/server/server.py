"""Putting a server together."""

from __future__ import annotations

import logging
from collections.abc import Callable

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from lsp_agent import __version__
from lsp_agent.server.completions import Completions
from lsp_agent.server.context import Context
from lsp_agent.server.diagnostics import Diagnostics
from lsp_agent.server.features import (
    code_action,
    commands,
    configuration,
    file_events,
    inline_completion,
    lifecycle,
    text_sync,
)
from lsp_agent.server.features.completion import CompletionMenu
from lsp_agent.server.features.deliveries import Deliveries
from lsp_agent.server.features.hunks import HunkFeatures
from lsp_agent.server.features.symbols import SymbolFeatures
from lsp_agent.server.indexing import IndexKeeper
from lsp_agent.server.progress import ProgressBook
from lsp_agent.server.protocol import AgentProtocol
from lsp_agent.server.reviews import Reviews
from lsp_agent.server.runs import RunManager
from lsp_agent.server.session import Session

_log = logging.getLogger(__name__)


class AgentServer(LanguageServer):
    """pygls's server; errors go to the log, not into a pop-up of the editor."""

    def report_server_error(self, error: Exception, source: object) -> None:
        """Log; a request's own answer already tells the client."""
        _log.error("%s: %s", getattr(source, "__name__", source), error)


def make_server(session: Session) -> LanguageServer:
    """Return a server for one client, ready to be started on a transport."""
    server = AgentServer(
        name="lsp-agent",
        version=__version__,
        protocol_cls=AgentProtocol,
        text_document_sync_kind=types.TextDocumentSyncKind.Incremental,
    )
    book = ProgressBook(server, session)
    diagnostics = Diagnostics(server, session)
    reviews = Reviews(server, session, book, diagnostics)
    runs = RunManager(server, session, book)
    context = Context(server, session, runs, book, diagnostics, reviews)
    session.on_problem = _teller(context)
    deliveries = Deliveries(context)
    completions = Completions(context)
    keeper = IndexKeeper(session, book)
    hunks = HunkFeatures(context, deliveries)
    offers = lifecycle.Offers(CompletionMenu(context, completions), SymbolFeatures(context), hunks)
    lifecycle.register(context, offers, keeper)
    text_sync.register(context, completions, keeper)
    inline_completion.register(context, completions)
    configuration.register(context)
    file_events.register(context, keeper)
    code_action.register(context, deliveries, hunks)
    commands.register(context, deliveries, hunks)
    return server


def _teller(context: Context) -> Callable[[str], None]:
    """Return a function that shows a warning, from any thread."""

    def tell(message: str) -> None:
        _log.warning("%s", message)
        loop = context.session.loop
        if loop is not None:
            loop.call_soon_threadsafe(context.tell, message)

    return tell
