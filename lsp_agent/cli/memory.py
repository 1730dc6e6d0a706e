"""``lsp-agent memory``: notes that runs keep, and what became of edits."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lsp_agent.cli.context import CliContext, UsageError, pass_context
from lsp_agent.cli.runs_keep import journal_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lsp_agent.store.feedback import Became
    from lsp_agent.store.notes import Note, Notebook

_MAX_LINE = 160


@click.group("memory")
def command() -> None:
    """See, add and forget what is kept between runs; it stays on this machine."""


def _folder(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--workspace",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        default=Path(),
        help="The folder; the current one by default.",
    )(function)


@command.command("list")
@_folder
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@pass_context
def list_(context: CliContext, workspace: Path, as_json: bool) -> None:
    """List the notes on a folder, the newest first: what, who noted it, until when."""
    from lsp_agent.cli import output

    notes = _notebook(context, workspace).notes()
    if as_json:
        output.write_json([asdict(note) for note in notes])
        return
    if not notes:
        context.say("no notes yet")
    for note in notes:
        output.write_text(output.one_line(_line(note)))


@command.command("add")
@click.argument("note")
@_folder
@pass_context
def add(context: CliContext, note: str, workspace: Path) -> None:
    """Keep NOTE, for runs in the folder to find with their tool `recall`; print its id."""
    from lsp_agent.cli import output
    from lsp_agent.store.rows import JournalError

    try:
        made = _notebook(context, workspace).remember(note, "user")
    except JournalError as error:
        raise UsageError(str(error)) from error
    output.write_text(made.id)


@command.command("forget")
@click.argument("ids", nargs=-1)
@_folder
@click.option("--all", "everything", is_flag=True, help="Forget all notes on the folder.")
@click.option("--feedback", is_flag=True, help="Forget what became of edits in the folder.")
@pass_context
def forget(
    context: CliContext, ids: tuple[str, ...], workspace: Path, everything: bool, feedback: bool
) -> None:
    """Forget the notes whose ids start with IDS, or all, or the folder's feedback."""
    if bool(ids) + everything + feedback != 1:
        raise click.UsageError("name notes by their ids, or give --all or --feedback")
    if feedback:
        from lsp_agent.store.feedback import Feedback

        gone = Feedback(journal_of(context)).forget(_name(workspace))
    else:
        notebook = _notebook(context, workspace)
        known = notebook.notes()
        for prefix in ids:
            if sum(note.id.startswith(prefix) for note in known) != 1:
                raise UsageError(f"{prefix!r} is not one note's id; see: lsp-agent memory list")
        gone = notebook.forget(lambda note: everything or note.id.startswith(ids))
    context.say(f"forgotten: {gone}")


@command.command("feedback")
@_folder
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@pass_context
def feedback(context: CliContext, workspace: Path, as_json: bool) -> None:
    """Show what became of edits in a folder, the newest first, and how many of each kind."""
    from collections import Counter

    from lsp_agent.cli import output

    rows = _feedback(context, _name(workspace))
    if as_json:
        output.write_json([asdict(row) for row in rows])
        return
    for row in rows:
        what = row.task.partition("\n")[0][:_MAX_LINE]
        output.write_text(
            output.one_line(f"{row.run}  {row.verdict:<8}  {row.action or 'run':<12}  {what}")
        )
    counts = Counter(row.verdict for row in rows)
    context.say(", ".join(f"{counts[one]} {one}" for one in ("accepted", "edited", "rejected")))


@command.command("export")
@_folder
@click.option(
    "--format",
    "form",
    type=click.Choice(["chat"]),
    default="chat",
    help="chat: one object a line, with `messages` of user and assistant.",
)
@click.option("--all", "everywhere", is_flag=True, help="Of all folders.")
@pass_context
def export(context: CliContext, workspace: Path, form: str, everywhere: bool) -> None:
    """Write a fine-tuning set: edits that were accepted, and the user's version of edited ones."""
    from lsp_agent.cli import output
    from lsp_agent.store.feedback import as_chat
    from lsp_agent.store.sealing import DAMAGED, SEALED

    del form
    for row in reversed(_feedback(context, "" if everywhere else _name(workspace))):
        if row.verdict != "rejected" and row.answer not in (SEALED, DAMAGED):
            output.write_json(as_chat(row))


def _notebook(context: CliContext, workspace: Path) -> Notebook:
    from lsp_agent.store.notes import Notebook

    days = context.load(None).settings.memory.note_days
    return Notebook(journal_of(context), _name(workspace), days)


def _feedback(context: CliContext, workspace: str) -> list[Became]:
    from lsp_agent.store.feedback import Feedback

    rows = Feedback(journal_of(context)).rows(workspace)
    if not rows and not context.load(None).settings.memory.feedback:
        context.say("nothing is kept; to keep it, set memory.feedback = true")
    return rows


def _name(workspace: Path) -> str:
    """Return a folder's name as runs are recorded under it."""
    from lsp_agent.workspace.roots import Root

    return str(Root(workspace.absolute()).path)


def _line(note: Note) -> str:
    until = note.expires[:10] or "for good"
    by = f"{note.source} ({note.run})" if note.run else note.source
    return f"{note.id}  {until:<10}  {by}  {note.text}"
