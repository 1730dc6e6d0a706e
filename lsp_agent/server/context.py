"""What the features share: the server, its session, and the services around them."""

from __future__ import annotations

from dataclasses import dataclass

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from lsp_agent.server.diagnostics import Diagnostics
from lsp_agent.server.progress import ProgressBook
from lsp_agent.server.reviews import Reviews
from lsp_agent.server.runs import RunManager
from lsp_agent.server.session import Session
from lsp_agent.workspace.markdown import harmless_message


@dataclass(frozen=True, slots=True)
class Context:
    """The parts of one running server."""

    server: LanguageServer
    session: Session
    runs: RunManager
    progress: ProgressBook
    diagnostics: Diagnostics
    reviews: Reviews

    def tell(self, message: str, kind: types.MessageType = types.MessageType.Warning) -> None:
        """Show the user one message."""
        self.server.window_show_message(types.ShowMessageParams(kind, harmless_message(message)))
