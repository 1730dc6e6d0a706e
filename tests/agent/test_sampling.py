"""Sampling by job, from the settings to the engine."""

from __future__ import annotations

from lsp_agent.agent.sampling import sampling_of
from lsp_agent.config.model import AgentSettings, Samplings, SamplingSettings, Settings
from lsp_agent.engine.types import Job, Sampling


def test_a_job_without_a_section_draws_as_the_agent_does() -> None:
    settings = Settings(agent=AgentSettings(temperature=0.5, seed=3))
    for job in (Job.RUN, Job.ACTION, Job.REVIEW, Job.BACKGROUND):
        assert sampling_of(settings, job) == Sampling(temperature=0.5, seed=3)
    assert sampling_of(settings, Job.COMPLETION) == Sampling()


def test_a_section_holds_for_its_job_alone() -> None:
    own = SamplingSettings(temperature=0.0, top_k=5, presence_penalty=0.5, seed=0)
    settings = Settings(agent=AgentSettings(temperature=0.5), sampling=Samplings(action=own))
    want = Sampling(temperature=0.0, top_k=5, presence_penalty=0.5, seed=0)
    assert sampling_of(settings, Job.ACTION) == want
    assert sampling_of(settings, Job.RUN) == Sampling(temperature=0.5)
