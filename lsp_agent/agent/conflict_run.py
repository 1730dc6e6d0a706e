"""A run about one conflict: both sides explained, and resolved, by rule where one is enough."""

from __future__ import annotations

from dataclasses import replace

from lsp_agent.agent.direct import run_direct
from lsp_agent.agent.environment import RejectedError, Run, RunFailedError
from lsp_agent.agent.query import Budget
from lsp_agent.agent.verify import verify
from lsp_agent.vcs.merging import sides
from lsp_agent.workspace.conflicts import ConflictBlock, find_conflicts
from lsp_agent.workspace.text import split_lines


def run_conflict(run: Run, budget: Budget) -> str:
    """Explain the conflict that the request's target is, or resolve it; return the explanation.

    The model is asked only where both sides changed what was there. Raises
    :class:`RejectedError` when the result does not pass the checks.
    """
    focus, target = run.request.focus, run.request.target
    overlay = run.env.overlay
    text = overlay.read(focus.path) if focus else ""
    start = target.start.line if target else 0
    block = next((one for one in find_conflicts(text) if one.start == start), None)
    if focus is None or block is None:
        raise RunFailedError("the conflict is not there any more", "no-place")
    names = sides(overlay.root, focus.path) if overlay.root else ("", "")
    told = explain(block, *names)
    if run.request.answer == "text":
        return told
    settled = block.settled()
    if settled is None:
        task = f"{run.request.task}\n\n{told}"
        return run_direct(replace(run, request=replace(run.request, task=task)), budget)
    lines = split_lines(text)
    overlay.write(focus.path, "".join((*lines[: block.start], settled, *lines[block.end + 1 :])))
    failures = verify(run)
    if failures:
        raise RejectedError("\n".join(f"{one.check}: {one.detail}" for one in failures))
    return told


def explain(block: ConflictBlock, ours_commit: str = "", theirs_commit: str = "") -> str:
    """Return markdown about a conflict: what it comes to, then each side and its commit."""
    parts = [_verdict(block)]
    for name, commit, text in (
        (block.ours_name, ours_commit, block.ours),
        (block.theirs_name, theirs_commit, block.theirs),
    ):
        source = f" ({commit})" if commit else ""
        parts.append(f"`{name}`{source} has:\n{_fenced(text)}")
    if block.base is not None:
        parts.append(f"Before both it was:\n{_fenced(block.base)}")
    return "\n\n".join(parts)


def _verdict(block: ConflictBlock) -> str:
    ours, theirs = f"`{block.ours_name}`", f"`{block.theirs_name}`"
    if block.ours == block.theirs:
        return "Both sides are equal."
    if block.base == block.theirs:
        return f"Only {ours} changed this."
    if block.base == block.ours:
        return f"Only {theirs} changed this."
    return f"{ours} and {theirs} changed this differently."


def _fenced(text: str) -> str:
    if not text:
        return "nothing"
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}\n{text.rstrip()}\n{fence}"
