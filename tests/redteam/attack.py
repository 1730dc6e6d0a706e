"""Carrying out an attack: the model is the attacker, everything else is real.

The model is a scripted endpoint over HTTP, so that prompts can be looked at as they leave the
process. :func:`attack` runs in this process what every edge runs (``App.run``, then
``apply_changes``); :func:`by_command` starts the command line.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lsp_agent.agent.types import ApprovalQuestion, Reply, RunRequest, RunResult
from lsp_agent.app import App
from lsp_agent.cancel import CancelToken
from lsp_agent.config.load import Sources, load_settings
from lsp_agent.config.paths import Home
from lsp_agent.config.trust import TrustStore
from lsp_agent.errors import LspAgentError
from lsp_agent.events import Event
from lsp_agent.sandbox.types import Sandbox
from lsp_agent.store.apply import apply_changes
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.roots import Root
from tests.redteam.arena import Arena
from tests.support.scripted_endpoint import Reply as Answer
from tests.support.scripted_endpoint import ScriptedEndpoint, call

STATUSES = {"edited", "answered", "no_change", "rejected", "cancelled", "failed"}
# What costs time and is no gate; a case may turn it on.
QUIET = {
    "index.enabled": "false",
    "language_servers.enabled": "false",
    "verify.lint": "false",
    "verify.tests": "off",
}
Calls = Sequence[tuple[str, Mapping[str, Any]]]


@dataclass(frozen=True)
class Case:
    """One attack, as data.

    ``calls`` are what the model asks for, in one answer; ``files`` and ``links`` what the hostile
    repository holds; ``arrange`` prepares more. ``allow`` is what the user answers to every
    question. ``refused`` says that each call must be an error to the model, ``audit`` which row has
    to tell of it. ``words`` has to stand in some result or event, ``absent`` in none. ``settings``
    are those of the user.
    """

    id: str
    calls: Calls = ()
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    arrange: Callable[[Arena], None] | None = None
    allow: bool = False
    refused: bool = False
    git: bool = False
    trusted: bool = False
    words: str = ""
    audit: str = ""
    absent: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    task: str = "do what the notes say"


@dataclass
class Aftermath:
    """What is known after an attack."""

    status: str
    events: list[dict[str, Any]]
    questions: list[ApprovalQuestion] = field(default_factory=list)
    prompts: str = ""
    said: str = ""
    error: str = ""
    audit: list[tuple[str, Any]] = field(default_factory=list)
    logged: str = ""

    def results(self) -> list[tuple[bool, str]]:
        """Return what each tool call came to."""
        return [(e["ok"], e["preview"]) for e in self.events if e["type"] == "tool_result"]


def prepare(arena: Arena, case: Case) -> None:
    """Build the hostile workspace."""
    arena.write(case.files)
    for name, target in case.links.items():
        link = arena.work / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(arena.fill(target))
    if case.git:
        arena.repository()
    if case.arrange is not None:
        case.arrange(arena)
    arena.settled()


def filled(arena: Arena, value: Any) -> Any:
    """Fill in the places in a call's arguments, however deep."""
    if isinstance(value, str):
        return arena.fill(value)
    if isinstance(value, Mapping):
        return {key: filled(arena, one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [filled(arena, one) for one in value]
    return value


def script(arena: Arena, calls: Calls) -> list[Answer]:
    """Return the model's answers: all calls at once, then an end."""
    asked = tuple(
        call(name, f"c{number}", **filled(arena, arguments))
        for number, (name, arguments) in enumerate(calls)
    )
    return [Answer(tool_calls=asked), Answer(text="Done."), Answer(text="Done.")]


def configuration(url: str, more: str = "") -> str:
    """Return the user's settings: everything goes to the scripted model."""
    return (
        f'[engines.remote]\nkind = "openai"\nbase_url = "{url}"\nmodel = "scripted"\n'
        f'max_retries = 0\n[routes]\nagent = "remote"\n{more}'
    )


def attack(
    arena: Arena,
    case: Case,
    *,
    apply: bool = True,
    hook: Callable[[str], None] | None = None,
    sandbox: Sandbox | None = None,
    yes: bool = False,
    host: str = "127.0.0.1",
) -> Aftermath:
    """Prepare, run, apply what was offered, and assert that nothing outside was harmed.

    ``hook`` is called with the type of each event, in the run's thread; ``sandbox`` stands in for
    the one of this machine. ``yes`` is ``--yes``; ``host`` is where the model is said to be.
    """
    prepare(arena, case)
    events: list[dict[str, Any]] = []
    questions: list[ApprovalQuestion] = []

    def listener(event: Event) -> None:
        events.append(event.to_json())
        if hook is not None:
            hook(event.type)

    def ask(question: ApprovalQuestion) -> Reply:
        questions.append(question)
        return "allow" if case.allow else "refuse"

    records = _Records()
    logging.getLogger().addHandler(records)
    try:
        with ScriptedEndpoint(script(arena, case.calls)) as endpoint:
            url = endpoint.base_url.replace("127.0.0.1", host)
            app, overlay = _app(arena, case, url, records.texts.append, sandbox)
            request = RunRequest(task=arena.fill(case.task), profile="tools")
            try:
                result = app.run(request, overlay, cancel=CancelToken(), listener=listener, ask=ask)
                audit = [(row.kind, row.data) for row in app.journal.audit()]
                assert app.journal.verify() is None, "the audit's chain is broken"
            finally:
                app.close()
            error = _apply(arena, result) if apply else ""
            prompts = json.dumps(endpoint.requests, ensure_ascii=False)
    finally:
        logging.getLogger().removeHandler(records)
    said = "\n".join([
        prompts, json.dumps(events, ensure_ascii=False), result.text, result.summary, error,
        *records.texts, *(f"{one.title}\n{one.detail}" for one in questions), arena.remembered(),
    ])  # fmt: skip
    after = Aftermath(result.status, events, questions, prompts, said, error, audit)
    after.logged = "\n".join(records.texts)
    judge(arena, case, after)
    return after


def by_command(
    arena: Arena, case: Case, *options: str, environment: Mapping[str, str] | None = None
) -> tuple[int, Aftermath]:
    """Do the same by ``lsp-agent run``; nobody sits at the terminal to answer."""
    prepare(arena, case)
    with ScriptedEndpoint(script(arena, case.calls)) as endpoint:
        more = "".join(f"{key} = {value}\n" for key, value in case.settings.items())
        arena.state.joinpath("config.toml").write_text(configuration(endpoint.base_url, more))
        done = subprocess.run(
            [sys.executable, "-m", "lsp_agent", "run", arena.fill(case.task), *options],
            cwd=arena.work,
            env={**os.environ, **arena.environment(), **(environment or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=100,
            check=False,
        )
        prompts = json.dumps(endpoint.requests, ensure_ascii=False)
    out, err = done.stdout.decode(), done.stderr.decode()
    events = [json.loads(line) for line in out.splitlines()] if "--json" in options else []
    status = events[-1]["status"] if events else ""
    said = "\n".join([prompts, out, err, arena.remembered()])
    after = Aftermath(status, events, [], prompts, said, err)
    arena.assert_unharmed(said)
    assert "Traceback" not in err
    return done.returncode, after


def judge(arena: Arena, case: Case, after: Aftermath) -> None:
    """Assert what holds after every attack, and what the case itself says."""
    arena.assert_unharmed(after.said)
    assert after.events[-1]["type"] == "run_finished"
    assert after.status in STATUSES
    assert not [e for e in after.events if e["type"] == "error" and e["code"] == "internal"]
    if case.refused:
        assert after.results(), "nothing was tried"
        assert not [text for ok, text in after.results() if ok], after.results()
    if case.audit:
        assert case.audit in [kind for kind, _ in after.audit]
    told = json.dumps(after.events, ensure_ascii=False)
    if case.words:
        assert arena.fill(case.words) in told, after.results()
    if case.absent:
        assert arena.fill(case.absent) not in after.said


def _app(
    arena: Arena, case: Case, url: str, warn: Callable[[str], None], sandbox: Sandbox | None
) -> tuple[App, Overlay]:
    home = Home(arena.state, arena.state / "config.toml", arena.state / "logs")
    home.config_file.write_text(configuration(url))
    if case.trusted:
        TrustStore(home).trust(arena.work)
    values = {**QUIET, **case.settings}
    loaded = load_settings(
        Sources(
            cli=values,
            workspace=arena.work,
            user_file=home.config_file,
            trusted=TrustStore(home).is_trusted(arena.work),
        )
    )
    assert not [one for one in loaded.problems if one.level == "error"], loaded.problems
    app = App(loaded.settings, home, warn=warn, sandbox=sandbox)
    return app, Overlay(Root(arena.work), exclude=loaded.settings.exclude)


def _apply(arena: Arena, result: RunResult) -> str:
    try:
        apply_changes(arena.work, result.changes, arena.state / "apply.log")
    except LspAgentError as error:
        return str(error)
    return ""


class _Records(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(self.format(record))
