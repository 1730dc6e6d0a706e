"""How a refactoring says no."""

from __future__ import annotations

from lsp_agent.errors import LspAgentError


class RefusedError(LspAgentError):
    """A refactoring that is not done, for it is not sure to be right; the message says why."""

    code = "refactor-refused"
