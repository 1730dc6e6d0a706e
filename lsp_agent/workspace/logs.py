"""Log lines without secrets, wherever they come from."""

from __future__ import annotations

import logging

from lsp_agent.workspace.secrets import redacted


class SafeFormatter(logging.Formatter):
    """Formats records as usual, tracebacks included, and leaves secrets out of the result."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line or lines of a record."""
        return redacted(super().format(record))
