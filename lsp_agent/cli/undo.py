"""``lsp-agent runs undo``: take back what a run changed, on the disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lsp_agent.cli.context import CliContext, pass_context
from lsp_agent.cli.main import DONE, NO_EDIT
from lsp_agent.errors import LspAgentError

if TYPE_CHECKING:
    from lsp_agent.store.journal import Journal, RunRow
    from lsp_agent.store.undo import Read
    from lsp_agent.store.undoing import Undoing, UndoPlan
    from lsp_agent.workspace.roots import Root


@click.command("undo")
@click.argument("run", required=False)
@click.option(
    "--diff", "as_diff", is_flag=True, help="Print what would change, and change nothing."
)
@click.option("--json", "as_json", is_flag=True, help="Print files and conflicts as JSON.")
@pass_context
def command(context: CliContext, run: str | None, as_diff: bool, as_json: bool) -> int:
    """Take back what the run whose id starts with RUN changed.

    Without RUN: the last one that changed something in this folder. What was written since stays;
    a file where it can't be told apart is left as it is and named on stderr, with exit status 1.
    An undo is a run too: undo it to have the change again.
    """
    from lsp_agent.cli import output
    from lsp_agent.workspace.diff import diff_changes

    with context.app(None) as app:
        plan, root = _plan(app.journal, app.undoing, run)
        if as_diff:
            output.write_diff(diff_changes(plan.undo.changes), color=context.color_stdout)
        elif plan.undo.changes:
            _carry_out(context, app.undoing, plan, root)
    if as_json:
        output.write_json({"run": plan.run.id, **plan.to_json()})
    elif not as_diff:
        for path in plan.to_json()["files"]:  # type: ignore[attr-defined]
            output.write_text(output.printable(path))
    _tell(context, plan, as_diff=as_diff)
    return NO_EDIT if plan.undo.conflicts else DONE


def _plan(journal: Journal, undoing: Undoing, prefix: str | None) -> tuple[UndoPlan, Root]:
    if prefix is not None:
        run = journal.run(prefix)
        root, read = _place(run)
        return undoing.plan(run, read), root
    from lsp_agent.workspace.roots import Root

    here = Root(Path.cwd()).path
    for folder in (here, *here.parents):
        root = Root(folder)
        plan = undoing.plan_last(str(folder), _reader(root))
        if plan is not None:
            return plan, root
    raise LspAgentError(f"no run changed anything in {here} that is still there")


def _place(run: RunRow) -> tuple[Root, Read]:
    from lsp_agent.workspace.roots import Root

    folder = Path(run.workspace)
    if not run.workspace:
        raise LspAgentError(
            f"run {run.id} changed a document outside every folder; undo it in the editor"
        )
    if not folder.is_dir():
        raise LspAgentError(f"the folder {folder} of run {run.id} is gone")
    root = Root(folder)
    if root.path != folder:
        raise LspAgentError(f"the folder {folder} of run {run.id} became a link to another one")
    return root, _reader(root)


def _reader(root: Root) -> Read:
    from lsp_agent.workspace.overlay import Overlay

    overlay = Overlay(root)
    return lambda path: overlay.read(path) if overlay.exists(path) else None


def _carry_out(context: CliContext, undoing: Undoing, plan: UndoPlan, root: Root) -> None:
    from lsp_agent.agent.ids import new_run_id
    from lsp_agent.store.apply import apply_changes

    running = undoing.begin(plan, new_run_id())
    try:
        apply_changes(root.path, plan.undo.changes, context.home.apply_log)
    except LspAgentError as error:
        running.fail(error)
        raise
    running.finish()


def _tell(context: CliContext, plan: UndoPlan, *, as_diff: bool) -> None:
    from lsp_agent.cli import output

    for conflict in plan.undo.conflicts:
        context.fail(output.printable(f"{conflict}; it is left as it is"))
    if plan.undone_before:
        context.say(f"run {plan.run.id} is undone already")
    elif not plan.undo.changes and not plan.undo.conflicts:
        context.say(f"nothing of run {plan.run.id} is in the files")
    elif plan.undo.changes and not as_diff:
        context.say(output.printable(f"undid run {plan.run.id}: {plan.run.title}"))
