"""The index as a tool gets it."""

from __future__ import annotations

from lsp_agent.index.types import IndexUnavailableError
from lsp_agent.index.view import IndexView
from lsp_agent.tools.spec import ToolContext

READY_SECONDS = 2.0


def index_view(context: ToolContext, seconds: float = READY_SECONDS) -> IndexView | None:
    """Return the index under the run's edits.

    ``None`` where there is none, none whole within ``seconds``, or none that can be read. Raises
    :class:`Cancelled`.
    """
    index = context.index
    if index is None or not index.ready(seconds, context.cancel.check):
        return None
    try:
        index.reader.generation()
    except IndexUnavailableError:
        return None
    return index.view(context.overlay)
