"""The demo from start to end: a failing test, a code action, the edit, the tests again."""

from __future__ import annotations

import os
import queue
import sys
import time
from collections.abc import Mapping
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

    def tell(self) -> bool:
        """Play it; return whether it ended as it should with this model.

        A trained model has to mend the bug; one of random weights is fine with a refused edit.
        """
        show = self._show
        project = SampleProject(self._folder)
        show.title("lsp-agent demo")
        show.line(f"model    {self._model.label}")
        if self._model.noise:
            show.line(
                "         its weights are random until a trained one ships: its words are noise"
            )
        show.line(f"project  {project.path}")

        show.step("The project's own tests")
        tests = project.run_tests()
        if tests.ok or tests.finding is None:
            raise LspAgentError("the sample project has no failing test; install lsp-agent again")
        show.line(tests.summary, kind="bad")
        show.line(f"{tests.finding.path}:{tests.finding.line}: {tests.finding.message}")

        file = project.path / tests.finding.path
        editor = Editor(file, show.progress)
        outcome = self._with_server(project, editor, tests.finding)
        if isinstance(outcome, Refused):
            return self._refused(outcome, project)
        return self._edited(outcome, editor, file, project)

    def _with_server(
        self, project: SampleProject, editor: Editor, finding: Finding
    ) -> str | Refused:
        """Talk to a server of our own; return the document's text with its edit."""
        self._show.step("The server: lsp-agent serve --stdio")
        started = time.monotonic()
        client = LspClient(
            (sys.executable, *_SERVE),
            cwd=project.path,
            env=_environment(),
            log=self._folder / "server.log",
            listener=editor.listen,
        )
        try:
            self._greet(client, editor, project, started)
            action = self._choose(client, editor, finding)
            return self._resolve(client, editor, action)
        finally:
            client.close()

    def _greet(
        self, client: LspClient, editor: Editor, project: SampleProject, started: float
    ) -> None:
        editor.settings = self._settings()
        folder = {"uri": project.path.as_uri(), "name": project.path.name}
        answer = client.request(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": folder["uri"],
                "workspaceFolders": [folder],
                "capabilities": CAPABILITIES,
                "initializationOptions": {"lspAgent": editor.settings},
            },
            _START_SECONDS,
        )
        info = answer["serverInfo"]
        milliseconds = (time.monotonic() - started) * 1000
        self._show.line(
            f"initialize answered after {milliseconds:.0f} ms by {info['name']} {info['version']}"
        )
        client.notify("initialized", {})
        document = {"uri": editor.uri, "languageId": "python", "version": 1, "text": editor.text}
        client.notify("textDocument/didOpen", {"textDocument": document})

    def _choose(self, client: LspClient, editor: Editor, finding: Finding) -> dict[str, Any]:
        """Ask for code actions at the finding, as an editor does with a linter's diagnostic."""
        self._show.step(f"Code actions at {finding.path}:{finding.line}")
        diagnostic = _diagnostic(editor.text, finding)
        started = time.monotonic()
        actions = client.request(
            "textDocument/codeAction",
            {
                "textDocument": {"uri": editor.uri},
                "range": diagnostic["range"],
                "context": {"diagnostics": [diagnostic], "triggerKind": 1},
            },
            _START_SECONDS,
        )
        milliseconds = (time.monotonic() - started) * 1000
        fixes = [one for one in actions if one.get("kind", "").startswith("quickfix")]
        for action in actions:
            mark = "→" if fixes and action is fixes[0] else " "
            self._show.line(f"{mark} {action.get('kind', ''):<36} {action['title']}")
        self._show.line(f"listed in {milliseconds:.0f} ms, without the model", kind="dim")
        if not fixes:
            raise LspAgentError("the server offered no quick fix for the diagnostic")
        chosen: dict[str, Any] = fixes[0]
        return chosen

    def _resolve(self, client: LspClient, editor: Editor, action: dict[str, Any]) -> str | Refused:
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

    def _edited(self, text: str, editor: Editor, file: Path, project: SampleProject) -> bool:
        show = self._show
        show.step("The edit")
        before = file.read_text("utf-8")
        relative = file.relative_to(project.path).as_posix()
        show.diff(unified_diff(before, text, relative, relative))
        file.write_bytes(text.encode())
        show.line("applied", kind="good")
        editor.text = text
        show.step("The project's tests again")
        tests = project.run_tests()
        show.line(tests.summary, kind="good" if tests.ok else "bad")
        if tests.ok:
            return True
        if self._model.noise:
            show.line("it parses, but noise mends no bug: that is what the tests are for")
            self._suggest()
        return self._model.noise

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
        if self._model.noise:
            self._suggest()
        return self._model.noise

    def _suggest(self) -> None:
        self._show.line("")
        self._show.line("This is the whole way of a code action, but for a mind at its end: the")
        self._show.line("stand-in model has random weights. With a real one (any instruct GGUF):")
        self._show.line("    make demo MODEL=path/to/model.gguf")

    def _settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = {
            "engines": {"demo": self._model.engine},
            "routes": {"agent": "demo", "action": "demo"},
        }
        if self._model.noise:
            # Noise never ends by itself; there is no use in waiting for much of it.
            settings["agent"] = {"max_tokens": 128, "refine_passes": 1}
        return settings


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
