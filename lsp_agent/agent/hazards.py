"""Which calls are asked about before they are carried out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lsp_agent.agent.environment import Run
from lsp_agent.agent.types import ApprovalQuestion
from lsp_agent.tools.spec import Tool

_MANIFESTS = frozenset(
    {
        "package.json", "pyproject.toml", "setup.py", "setup.cfg", "cargo.toml", "go.mod",
        "go.sum", "gemfile", "pom.xml", "build.gradle",
    }
)  # fmt: skip


def approved(run: Run, tool: Tool[Any], arguments: Mapping[str, Any]) -> bool:
    """Whether a call may go ahead, asking the user where it is risky."""
    policy = run.env.settings.safety.approve
    free = policy == "never" and tool.hazard != "always"
    if free or not is_risky(tool, arguments):
        return True
    question = ApprovalQuestion(
        f"Allow {tool.name}?", json.dumps(dict(arguments), ensure_ascii=False)[:500], tool.name
    )
    return ask_user(run, question)


def ask_user(run: Run, question: ApprovalQuestion) -> bool:
    """Ask and record both question and answer."""
    events = run.env.events
    events.emit("approval_requested", title=question.title, detail=question.detail)
    answer = run.env.ask(question)
    events.emit("approval", title=question.title, approved=answer)
    run.cancel.check()
    return answer


def is_risky(tool: Tool[Any], arguments: Mapping[str, Any]) -> bool:
    """Whether a call is of a risky tool, or edits what other programs run or trust."""
    if tool.hazard != "edit":
        return tool.hazard in ("risky", "always")
    return any(is_sensitive(str(arguments.get(key, ""))) for key in ("path", "new_path"))


def is_sensitive(path: str) -> bool:
    """Whether a path is a dot file, a lock file or a manifest, or lies in a dot folder."""
    parts = path.replace("\\", "/").casefold().split("/")
    name = parts[-1]
    return (
        any(part.startswith(".") and part not in (".", "..") for part in parts)
        or name in _MANIFESTS
        or name.endswith((".lock", "-lock.json", "-lock.yaml"))
    )
