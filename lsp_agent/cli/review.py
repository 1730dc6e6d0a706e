"""``lsp-agent review``: findings on what changed, for people, scripts and CI."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lsp_agent.cli import output
from lsp_agent.cli.context import CliContext, UsageError, pass_context

if TYPE_CHECKING:
    from lsp_agent.app import App
    from lsp_agent.review.types import Finding, Reviewed
    from lsp_agent.workspace.roots import Root


@click.command("review")
@click.option(
    "--base",
    metavar="REV",
    help="Review what changed since this branch or commit was left; by default since the last "
    "commit.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif", "github"]),
    default="text",
    help="How findings are printed: lines (the default), JSON, SARIF 2.1.0, workflow commands.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "information", "hint"]),
    help="Exit with 1 if there is a finding as severe as this; by default none matters.",
)
@click.option(
    "--workspace",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="The folder whose changes are reviewed; the current one by default.",
)
@pass_context
def command(
    context: CliContext, base: str | None, form: str, fail_on: str | None, workspace: Path
) -> int:
    """Review what changed and print what was found.

    Syntax errors are found without a model. What a model says is shown as information unless a tool
    confirms it. Exit status: 0 done, 1 with --fail-on, 2 usage, no git or no such REV, 3 no engine
    or no model that can review, 130 cancelled.
    """
    from lsp_agent.engine.types import EngineUnavailableError
    from lsp_agent.review.types import LEVELS
    from lsp_agent.workspace.roots import Root

    root = Root(workspace.absolute())
    with context.app(root.path) as app:
        found, unable = _review(context, app, root, base)
    _print(found, form)
    if found.dismissed:
        context.say(f"{found.dismissed} dismissed before")
    if unable:
        raise EngineUnavailableError(f"only syntax was checked: {unable}")
    return int(
        fail_on is not None
        and any(LEVELS.index(one.severity) >= LEVELS.index(fail_on) for one in found.findings)
    )


def _review(context: CliContext, app: App, root: Root, base: str | None) -> tuple[Reviewed, str]:
    """Return what was found, and why no model was asked, if none could be."""
    from lsp_agent.cancel import CancelToken
    from lsp_agent.cli.progress import ProgressLine
    from lsp_agent.cli.runner import in_thread
    from lsp_agent.cli.signals import cancel_on_signals
    from lsp_agent.review.changes import changed_files
    from lsp_agent.review.syntax import broken
    from lsp_agent.vcs.place import VcsError
    from lsp_agent.workspace.overlay import Overlay

    token = CancelToken()
    overlay = Overlay(root, exclude=app.settings.exclude)
    with (
        cancel_on_signals(token),
        ProgressLine(enabled=not context.quiet, color=context.color_stderr) as line,
    ):
        try:
            files = changed_files(overlay, base)
        except VcsError as error:
            raise UsageError(str(error)) from error
        review = app.review(overlay, files)
        review.prepare()
        found = in_thread(lambda: review.carry_out(token, line.show))
    findings = [*broken(files), *found.findings]
    findings.sort(key=lambda one: (one.path, one.range.start))
    return replace(found, findings=tuple(findings)), review.unable


def _print(found: Reviewed, form: str) -> None:
    from lsp_agent.review import report

    if form == "json":
        output.write_json(report.as_json(found))
    elif form == "sarif":
        output.write_json(report.as_sarif(found.findings))
    elif form == "github":
        _lines(report.as_github(found.findings))
    else:
        _lines(report.as_text([_plain(one) for one in found.findings]))


def _plain(one: Finding) -> Finding:
    """Keep a finding on one line, whatever its file is called."""
    return replace(one, path=output.one_line(one.path))


def _lines(text: str) -> None:
    if text:
        output.write_text(text)
