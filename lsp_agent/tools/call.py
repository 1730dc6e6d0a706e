"""Carrying out a call: whatever is wrong with it becomes an answer that the model can act on."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from lsp_agent.cancel import Cancelled
from lsp_agent.errors import LspAgentError
from lsp_agent.tools.paths import nearest
from lsp_agent.tools.spec import Arguments, Tool, ToolContext
from lsp_agent.workspace.errors import UnreadableFileError

_MAX_RESULT = 40_000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ToolOutcome:
    """What came of a call; ``text`` goes to the model, ``code`` is that of a failure."""

    ok: bool
    text: str
    truncated: bool = False
    code: str = ""


def call_tool(
    tools: Mapping[str, Tool[Any]], name: str, arguments: Mapping[str, Any], context: ToolContext
) -> ToolOutcome:
    """Validate a call and run it; raises nothing but :class:`~lsp_agent.cancel.Cancelled`."""
    context.cancel.check()
    try:
        tool, checked = check_call(tools, name, arguments)
        text = tool.run(context, checked)
    except Cancelled:
        raise
    except LspAgentError as error:
        text = f"error: {error}"
        if isinstance(error, UnreadableFileError) and isinstance(
            path := arguments.get("path"), str
        ):
            text = "; ".join(filter(None, (text, nearest(context.overlay, path))))
        return ToolOutcome(ok=False, text=text, code=error.code)
    except Exception as error:  # noqa: BLE001 - a plugin's tool may raise anything
        _log.exception("the tool %s failed", name)
        return ToolOutcome(ok=False, text=f"error: {name} failed: {error}")
    if len(text) > _MAX_RESULT:
        return ToolOutcome(ok=True, text=text[:_MAX_RESULT] + "\n[cut]", truncated=True)
    return ToolOutcome(ok=True, text=text, truncated=text.endswith("]") and "\n[" in text)


class BadCallError(LspAgentError):
    """A call of an unknown tool, or with arguments that do not fit."""

    code = "bad-tool-call"


def check_call(
    tools: Mapping[str, Tool[Any]], name: str, arguments: Mapping[str, Any]
) -> tuple[Tool[Any], Arguments]:
    """Return the tool and its checked arguments; raises :class:`BadCallError`."""
    tool = tools.get(name)
    if tool is None:
        close = get_close_matches(name, tools, 1)
        hint = f"did you mean {close[0]}? " if close else ""
        raise BadCallError(f"there is no tool {name!r}; {hint}the tools are: {', '.join(tools)}")
    try:
        checked = _validated(tool, arguments)
    except ValidationError as error:
        faults = "; ".join(_fault(fault) for fault in error.errors()[:5])
        example = json.dumps({"name": name, "arguments": dict(tool.example)}, ensure_ascii=False)
        raise BadCallError(f"{name}: {faults}. A right call: {example}") from error
    return tool, checked


def _validated(tool: Tool[Any], arguments: Mapping[str, Any]) -> Arguments:
    """Return checked arguments; raises ``ValidationError``.

    Calls in tags carry nothing but text, so what is to be a list or nothing is decoded here, where
    the schema says so.
    """
    try:
        checked: Arguments = tool.arguments.model_validate(dict(arguments))
    except ValidationError as error:
        texts = {str(fault["loc"][0]) for fault in error.errors() if fault["loc"]}
        decoded = {
            key: _decoded(value) if key in texts else value for key, value in arguments.items()
        }
        if decoded == arguments:
            raise
        checked = tool.arguments.model_validate(decoded)
    return checked


def _decoded(value: Any) -> Any:
    """Decode text that is a JSON list or ``null``."""
    if not isinstance(value, str):
        return value
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return found if found is None or isinstance(found, list) else value


def _fault(fault: Any) -> str:
    place = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "missing":
        return f"the argument {place!r} is missing"
    if fault["type"] == "extra_forbidden":
        return f"there is no argument {place!r}" if place else "the arguments are no JSON object"
    return f"{place!r} can't be {fault['input']!r:.60}: {fault['msg'].lower()}"
