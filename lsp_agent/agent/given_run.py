"""A run whose edit was found by rule: no model is asked, the checks are the same."""

from __future__ import annotations

from lsp_agent.agent.environment import Run
from lsp_agent.agent.query import Budget
from lsp_agent.agent.verify import describe, give_up, verify
from lsp_agent.workspace.edits import apply_edits
from lsp_agent.workspace.text import Text


def run_given(run: Run, _budget: Budget) -> str:
    """Make the request's edits in the overlay; return ``""``: an edit says nothing.

    Raises :class:`RejectedError` when the result does not pass the checks and may not be offered.
    """
    overlay = run.env.overlay
    for file in run.request.edits:
        before = Text(overlay.read(file.path))
        overlay.write(file.path, apply_edits(before, file.edits).content)
    failures = describe(verify(run)) if overlay.changes() else ""
    if failures:
        give_up(run, failures)
    return ""
