"""Models and profiles on tasks: who solved what, how many edits arrived, tokens and seconds."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from lsp_agent.config.model import JournalSettings, LlamaSettings, Settings
from lsp_agent.config.paths import Home
from lsp_agent.config.trust import TrustStore
from lsp_agent.demo.client import ServerEndedError
from lsp_agent.sandbox.types import Sandbox
from lsp_agent.store.journal import Journal
from lsp_agent.tasks.drivers import Attempt, CommandLineDriver, Driver, ServerDriver
from lsp_agent.tasks.judge import Judgement, judge, judge_text
from lsp_agent.tasks.spec import RUN, Task, lay_out

Way = Literal["lsp", "cli"]
_ENGINE = "measured"


@dataclass(frozen=True, slots=True)
class Contestant:
    """What is measured: a model's engine settings and a profile."""

    name: str
    engine: Mapping[str, Any]
    profile: str = "auto"


@dataclass(frozen=True, slots=True)
class Result:
    """How one task went with one model; ``note`` says what could not be tried."""

    task: str
    language: str
    action: str
    wants_text: bool
    solved: bool
    applied: bool
    why: str = ""
    note: str = ""
    tokens: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Score:
    """A contestant's results together; seconds and tokens are sums."""

    model: str
    profile: str
    results: tuple[Result, ...]

    @property
    def solved(self) -> int:
        """How many tasks were solved."""
        return sum(one.solved for one in self.results)

    @property
    def edits(self) -> int:
        """How many tasks want an edit."""
        return sum(not one.wants_text for one in self.results)

    @property
    def applied(self) -> int:
        """How many of those ended with an edit in the files."""
        return sum(one.applied for one in self.results if not one.wants_text)

    @property
    def tokens(self) -> int:
        """The tokens of all runs, prompts included."""
        return sum(one.tokens for one in self.results)

    @property
    def seconds(self) -> float:
        """The seconds of all runs."""
        return sum(one.seconds for one in self.results)


@dataclass(frozen=True, slots=True)
class Bench:
    """What all contestants have in common.

    ``settings`` are the user's; of the engines only the measured one is taken. ``before`` is told
    of each task as it begins.
    """

    settings: Settings
    kinds: Mapping[str, str]
    sandbox: Sandbox | None
    way: Way = "lsp"
    before: Callable[[Task], None] = lambda _task: None

    def known(self, tasks: Sequence[Task]) -> tuple[list[Task], list[str]]:
        """Return the tasks whose actions there are, and the names of the actions there are not."""
        here = [one for one in tasks if one.action == RUN or one.action in self.kinds]
        return here, sorted({one.action for one in tasks if one not in here})

    def measure(self, contestant: Contestant, tasks: Sequence[Task]) -> Score:
        """Have all tasks done, one after the other, in folders that are removed afterwards.

        The folders are trusted, as a user's own would be: programs run in the sandbox.
        """
        with tempfile.TemporaryDirectory(prefix="lsp-agent-tasks-") as made:
            root = Path(made).resolve()
            home = root / "home"
            home.mkdir()
            (home / "config.toml").write_text(_configuration(self.settings, contestant), "utf-8")
            rows: list[tuple[Task, Path, Attempt, Judgement]] = []
            trust = TrustStore(Home.find({"LSP_AGENT_HOME": str(home)}))
            left = [(task, root / f"{number:03}") for number, task in enumerate(tasks)]
            while left:
                with self._driver(home) as driver:
                    while left:
                        task, folder = left.pop(0)
                        self.before(task)
                        lay_out(task.files, folder)
                        trust.trust(folder)
                        try:
                            attempt, ended = driver.attempt(task, folder), False
                        except ServerEndedError as error:
                            # What one task brings down is not held against the others.
                            attempt, ended = Attempt(False, why=str(error)), True
                        rows.append((task, folder, attempt, self._judge(task, folder, attempt)))
                        if ended:
                            break
            tokens = _tokens(home, len(rows))
        results = (
            _result(task, attempt, judgement, tokens.get(str(folder), 0))
            for task, folder, attempt, judgement in rows
        )
        return Score(contestant.name, contestant.profile, tuple(results))

    @contextmanager
    def _driver(self, home: Path) -> Iterator[Driver]:
        driver: Driver
        driver = ServerDriver(home, self.kinds) if self.way == "lsp" else CommandLineDriver(home)
        try:
            yield driver
        finally:
            driver.close()

    def _judge(self, task: Task, folder: Path, attempt: Attempt) -> Judgement:
        if task.wants_text:
            return judge_text(task, attempt.text)
        if not attempt.applied:
            return Judgement(False, attempt.why or "no edit came")
        return judge(task, folder, self.sandbox)


def _result(task: Task, attempt: Attempt, judgement: Judgement, tokens: int) -> Result:
    return Result(
        task=task.id,
        language=task.language,
        action=task.action,
        wants_text=task.wants_text,
        solved=judgement.solved,
        applied=attempt.applied,
        why=judgement.why,
        note=judgement.note,
        tokens=tokens,
        seconds=round(attempt.seconds, 3),
    )


def _tokens(home: Path, count: int) -> Mapping[str, int]:
    """Return the tokens of each folder's runs, as the journal of what was measured has them."""
    journal = Journal(Home.find({"LSP_AGENT_HOME": str(home)}).journal, JournalSettings())
    try:
        found: dict[str, int] = {}
        for row in journal.runs(limit=count * 4 + 1):
            found[row.workspace] = found.get(row.workspace, 0) + row.tokens
        return found
    finally:
        journal.close()


def engine_of(settings: Settings, named: str | None, resolve: Callable[[str], Path]) -> Contestant:
    """Return what ``named`` means: an engine of the settings, else a model by name or path.

    ``resolve`` finds a model's file, since what is measured has state folders of its own.
    """
    name = named or settings.routes.agent
    configured = settings.engines.get(name)
    if configured is None:
        base = settings.engines.get(settings.routes.agent, LlamaSettings())
        base = base if isinstance(base, LlamaSettings) else LlamaSettings()
        configured = base.model_copy(update={"model": name if named else base.model})
    label = configured.model if named is None or name in settings.engines else name
    if isinstance(configured, LlamaSettings) and configured.model != "embedded":
        files = {"model": str(resolve(configured.model).absolute())}
        if configured.draft_model is not None:
            files["draft_model"] = str(resolve(configured.draft_model).absolute())
        configured = configured.model_copy(update=files)
    return Contestant(label, configured.model_dump(exclude_none=True))


def _configuration(settings: Settings, contestant: Contestant) -> str:
    """Return the user's settings as TOML, with the measured engine in the place of all others."""
    data = settings.model_dump(exclude_none=True, exclude={"engines", "routes", "journal"})
    data["agent"] = {**data["agent"], "profile": contestant.profile}
    data["engines"] = {_ENGINE: dict(contestant.engine)}
    data["routes"] = {"agent": _ENGINE}
    return "".join(f"{key} = {_toml(value)}\n" for key, value in data.items())


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return (
            "{" + ", ".join(f"{json.dumps(key)} = {_toml(one)}" for key, one in value.items()) + "}"
        )
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
