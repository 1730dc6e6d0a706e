"""The calls of an answer as the tools take them, whatever form the model gave them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from lsp_agent.agent.edit_blocks import BlockEdits, Whole, read_edits
from lsp_agent.agent.environment import Run
from lsp_agent.engine.types import ToolCall
from lsp_agent.tools.recognise import recognise
from lsp_agent.tools.spec import ToolContext


def recognised(run: Run, calls: Iterable[ToolCall]) -> tuple[ToolCall, ...]:
    """Return calls with the names, arguments and paths that they surely mean."""
    return tuple(_recognised(run, call) for call in calls)


def edit_blocks(run: Run, text: str, *, cut_off: bool) -> BlockEdits:
    """Read the edits that an answer holds as blocks; none where a text is wanted.

    A new file in a fence is taken for one only where an edit was asked for: it may be an example.
    Where a piece of a file is to change, a block of code is that piece and no file.
    """
    wanted, focus = run.request.answer, run.request.focus
    if wanted == "text":
        return BlockEdits()
    whole: Whole = "none" if run.request.target else "all" if wanted == "edit" else "known"
    path = focus.path if focus else None
    return read_edits(text, path, run.env.overlay.text, whole=whole, cut_off=cut_off)


def note_shown(run: Run, context: ToolContext, path: str, shown: str) -> None:
    """Note what a prompt shows of a file, so that it counts as read."""
    overlay = run.env.overlay
    if context.seen is not None:
        context.seen.note(overlay.spelling(path), overlay.read(path), shown)


def _recognised(run: Run, call: ToolCall) -> ToolCall:
    name, arguments = recognise(run.env.tools, call.name, call.arguments, run.env.overlay)
    return replace(call, name=name, arguments=arguments)
