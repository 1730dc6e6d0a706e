"""The plan of a run: what the model sets out to do, shown to whoever waits."""

from __future__ import annotations

from pydantic import Field

from lsp_agent.tools.spec import Arguments, Tool, ToolContext, ToolError

_MOST_STEPS, _LONGEST_STEP = 20, 200


class UpdatePlan(Arguments):
    """Arguments of ``update_plan``."""

    steps: list[str] = Field(description="all steps of the task, a few words each, in order")
    current: int = Field(
        description="number of the step under way, from 1; those before it are done; one more than "
        "there are steps: all are",
        ge=1,
        le=_MOST_STEPS + 1,
    )


def _update_plan(context: ToolContext, arguments: UpdatePlan) -> str:
    steps = [" ".join(step.split())[:_LONGEST_STEP] for step in arguments.steps]
    count = len(steps)
    if not count or not all(steps):
        raise ToolError("a plan has steps, each with some words")
    if count > _MOST_STEPS:
        raise ToolError(f"{count} steps are too many; a plan has at most {_MOST_STEPS}")
    if arguments.current > count + 1:
        raise ToolError(f"there is no step {arguments.current}; the plan has {count}")
    context.plan(steps, arguments.current)
    if arguments.current > count:
        return f"all {count} steps are done"
    return f"{arguments.current - 1} of {count} done; now: {steps[arguments.current - 1]}"


TOOLS = (
    Tool(
        name="update_plan",
        description="Say the steps of a larger task, and again whenever one is done.",
        arguments=UpdatePlan,
        hazard="low",
        run=_update_plan,
        example={"steps": ["write the parser", "use it in main", "write tests"], "current": 1},
        ordered=True,
    ),
)
