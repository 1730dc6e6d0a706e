"""One run from the command line: signals, progress, the result on stdout, the exit status."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from lsp_agent.agent.types import ApprovalQuestion, RunRequest, RunResult
from lsp_agent.cancel import CancelToken
from lsp_agent.cli import output
from lsp_agent.cli.context import CliContext
from lsp_agent.cli.main import CANCELLED, DONE, NO_EDIT, UNAVAILABLE
from lsp_agent.cli.progress import ProgressLine
from lsp_agent.cli.signals import cancel_on_signals
from lsp_agent.errors import LspAgentError
from lsp_agent.events import Event
from lsp_agent.workspace.diff import diff_changes
from lsp_agent.workspace.overlay import Overlay

if TYPE_CHECKING:
    from lsp_agent.app import App

Output = Literal["diff", "apply", "json"]

_NO_ENGINE = frozenset({"engine-unavailable", "bad-model-file"})
_POLL_SECONDS = 0.2


@dataclass(slots=True)
class _Watcher:
    """Follows a run's events: prints them if asked, remembers how it went wrong."""

    as_json: bool
    code: str = field(default="")

    def __call__(self, event: Event) -> None:
        if self.as_json:
            output.write_json(event.to_json())
        if event.type == "error":
            self.code = str(event.data.get("code", ""))


def carry_out(
    context: CliContext, app: App, request: RunRequest, overlay: Overlay, mode: Output
) -> int:
    """Run a request, print what came of it, and return the exit status of the contract."""
    watcher = _Watcher(as_json=mode == "json")
    token = CancelToken()
    with (
        cancel_on_signals(token),
        ProgressLine(enabled=not context.quiet, color=context.color_stderr) as line,
    ):
        result = _in_thread(
            lambda: app.run(
                request,
                overlay,
                cancel=token,
                listener=watcher,
                ask=lambda question: _ask(question, line),
                progress=line.show,
            ),
        )
    return _conclude(context, app, result, overlay, mode, watcher.code)


def _conclude(
    context: CliContext, app: App, result: RunResult, overlay: Overlay, mode: Output, code: str
) -> int:
    if result.status == "cancelled":
        context.say("cancelled")
        return CANCELLED
    if result.status in ("edited", "answered"):
        if mode != "json":
            _show(context, app, result, overlay, mode)
        return DONE
    context.fail(output.printable(result.summary))
    return UNAVAILABLE if result.status == "failed" and code in _NO_ENGINE else NO_EDIT


def _show(context: CliContext, app: App, result: RunResult, overlay: Overlay, mode: Output) -> None:
    if result.status == "answered":
        output.write_text(result.text)
        return
    if mode == "apply":
        for path in _apply(context, app, overlay, result):
            output.write_text(path)
    else:
        output.write_diff(diff_changes(result.changes), color=context.color_stdout)
    if result.text and not result.text.startswith("```"):
        context.say(result.summary)


def _apply(context: CliContext, app: App, overlay: Overlay, result: RunResult) -> list[str]:
    from lsp_agent.store.apply import apply_changes

    if overlay.root is None:
        raise LspAgentError("there is no folder to write to; name one with --workspace")
    # Written down first: from the first file on there is a way back.
    app.changes.record(result.run_id, result.changes, "offered")
    paths = apply_changes(overlay.root.path, result.changes, context.home.apply_log)
    app.changes.mark(result.run_id, "applied")
    app.checkpoint(overlay.root, result.run_id, result.changes)
    return paths


def _in_thread(work: Callable[[], RunResult]) -> RunResult:
    """Work in another thread: on Windows a signal does not wake a main thread that waits."""
    done: Future[RunResult] = Future()

    def target() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised again in the main thread
            done.set_exception(error)

    threading.Thread(target=target, name="run", daemon=True).start()
    while True:
        try:
            return done.result(_POLL_SECONDS)
        except TimeoutError:
            if done.done():
                raise


def _ask(question: ApprovalQuestion, line: ProgressLine) -> bool:
    """Ask on the terminal; without one the answer is no."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    import click

    line.pause()
    try:
        click.echo(output.printable(question.detail), err=True)
        return click.confirm(output.printable(question.title), default=False, err=True)
    except click.Abort:
        return False
    finally:
        line.resume()


def workspace_of(path: Path) -> Path:
    """Return the folder that a lone file belongs to.

    The current one if it holds the file, else the nearest one above it under version control,
    else the file's own.
    """
    file = path.absolute()
    here = Path.cwd()
    if file.is_relative_to(here):
        return here
    return next((up for up in file.parents if (up / ".git").exists()), file.parent)
