"""What a run works with, and how it ends early."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lsp_agent.agent.permits import Permits
from lsp_agent.agent.prompts import Prompts, prompt
from lsp_agent.agent.proof import Proof
from lsp_agent.agent.types import Ask, RunRequest
from lsp_agent.cancel import CancelToken
from lsp_agent.config.model import Settings
from lsp_agent.context.knowledge import Knowledge
from lsp_agent.engine.types import Engine, EngineInfo, Job
from lsp_agent.errors import LspAgentError
from lsp_agent.events import EventStream
from lsp_agent.index.service import CodeIndex
from lsp_agent.language_servers.types import Instruments
from lsp_agent.store.audit import AuditKind
from lsp_agent.store.feedback import Became
from lsp_agent.store.notes import Notebook
from lsp_agent.store.past import PastEdit
from lsp_agent.store.sessions import Turn
from lsp_agent.tools.spec import Tool
from lsp_agent.vcs.commits import GitRules
from lsp_agent.verify.programs import Programs
from lsp_agent.verify.types import Workshop
from lsp_agent.workspace.overlay import FileChange, Overlay

Note = Callable[[AuditKind, Mapping[str, Any]], None]
"""Told of what is to be in the audit: see ``AuditKind``."""

Keep = Callable[[Sequence[FileChange]], None]
"""Told of all changes so far after each edit, for a run to go on after a crash."""

Past = Callable[[str], Iterable[PastEdit]]
"""Returns what earlier runs changed in a file, the newest first."""

Progress = Callable[[str, float | None], None]
"""Told what is going on, and the share (0 to 1) of the prompt that was read, where known."""


@dataclass(frozen=True, slots=True)
class RunEnvironment:
    """The parts that a run uses; everything but the request itself.

    ``turns`` are what was said before in its session, ``examples`` accepted edits of its kind.
    """

    run_id: str
    engine: Engine
    overlay: Overlay
    tools: Mapping[str, Tool[Any]]
    settings: Settings
    events: EventStream
    ask: Ask
    job: Job = Job.RUN
    instruments: Instruments | None = None
    progress: Progress = field(default=lambda _step, _share: None)
    index: CodeIndex | None = None
    knowledge: Knowledge | None = None
    workshop: Workshop | None = None
    note: Note = field(default=lambda _kind, _data: None)
    keep: Keep = field(default=lambda _changes: None)
    past: Past = field(default=lambda _path: ())
    programs: Programs | None = None
    permits: Permits = field(default_factory=Permits)
    git: GitRules = field(default_factory=GitRules)
    prompts: Prompts = field(default_factory=Prompts)
    calls_tools: Callable[[EngineInfo], bool | None] = field(default=lambda _info: None)
    notes: Notebook | None = None
    turns: tuple[Turn, ...] = ()
    examples: tuple[Became, ...] = ()

    def without_tests(self) -> RunEnvironment:
        """Return the parts of a run that runs tests itself, whatever is set of those of edits."""
        verify = self.settings.verify.model_copy(update={"tests": "off"})
        return replace(self, settings=self.settings.model_copy(update={"verify": verify}))


@dataclass(frozen=True, slots=True)
class Run:
    """A run under way: what was asked, the parts, the loaded model, the way to stop, the checks."""

    request: RunRequest
    env: RunEnvironment
    info: EngineInfo
    cancel: CancelToken
    proof: Proof = field(default_factory=Proof)

    def prompt(self, name: str) -> str:
        """Return a prompt as the user has it; a narrow model gets what it was trained on."""
        return prompt(name) if self.info.jobs else self.env.prompts.text(name)


class RunFailedError(LspAgentError):
    """A run that can't go on; ``code`` tells limits and model errors apart."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class RejectedError(LspAgentError):
    """The edit was made but may not be offered: a check failed or the user refused."""

    code = "rejected"
