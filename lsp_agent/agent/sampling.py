"""How tokens are drawn for a job, from the settings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lsp_agent.engine.types import Job, Sampling

if TYPE_CHECKING:
    from lsp_agent.config.model import Settings


def sampling_of(settings: Settings, job: Job) -> Sampling:
    """Return a job's sampling: its own section over ``agent``'s temperature and seed.

    Completion is greedy unless its section says otherwise.
    """
    agent, sections = settings.agent, settings.sampling
    if job is Job.COMPLETION:
        base, section = Sampling(), sections.completion
    else:
        base = Sampling(temperature=agent.temperature, seed=agent.seed)
        section = {Job.ACTION: sections.action, Job.REVIEW: sections.review}.get(
            job, sections.agent
        )
    return replace(base, **section.model_dump(exclude_none=True))
