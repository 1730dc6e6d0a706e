"""One run from the command line: signals, progress, the result on stdout, the exit status."""

from __future__ import annotations

import os
import select
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from lsp_agent.agent.types import ApprovalQuestion, Reply, RunRequest, RunResult
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
from lsp_agent.workspace.secrets import redacted_data

if TYPE_CHECKING:
    from lsp_agent.app import App

Output = Literal["diff", "apply", "json"]
T = TypeVar("T")

_NO_ENGINE = frozenset({"engine-unavailable", "bad-model-file"})
_KEYS: dict[Reply, tuple[str, ...]] = {
    "allow": ("y", "yes"),
    "run": ("r", "run"),
    "always": ("a", "always"),
    "refuse": ("n", "no"),
}
_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Consent:
    """What was answered beforehand: ``yes`` to ordinary edits; ``dry_run``: do nothing."""

    yes: bool = False
    dry_run: bool = False


_ASK_ALL = Consent()


@dataclass(slots=True)
class _Watcher:
    """Follows a run's events: prints them if asked, remembers how it went wrong.

    What is printed holds no secrets, as the journal does not; an edit is shown as it is, so that it
    can be applied.
    """

    as_json: bool
    code: str = field(default="")

    def __call__(self, event: Event) -> None:
        if self.as_json:
            whole = event.type == "edit"
            shown = event if whole else replace(event, data=redacted_data(event.data))
            output.write_json(shown.to_json())
        if event.type == "error":
            self.code = str(event.data.get("code", ""))


def carry_out(
    context: CliContext,
    app: App,
    request: RunRequest,
    overlay: Overlay,
    mode: Output,
    consent: Consent = _ASK_ALL,
) -> int:
    """Run a request, print what came of it, and return the exit status of the contract.

    In a dry run an edit that was to be applied is shown instead.
    """
    if consent.dry_run and mode == "apply":
        context.say("dry run: nothing is written")
        mode = "diff"
    watcher = _Watcher(as_json=mode == "json")
    token = CancelToken()
    with (
        cancel_on_signals(token),
        ProgressLine(enabled=not context.quiet, color=context.color_stderr) as line,
    ):
        result = in_thread(
            lambda: app.run(
                request,
                overlay,
                cancel=token,
                listener=watcher,
                ask=lambda question: _ask(context, question, line, token),
                progress=line.show,
                yes=consent.yes,
                dry_run=consent.dry_run,
            ),
        )
    with _audited(app, result, mode):
        return _conclude(context, app, result, overlay, mode, watcher.code)


@contextmanager
def _audited(app: App, result: RunResult, mode: Output) -> Iterator[None]:
    """Note that an edit is put on the disk, before and after."""
    applies = mode == "apply" and result.status == "edited"
    files = {"files": [change.new_path or change.path for change in result.changes]}
    if applies:
        app.journal.note("edit_applying", result.run_id, files)
        app.journal.flush()
    yield
    if applies:
        app.journal.note("edit_applied", result.run_id, files)


def _conclude(
    context: CliContext, app: App, result: RunResult, overlay: Overlay, mode: Output, code: str
) -> int:
    if result.status == "cancelled":
        context.say("cancelled")
        return CANCELLED
    if result.status in ("edited", "answered"):
        doubted = result.remark and not result.confirmed
        if doubted and mode == "apply" and not _confirmed(context, result):
            context.fail(output.printable(f"not applied: {result.remark}; see it with --diff"))
            return NO_EDIT
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
        if result.remark:
            context.warn(output.printable(result.remark))
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


def in_thread(work: Callable[[], T]) -> T:
    """Work in another thread: on Windows a signal does not wake a main thread that waits."""
    done: Future[T] = Future()

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


def _ask(
    context: CliContext, question: ApprovalQuestion, line: ProgressLine, cancel: CancelToken
) -> Reply:
    """Ask on the terminal, out of the way of the line that tells how far a run is."""
    line.pause()
    try:
        return _confirm(context, question, cancel)
    finally:
        line.resume()


def _confirmed(context: CliContext, result: RunResult) -> bool:
    """Whether the user wants an edit that fails checks."""
    detail = f"{diff_changes(result.changes)}\n{result.remark}"
    question = ApprovalQuestion("Apply the edit all the same?", detail)
    return _confirm(context, question, CancelToken()) != "refuse"


def _confirm(context: CliContext, question: ApprovalQuestion, cancel: CancelToken) -> Reply:
    """Ask on the terminal; without one the answer is no, and once cancelled."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        asked = output.one_line(question.title)
        more = " (--yes allows it)" if question.hazard == "edit" else ""
        context.warn(f"refused, as there is no terminal to ask on: {asked}{more}")
        return "refuse"
    import click

    click.echo(output.printable(question.detail), err=True)
    title = f"{output.printable(question.title)} {_choices(question)}: "
    click.echo(title, nl=False, err=True)
    try:
        said = _typed(cancel)
    except KeyboardInterrupt:
        said = ""
    if not said.endswith("\n"):
        click.echo(err=True)
    letter = said.strip().casefold()
    return next((one for one in question.replies if letter in _KEYS[one]), "refuse")


def _typed(cancel: CancelToken) -> str:
    """Return the line that the user types; ``""`` at the end of input, and once cancelled.

    The run's thread asks, which no signal wakes: it must not sit in a read when Ctrl-C cancels.
    """
    if os.name == "posix":
        while not select.select([sys.stdin], [], [], _POLL_SECONDS)[0]:
            if cancel.cancelled:
                return ""
    return sys.stdin.readline()


def _choices(question: ApprovalQuestion) -> str:
    if len(question.replies) == len(("allow", "refuse")):
        return "[y/N]"
    words = "/".join(_KEYS[one][-1] for one in question.replies if one != "refuse")
    return f"[{words}/No]"


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
