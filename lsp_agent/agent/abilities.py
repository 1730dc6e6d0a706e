"""What a narrow model can be asked: the jobs and languages that it was trained for."""

from __future__ import annotations

from lsp_agent.agent.types import RunRequest
from lsp_agent.engine.types import EngineInfo, EngineUnavailableError
from lsp_agent.syntax.languages import language_of

GET_A_MODEL = "lsp-agent models pull qwen2.5-coder-1.5b"
"""The command that gets a model of general use."""


def unable(info: EngineInfo, job: str, path: str | None) -> str:
    """Say in one sentence why a model can't do a job; ``""`` if it can.

    ``job`` is an action's name, ``completion``, or ``""`` for a run; ``path`` names the file.
    """
    language = language_of(path) if path else None
    knows_job = not info.jobs or job in info.jobs
    if knows_job and (not info.languages or language in info.languages):
        return ""
    languages = " and ".join(name.capitalize() for name in info.languages) or "any language"
    what = job or "a run"
    if knows_job:
        what += f" in {language or 'plain text'}"
    return (
        f"{what} needs a larger model than {info.model}, which only does "
        f"{', '.join(info.jobs)} in {languages}; get one with: {GET_A_MODEL}"
    )


def check_ability(request: RunRequest, info: EngineInfo) -> None:
    """Raise :class:`EngineUnavailableError` for a request beyond a narrow model."""
    reason = unable(info, request.action, request.focus.path if request.focus else None)
    if reason:
        raise EngineUnavailableError(reason)
