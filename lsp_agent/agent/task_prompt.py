"""What a run with tools is told first: how it works, its tools, its task, what is known of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lsp_agent.agent.calls import note_shown
from lsp_agent.agent.direct import diagnostics_of
from lsp_agent.agent.environment import Run
from lsp_agent.agent.finishing import PLAN_TOOL
from lsp_agent.agent.query import answer_tokens
from lsp_agent.agent.related import related, told_by_project
from lsp_agent.agent.remembered import remembered
from lsp_agent.context.builder import focus_lines, whole_file, workspace_facts
from lsp_agent.context.untrusted import guarded, remark
from lsp_agent.tools.spec import Tool, ToolContext
from lsp_agent.workspace.text import Text

_RELATED_SHARE = 8


def system_prompt(run: Run, tools: Iterable[Tool[Any]]) -> str:
    """Return how to work; where calls are no part of the protocol, the tools and their spelling."""
    tools = list(tools)
    parts = [run.prompt("tools")]
    if any(tool.name == PLAN_TOOL for tool in tools):
        parts[0] += "\n" + run.prompt("stages")
    if not run.info.native_tools:
        parts.append("\n".join([run.prompt("calls"), *map(_describe, tools)]))
    return "\n\n".join(parts)


def task_prompt(run: Run, context: ToolContext) -> str:
    """Return the task behind what is known of it; what in that speaks to the model is told of."""
    data = "\n\n".join(_known(run, context))
    said = remark(data)
    if said:
        run.env.events.emit("verification", check="instructions", ok=True, detail=said)
    asked = f"Task: {run.request.task}"
    names = ", ".join(run.request.done)
    left = f"Work on this was cut off. Changed already: {names}. Go on from there."
    ends = (asked, left if names else "")
    before = remembered(run)
    return "\n\n".join(part for part in (guarded(data), said, before, *ends) if part)


def _known(run: Run, context: ToolContext) -> list[str]:
    room = run.info.n_ctx - answer_tokens(run)
    found = related(run, context.at_hand, room // _RELATED_SHARE)
    parts = [workspace_facts(run.env.overlay, run.env.settings.style)]
    if told := told_by_project(run):
        parts.append(told)
    if found.head:
        parts.append(found.head)
    focus = run.request.focus
    if focus is not None:
        text = Text(run.env.overlay.read(focus.path))
        line = focus.range.start.line if focus.range else None
        count = run.env.engine.count_tokens
        shown = whole_file(focus.path, text, line, room // 3, count)
        note_shown(run, context, focus.path, shown)
        parts.append(shown)
        parts.append(focus_lines(text, focus.range, focus.path))
        notes = diagnostics_of(run, text)
        if notes:
            parts.append(f"Reported there:\n{notes}")
    if found.body:
        parts.append(found.body)
    return parts


def _describe(tool: Tool[Any]) -> str:
    schema = tool.schema().parameters
    required = schema.get("required", ())
    header = [
        key if key in required else f"{key}?"
        for key in schema.get("properties", {})
        if key not in tool.raw
    ]
    blocks = "".join(f" <<<{key}" for key in tool.raw)
    return f"- {tool.name}({', '.join(header)}){blocks}: {tool.description}"
