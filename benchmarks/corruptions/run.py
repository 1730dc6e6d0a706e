"""Carrying out cases: a run in this process with a model that says what the case says."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from benchmarks.corruptions.answers import Edit
from benchmarks.corruptions.cases import Case, Damage
from benchmarks.corruptions.damage import DAMAGES
from benchmarks.corruptions.workspace import CHANGES, FILES, random_change
from lsp_agent.agent.environment import RunEnvironment
from lsp_agent.agent.loop import run_agent
from lsp_agent.agent.types import Focus, RunRequest, RunResult
from lsp_agent.cancel import CancelToken
from lsp_agent.config.load import Sources, load_settings
from lsp_agent.engine.types import Delta, EngineError, EngineInfo, Request, Usage
from lsp_agent.events import Event, EventStream
from lsp_agent.tools.spec import load_tools
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.roots import Root

End = Literal["landed", "nothing", "wrong", "broken"]
TASK = "Make the change."
LAST_WORDS = "That is all I can do."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a case; ``broken`` is a run that failed inside."""

    end: End
    status: str
    detail: str


def draw(rng: random.Random, damages: Sequence[Damage] = DAMAGES) -> Case:
    """Draw a change and a damage that it can suffer."""
    damage = rng.choice(damages)
    while True:
        change = rng.choice(CHANGES) if rng.random() < 0.5 else random_change(rng)
        case = damage(rng, Edit.draw(rng, change))
        if case is not None:
            return case


def lay_out(folder: Path) -> None:
    """Write the workspace."""
    for path, text in FILES.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="")


def judge(case: Case, changes: dict[str, str | None]) -> End:
    """Compare what a run offers with what was right."""
    if not changes:
        return "nothing"
    return "landed" if changes == {case.edit.change.path: case.after} else "wrong"


class ScriptedModel:
    """An engine that says a case's answers, and then that it is done."""

    name = "scripted"

    def __init__(self, case: Case) -> None:
        self._case = case
        self._asked = 0
        native = case.form == "native"
        self._info = EngineInfo("scripted", "openai", "scripted", 16_000, native_tools=native)

    def info(self) -> EngineInfo:
        return self._info

    def load(self, cancel: CancelToken) -> EngineInfo:
        cancel.check()
        return self._info

    def generate(self, _request: Request, cancel: CancelToken) -> Iterator[Delta]:
        cancel.check()
        answers = self._case.answers
        said = answers[self._asked] if self._asked < len(answers) else LAST_WORDS
        self._asked += 1
        usage = Usage(prompt=10, cached=0, completion=10)
        if isinstance(said, str):
            yield Delta(text=said, finish="stop", usage=usage)
        else:
            yield Delta(tool_calls=said, finish="tool_calls", usage=usage)

    def count_tokens(self, text: str) -> int:
        return len(text) // 4

    def embed(self, _texts: Sequence[str], _cancel: CancelToken) -> list[list[float]]:
        raise EngineError("a scripted engine has no embeddings")

    def close(self) -> None:
        """Nothing is held."""


class Bench:
    """Runs cases in one folder, which no run writes to."""

    def __init__(self, folder: Path) -> None:
        lay_out(folder)
        self._root = Root(folder)
        self._tools: dict[str, Any] = load_tools(print)
        self._settings = load_settings(Sources(cli={})).settings

    def run(self, case: Case) -> Outcome:
        events: list[Event] = []
        env = RunEnvironment(
            run_id="r",
            engine=ScriptedModel(case),
            overlay=Overlay(self._root),
            tools=self._tools,
            settings=self._settings,
            events=EventStream("r", events.append),
            ask=lambda _question: "refuse",
        )
        focus = Focus(case.focus) if case.focus else None
        request = RunRequest(TASK, focus=focus, answer="edit", profile="tools")
        result: RunResult = run_agent(request, env, CancelToken())
        changes = {change.new_path or change.path: change.after for change in result.changes}
        said = [
            str(event.data.get("preview") or event.data.get("message") or "")
            for event in events
            if event.type in ("tool_result", "error")
        ]
        broken = any(event.data.get("code") == "internal" for event in events)
        end = "broken" if broken else judge(case, changes)
        return Outcome(end, result.status, " | ".join([*said, result.summary]))


def folder_for_runs() -> tempfile.TemporaryDirectory[str]:
    """Return a folder that goes away by itself; its name is part of no damage."""
    return tempfile.TemporaryDirectory(prefix="corruptions-")
