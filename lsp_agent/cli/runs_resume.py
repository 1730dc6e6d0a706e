"""``lsp-agent runs resume RUN``: do a run again that did not come to its end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lsp_agent.cli.context import CliContext, UsageError, pass_context
from lsp_agent.cli.options import chosen_output, output_options
from lsp_agent.cli.runs_keep import journal_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_RESUMABLE = ("interrupted", "failed", "cancelled")


@click.command("resume")
@click.argument("run")
@output_options
@pass_context
def resume(context: CliContext, run: str, as_diff: bool, as_apply: bool, as_json: bool) -> int:
    """Do the run again that was cut off or failed, with the edits that it had made.

    Edits of files that changed since are left out, and named. It becomes a run of its own.
    """
    from lsp_agent.agent.requests import from_json
    from lsp_agent.cli.runner import carry_out
    from lsp_agent.store.working import redo
    from lsp_agent.workspace.overlay import Overlay
    from lsp_agent.workspace.roots import Root

    mode = chosen_output(as_diff=as_diff, as_apply=as_apply, as_json=as_json)
    journal = journal_of(context)
    row = journal.run(run)
    if row.status not in _RESUMABLE:
        raise UsageError(f"run {row.id} is {row.status}; only a run that was cut off is resumed")
    request = from_json(journal.request(row.id))
    folder = Path(row.workspace)
    if not row.workspace or not folder.is_dir():
        raise UsageError(f"the folder of run {row.id} is gone: {row.workspace or 'it had none'}")
    with context.app(folder) as app:
        overlay = Overlay(Root(folder), exclude=app.settings.exclude, scope=request.scope)
        done, left = redo(overlay, journal.working(row.id))
        _tell(context, row.id, done, left)
        app.journal.note("run_resumed", row.id, {"kept": done, "left": left})
        return carry_out(context, app, replace(request, done=tuple(done)), overlay, mode)


def _tell(context: CliContext, run: str, done: Sequence[str], left: Sequence[str]) -> None:
    if left:
        context.warn(f"changed since, so its edits are left out: {', '.join(left)}")
    if done:
        context.say(f"run {run} goes on with its edits of {', '.join(done)}")
    else:
        context.say(f"run {run} begins again")
