"""The demo from start to end: a failing test, a fix, a docstring, the tests after each."""

from __future__ import annotations

import os
import queue
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsp_agent.demo.client import LspClient, ServerError
from lsp_agent.demo.editor import CAPABILITIES, Editor
from lsp_agent.demo.models import DemoModel
from lsp_agent.demo.sample import Finding, SampleProject
from lsp_agent.demo.show import Show
from lsp_agent.errors import LspAgentError
from lsp_agent.workspace.diff import unified_diff

_START_SECONDS = 30.0
_RUN_SECONDS = 900.0
_SERVE = ("-m", "lsp_agent", "serve", "--stdio")
_MAX_REASON_LINES = 3
_MAX_REASON_WIDTH = 96
# The function of the sample that has no docstring yet.
_BARE_FILE, _BARE = "shop/money.py", "def parse("


@dataclass(frozen=True, slots=True)
class Refused:
    """The server sent no edit; ``reason`` is its word."""

    reason: str


class Story:
    """One telling of the demo in a folder of its own."""

    def __init__(self, model: DemoModel, folder: Path, show: Show) -> None:
        self._model = model
        self._folder = folder
        self._show = show
        self._editor: Editor

    def tell(self) -> bool:
        """Play it; return whether it ended as it should with this model.

        The bug has to be mended and a function documented, with the tests passing after each.
        """
        show = self._show
        project = SampleProject(self._folder)
        show.title("lsp-agent demo")
        show.line(f"model    {self._model.label}")
        show.line(f"project  {project.path}")

        show.step("The project's own tests")
        tests = project.run_tests()
        if tests.ok or tests.finding is None:
            raise LspAgentError("the sample project has no failing test; install lsp-agent again")
        show.line(tests.summary, kind="bad")
        show.line(f"{tests.finding.path}:{tests.finding.line}: {tests.finding.message}")

        self._editor = Editor(project.path / tests.finding.path, show.progress)
        with self._server(project) as client:
            fixed = self._act(client, project, tests.finding, "quickfix")
            return fixed and self._document(client, project)

    @contextmanager
    def _server(self, project: SampleProject) -> Iterator[LspClient]:
        """Start a server of our own, greet it and end it after use."""
        self._show.step("The server: lsp-agent serve --stdio")
        started = time.monotonic()
        client = LspClient(
            (sys.executable, *_SERVE),
            cwd=project.path,
            env=_environment(),
            log=self._folder / "server.log",
            listener=self._listen,
        )
        try:
            self._greet(client, project, started)
            yield client
        finally:
            client.close()

    def _listen(self, method: str, params: Mapping[str, Any]) -> Any:
        """Hand what the server asks to the document that is at hand."""
        return self._editor.listen(method, params)

    def _act(self, client: LspClient, project: SampleProject, finding: Finding, kind: str) -> bool:
        """Take the action of a kind at a place and run the tests; return whether they pass."""
        self._editor.open(client)
        action = self._choose(client, finding, kind)
        outcome = self._resolve(client, action)
        if isinstance(outcome, Refused):
            return self._refused(outcome, project)
        return self._edited(outcome, project)

    def _document(self, client: LspClient, project: SampleProject) -> bool:
        """Document the function of the sample that has no docstring."""
        self._editor = Editor(project.path / _BARE_FILE, self._show.progress)
        self._editor.settings = self._settings()
        line = self._editor.text[: self._editor.text.index(_BARE)].count("\n") + 1
        place = Finding(_BARE_FILE, line, "")
        return self._act(client, project, place, "refactor.rewrite.lspAgent.document")

    def _greet(self, client: LspClient, project: SampleProject, started: float) -> None:
        self._editor.settings = self._settings()
        folder = {"uri": project.path.as_uri(), "name": project.path.name}
        answer = client.request(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": folder["uri"],
                "workspaceFolders": [folder],
                "capabilities": CAPABILITIES,
                "initializationOptions": {"lspAgent": self._settings()},
            },
            _START_SECONDS,
        )
        info = answer["serverInfo"]
        milliseconds = (time.monotonic() - started) * 1000
        self._show.line(
            f"initialize answered after {milliseconds:.0f} ms by {info['name']} {info['version']}"
        )
        client.notify("initialized", {})

    def _choose(self, client: LspClient, finding: Finding, kind: str) -> dict[str, Any]:
        """Ask for code actions at a place, as an editor does with a linter's diagnostic."""
        self._show.step(f"Code actions at {finding.path}:{finding.line}")
        diagnostic = _diagnostic(self._editor.text, finding)
        started = time.monotonic()
        actions = client.request(
            "textDocument/codeAction",
            {
                "textDocument": {"uri": self._editor.uri},
                "range": diagnostic["range"],
                "context": {
                    "diagnostics": [diagnostic] if finding.message else [],
                    "triggerKind": 1,
                },
            },
            _START_SECONDS,
        )
        milliseconds = (time.monotonic() - started) * 1000
        fitting = [
            one
            for one in actions
            if one.get("kind", "").startswith(kind) and not one.get("disabled")
        ]
        for action in actions:
            mark = "→" if fitting and action is fitting[0] else " "
            off = "  (needs a larger model)" if action.get("disabled") else ""
            self._show.line(f"{mark} {action.get('kind', ''):<36} {action['title']}{off}")
        self._show.line(f"listed in {milliseconds:.0f} ms, without the model", kind="dim")
        if not fitting:
            raise LspAgentError(f"the server offered no {kind} here")
        chosen: dict[str, Any] = fitting[0]
        return chosen

    def _resolve(self, client: LspClient, action: dict[str, Any]) -> str | Refused:
        editor = self._editor
        self._show.step("The agent at work (codeAction/resolve)")
        try:
            resolved = client.request("codeAction/resolve", action, _RUN_SECONDS)
        except ServerError as error:
            return Refused(str(error))
        if resolved.get("edit") is not None:
            return editor.edited(resolved["edit"])
        # What takes longer than an editor should wait comes by a command and workspace/applyEdit.
        command = resolved["command"]
        self._show.line(
            f"this takes longer: the edit will come by {command['command']}", kind="dim"
        )
        client.request(
            "workspace/executeCommand",
            {"command": command["command"], "arguments": command.get("arguments")},
            _START_SECONDS,
        )
        ended = editor.ended.get(timeout=_RUN_SECONDS)
        try:
            edit = editor.edits.get(timeout=_START_SECONDS if ended == "edited" else 2.0)
        except queue.Empty:
            return Refused(editor.messages[-1] if editor.messages else ended)
        text = editor.edited(edit)
        editor.take(client, text)
        return text

    def _edited(self, text: str, project: SampleProject) -> bool:
        show, file = self._show, self._editor.file
        show.step("The edit, checked before it was sent")
        before = file.read_text("utf-8")
        relative = file.relative_to(project.path).as_posix()
        show.diff(unified_diff(before, text, relative, relative))
        file.write_bytes(text.encode())
        show.line("applied", kind="good")
        show.step("The project's tests again")
        tests = project.run_tests()
        show.line(tests.summary, kind="good" if tests.ok else "bad")
        return tests.ok

    def _refused(self, outcome: Refused, project: SampleProject) -> bool:
        show = self._show
        show.step("The edit")
        show.line("none: the server sent no edit, and says why", kind="bad")
        rows = outcome.reason.strip().split("\n")
        for row in rows[:_MAX_REASON_LINES]:
            cut = f"{row[: _MAX_REASON_WIDTH - 1]}…" if len(row) > _MAX_REASON_WIDTH else row
            show.line(f"  {cut}", kind="dim")
        if len(rows) > _MAX_REASON_LINES:
            show.line(f"  … {len(rows) - _MAX_REASON_LINES} more lines", kind="dim")
        show.step("The project's tests again")
        tests = project.run_tests()
        show.line(f"{tests.summary}: as before, nothing was changed")
        return False

    def _settings(self) -> dict[str, Any]:
        return {
            "engines": {"demo": self._model.engine},
            "routes": {"agent": "demo", "action": "demo"},
        }


def _diagnostic(text: str, finding: Finding) -> dict[str, Any]:
    """Word the finding as a diagnostic on the name that it quotes, or on its line."""
    line = text.split("\n")[finding.line - 1]
    start, end = len(line) - len(line.lstrip()), len(line)
    name = finding.message.partition("'")[2].partition("'")[0]
    if name and name in line:
        start = line.index(name)
        end = start + len(name)
    number = finding.line - 1
    return {
        "range": {
            "start": {"line": number, "character": start},
            "end": {"line": number, "character": end},
        },
        "severity": 1,
        "source": "unittest",
        "message": finding.message,
    }


def _environment() -> Mapping[str, str]:
    """Leave out settings of the user's environment, which would outrank the demo's own."""
    kept = ("LSP_AGENT_HOME", "LSP_AGENT_CONFIG")
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("LSP_AGENT_") or name in kept
    }
