"""One shot or a loop of tools: what a model of this size gets right."""

from __future__ import annotations

from typing import Literal

from lsp_agent.agent.types import RunRequest
from lsp_agent.config.model import Settings
from lsp_agent.engine.types import EngineInfo

SMALL = 2_000_000_000
_TINY = 1_000_000_000


def choose_profile(
    request: RunRequest, settings: Settings, info: EngineInfo, *, calls_tools: bool | None = None
) -> Literal["direct", "tools"]:
    """Return the profile of a run; an explicit one wins.

    A server's model is taken to call tools. In this process a task that names the code it is
    about goes direct, and so does all that a model can be asked which has no template for chats,
    failed the self-test (``calls_tools``), or is small; one of a billion weights or more that
    passed it may use tools.
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
    unfit = calls_tools is False or info.detail.get("chat_template") is False
    if unfit or request.target is not None:
        return "direct"
    size = SMALL if info.n_params is None else info.n_params
    return "tools" if size >= (_TINY if calls_tools else SMALL) else "direct"
