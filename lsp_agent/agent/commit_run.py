"""A run that describes what is to be committed."""

from __future__ import annotations

from contextlib import nullcontext

from lsp_agent.agent.commit_message import commit_message
from lsp_agent.agent.environment import Run, RunFailedError
from lsp_agent.agent.query import Budget


def run_commit(run: Run, budget: Budget) -> str:
    """Return a commit message: a subject, and a body behind a blank line where there is one.

    Raises ``RunFailedError`` without a folder, and ``VcsError`` where there is nothing to commit.
    """
    env = run.env
    if env.overlay.root is None:
        raise RunFailedError("a commit is one of a folder; open it", "no-place")
    env.progress("reading what is changed", None)
    found = commit_message(
        env.overlay.root.path,
        lambda: nullcontext(env.engine),
        env.settings,
        run.cancel,
        env.prompts,
        budget.spend,
    )
    return f"{found.subject}\n\n{found.body}".strip()
