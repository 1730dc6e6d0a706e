"""A run in the way of its model's profile: the loop of tools, or one shot."""

from __future__ import annotations

from typing import Literal

from lsp_agent.agent.direct import run_direct
from lsp_agent.agent.environment import Run
from lsp_agent.agent.form_run import form_of, run_form
from lsp_agent.agent.profiles import choose_profile
from lsp_agent.agent.query import Budget
from lsp_agent.agent.tool_loop import ToolLoop


def profile_of(run: Run) -> Literal["direct", "tools"]:
    """Return the profile of a run, by all that is known of its model."""
    able = run.env.calls_tools(run.info)
    return choose_profile(run.request, run.env.settings, run.info, calls_tools=able)


def run_by_profile(run: Run, budget: Budget) -> str:
    """Do a task with tools, or in one shot: in the request's form, where that suits the place.

    Returns and raises what :meth:`ToolLoop.run`, ``run_form`` and ``run_direct`` do.
    """
    if profile_of(run) == "tools":
        return ToolLoop(run, budget).run()
    form = form_of(run)
    return run_form(run, budget, form) if form else run_direct(run, budget)
