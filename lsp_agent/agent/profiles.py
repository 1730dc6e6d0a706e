"""One shot or a loop of tools: what a model of this size gets right."""

from __future__ import annotations

from typing import Literal

from lsp_agent.agent.types import RunRequest
from lsp_agent.config.model import Settings
from lsp_agent.engine.types import EngineInfo

SMALL = 2_000_000_000


def choose_profile(
    request: RunRequest, settings: Settings, info: EngineInfo
) -> Literal["direct", "tools"]:
    """Return the profile of a run; an explicit one wins.

    A server's model is taken to call tools. In this process a task that names the code it is
    about goes direct, and so does all that a model under two billion weights can be asked.
    """
    for explicit in (request.profile, settings.agent.profile):
        if explicit == "direct" and request.focus is not None:
            return "direct"
        if explicit == "tools":
            return "tools"
    if info.jobs:
        return "direct"
    if info.kind == "openai" or request.focus is None:
        return "tools"
    small = info.n_params is not None and info.n_params < SMALL
    return "direct" if small or request.target is not None else "tools"
