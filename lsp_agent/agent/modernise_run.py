"""A run that is told first which version of the language the project is written for."""

from __future__ import annotations

from dataclasses import replace

from lsp_agent.agent.environment import Run
from lsp_agent.context.versions import language_version
from lsp_agent.syntax.languages import language_of

_UNKNOWN = "No file says which version of the language this is for: use nothing from recent ones."


def with_version(run: Run) -> Run:
    """Return the run as a plain rewrite whose task names the version that the project declares."""
    path = run.request.focus.path if run.request.focus else ""
    found = language_version(path, language_of(path), run.env.overlay.text)
    said = f"The project is written for {found}: use nothing newer." if found else _UNKNOWN
    request = replace(run.request, task=f"{run.request.task}\n{said}", form="rewrite")
    return replace(run, request=request)
