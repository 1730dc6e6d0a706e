"""The two ways to a task: the server, as an editor speaks to it, and the command line."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from lsp_agent.demo.client import LspClient, ServerEndedError, ServerError
from lsp_agent.demo.editor import EditError
from lsp_agent.tasks.editor import CAPABILITIES, TaskEditor
from lsp_agent.tasks.judge import changed_files
from lsp_agent.tasks.spec import RUN, Task
from lsp_agent.workspace.positions import Range

_START_SECONDS = 60.0
_RUN_SECONDS = 900.0
_EDIT_SECONDS = 10.0
_LSP_AGENT = (sys.executable, "-m", "lsp_agent")


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of a task: whether an edit was applied, the text that was shown, why neither.

    ``seconds`` are those of the run, the start of the server or the command included only on the
    command line.
    """

    applied: bool
    text: str = ""
    why: str = ""
    seconds: float = 0.0


class Driver(Protocol):
    """One way of having tasks done, with one state folder."""

    def attempt(self, task: Task, folder: Path) -> Attempt:
        """Have a task done in a folder that holds its files.

        Raises ``ServerEndedError`` where nothing further can be asked.
        """
        ...

    def close(self) -> None:
        """End what was started."""
        ...


class ServerDriver:
    """One server for all tasks, each a workspace folder that comes and goes."""

    def __init__(self, home: Path, kinds: Mapping[str, str]) -> None:
        """Start a server; ``home`` holds its configuration, ``kinds`` are those of the actions."""
        self._kinds = kinds
        self._editor: TaskEditor | None = None
        self._client = LspClient(
            (*_LSP_AGENT, "serve", "--stdio"),
            cwd=home,
            env=environment(home),
            log=home / "server.log",
            listener=self._listen,
        )
        greeting: Mapping[str, Any] = {
            "processId": os.getpid(),
            "rootUri": None,
            "workspaceFolders": [],
            "capabilities": CAPABILITIES,
        }
        self._client.request("initialize", greeting, _START_SECONDS)
        self._client.notify("initialized", {})

    def attempt(self, task: Task, folder: Path) -> Attempt:
        """Do a task as an editor's user would; raises ``ServerEndedError``."""
        editor = self._editor = TaskEditor(task, folder)
        started = time.monotonic()
        editor.open(self._client)
        try:
            text, why = self._ask(task, editor)
        except (ServerError, EditError) as error:
            text, why = "", str(error)
        except queue.Empty:
            raise ServerEndedError(f"no end of the run in {_RUN_SECONDS:.0f} seconds") from None
        seconds = time.monotonic() - started
        editor.close()
        return Attempt(editor.applied, text, "" if editor.applied or text else why, seconds)

    def close(self) -> None:
        """Shut the server down."""
        self._client.close()

    def _listen(self, method: str, params: Mapping[str, Any]) -> Any:
        return self._editor.listen(method, params) if self._editor else None

    def _ask(self, task: Task, editor: TaskEditor) -> tuple[str, str]:
        """Take the action; return the text that was shown, and why there is no edit."""
        place = {"uri": editor.uri, "range": _lsp_range(task.range)}
        if task.action == RUN:
            answer = self._command("lspAgent.run", {**place, "task": task.words})
            return "", str(answer.get("summary", ""))
        if task.words:
            # What is typed has no place in a code action: editors pass it to the command.
            row = {**place, "action": task.action, "argument": task.words, "version": 1}
            self._command("lspAgent.action", {**row, "diagnostics": _diagnostics(task)})
            return self._outcome(task, editor)
        chosen = self._choose(task, editor)
        if chosen is None:
            return "", "the action is not offered at the place"
        resolved = self._client.request("codeAction/resolve", chosen, _RUN_SECONDS)
        if resolved.get("edit") is not None:
            editor.take(resolved["edit"])
            return "", ""
        self._command(resolved["command"]["command"], resolved["command"]["arguments"][0])
        return self._outcome(task, editor)

    def _choose(self, task: Task, editor: TaskEditor) -> dict[str, Any] | None:
        """Return the first offer of the action that can be taken."""
        kind = self._kinds[task.action]
        rows = self._client.request(
            "textDocument/codeAction",
            {
                "textDocument": {"uri": editor.uri},
                "range": _lsp_range(task.range),
                "context": {"diagnostics": _diagnostics(task), "only": [kind], "triggerKind": 1},
            },
            _START_SECONDS,
        )
        fitting = (
            one
            for one in rows or ()
            if (one.get("data") or {}).get("action") == task.action and not one.get("disabled")
        )
        return next(fitting, None)

    def _command(self, name: str, argument: Mapping[str, Any]) -> Mapping[str, Any]:
        params = {"command": name, "arguments": [argument]}
        answer = self._client.request("workspace/executeCommand", params, _RUN_SECONDS)
        return answer if isinstance(answer, Mapping) else {}

    def _outcome(self, task: Task, editor: TaskEditor) -> tuple[str, str]:
        """Wait for a run that a command started, and for what it brings."""
        ended = editor.ended.get(timeout=_RUN_SECONDS)
        if task.wants_text:
            with suppress(queue.Empty):
                return editor.shown.get(timeout=_EDIT_SECONDS), ""
        elif ended.startswith("edited"):
            with suppress(queue.Empty):
                editor.edits.get(timeout=_EDIT_SECONDS)
        return "", editor.messages[-1] if editor.messages else ended


class CommandLineDriver:
    """One command for each task, as a script would run it."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def attempt(self, task: Task, folder: Path) -> Attempt:
        """Run ``lsp-agent action`` or ``run`` in a task's folder, with ``--apply``."""
        place = _command_line_place(task)
        if task.action == RUN:
            words = ["run", task.words, "--file", place]
        else:
            words = ["action", task.action, place]
            words += ["--instruction", task.words] if task.words else []
            words += ["--message", task.report] if task.report else []
        started = time.monotonic()
        try:
            done = subprocess.run(
                [*_LSP_AGENT, *words, "--apply", "--yes"],
                cwd=folder,
                env=environment(self._home),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=_RUN_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            return Attempt(False, why=str(error), seconds=_RUN_SECONDS)
        seconds = time.monotonic() - started
        good = done.returncode == 0
        said = done.stdout if good and task.wants_text else ""
        why = "" if good else done.stderr.strip() or f"exit status {done.returncode}"
        return Attempt(good and bool(changed_files(task, folder)), said, why, seconds)

    def close(self) -> None:
        """Nothing of it lives on."""


def environment(home: Path) -> Mapping[str, str]:
    """Return the environment of what is measured: the settings are those of ``home`` only."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LSP_AGENT_")}
    return {**kept, "LSP_AGENT_HOME": str(home)}


def _lsp_range(range_: Range) -> Mapping[str, Any]:
    return {
        side: {"line": point.line, "character": point.character}
        for side, point in (("start", range_.start), ("end", range_.end))
    }


def _diagnostics(task: Task) -> list[Mapping[str, Any]]:
    if not task.report:
        return []
    return [
        {
            "range": _lsp_range(task.range),
            "severity": 1,
            "source": "checker",
            "message": task.report,
        }
    ]


def _command_line_place(task: Task) -> str:
    start, end = task.range.start, task.range.end
    place = f"{task.path}:{start.line + 1}:{start.character + 1}"
    return place if task.range.empty else f"{place}-{end.line + 1}:{end.character + 1}"
