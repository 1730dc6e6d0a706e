"""A run's surroundings: files, tools, a scripted model, recorded events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from lsp_agent.agent.environment import RunEnvironment
from lsp_agent.agent.loop import run_agent
from lsp_agent.agent.permits import Permits
from lsp_agent.agent.prompts import Prompts
from lsp_agent.agent.types import ApprovalQuestion, Reply, RunRequest, RunResult
from lsp_agent.cancel import CancelToken
from lsp_agent.config.load import Sources, load_settings
from lsp_agent.engine.types import Engine, EngineInfo, ToolCall
from lsp_agent.events import Event, EventStream
from lsp_agent.language_servers.types import Instruments
from lsp_agent.tools.spec import Tool, load_tools
from lsp_agent.verify.programs import Programs
from lsp_agent.verify.types import Workshop
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.roots import Root


class Stage:
    """Runs requests in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.events: list[Event] = []
        self.progress: list[str] = []
        self.cancel = CancelToken()
        self.allow = False
        self.reply: Reply = "allow"
        self.permits = Permits()
        self.prompts = Prompts()
        self.tools: dict[str, Tool[Any]] = {}
        self.questions: list[ApprovalQuestion] = []
        self.instruments: Instruments | None = None
        self.programs: Programs | None = None
        self.workshop: Workshop | None = None
        self.calls_tools: Callable[[EngineInfo], bool | None] = lambda _info: None

    def file(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run(
        self,
        engine: Engine,
        request: RunRequest,
        scope: frozenset[str] | None = None,
        **agent: Any,
    ) -> RunResult:
        self.events.clear()
        self.progress.clear()
        values = {key if "." in key else f"agent.{key}": str(one) for key, one in agent.items()}
        values = {key.replace("__", "."): one for key, one in values.items()}
        loaded = load_settings(Sources(cli=values))
        assert not loaded.problems, loaded.problems
        env = RunEnvironment(
            run_id="r1",
            engine=engine,
            overlay=Overlay(Root(self.folder), scope=scope or request.scope),
            tools={**load_tools(pytest.fail), **self.tools},
            settings=loaded.settings,
            events=EventStream("r1", self.events.append),
            ask=self._ask,
            instruments=self.instruments,
            permits=self.permits,
            programs=self.programs,
            workshop=self.workshop,
            prompts=self.prompts,
            calls_tools=self.calls_tools,
            progress=lambda words, _share: self.progress.append(words),
        )
        return run_agent(request, env, self.cancel)

    def types(self) -> list[str]:
        return [event.type for event in self.events]

    def of(self, type_: str) -> list[Event]:
        return [event for event in self.events if event.type == type_]

    def _ask(self, question: ApprovalQuestion) -> Reply:
        self.questions.append(question)
        return self.reply if self.allow else "refuse"


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def calls(*named: tuple[str, dict[str, Any]]) -> tuple[ToolCall, ...]:
    """Return native tool calls."""
    return tuple(ToolCall(f"c{n}", name, arguments) for n, (name, arguments) in enumerate(named))


def contents(engine: Any) -> Sequence[str]:
    """Return the messages of the engine's last request."""
    return [message.content for message in engine.requests[-1].prompt.messages]
