"""``lsp-agent runs``: the run journal."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from lsp_agent.cli.context import CliContext, pass_context
from lsp_agent.cli.runs_keep import audit, export, journal_of, purge
from lsp_agent.cli.runs_resume import resume
from lsp_agent.cli.undo import command as undo

if TYPE_CHECKING:
    from lsp_agent.store.rows import RunRow

_SHORT_ID = 13
_MAX_LINE = 160


@click.group("runs")
def command() -> None:
    """List, show and undo the runs of this machine, the editor's too."""


command.add_command(undo)


for _verb in (resume, audit, export, purge):
    command.add_command(_verb)


@command.command("list")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@pass_context
def list_(context: CliContext, limit: int, as_json: bool) -> None:
    """List the newest runs first, with what became of their edits.

    An edit is `applied`, `offered` to an editor that did not say that it took it, or `undone`; one
    that was only printed has no such word.
    """
    from lsp_agent.cli import output
    from lsp_agent.store.changes import Changes
    from lsp_agent.store.sessions import Sessions

    journal = journal_of(context)
    rows = journal.runs(limit)
    became = Changes(journal).states()
    sessions = Sessions(journal).of_runs([row.id for row in rows])
    if as_json:
        output.write_json(
            [
                {
                    **asdict(row),
                    "changes": became.get(row.id, ""),
                    "session": sessions.get(row.id, ""),
                }
                for row in rows
            ]
        )
        return
    if not rows:
        context.say("no runs yet")
        return
    for row in rows:
        line = _line(row, became.get(row.id, ""), sessions.get(row.id, ""))
        output.write_text(output.printable(line))


@command.command("show")
@click.argument("run")
@click.option("--json", "as_json", is_flag=True, help="Print the run and its events as JSON.")
@pass_context
def show(context: CliContext, run: str, as_json: bool) -> None:
    """Show the run whose id starts with RUN, event by event."""
    from lsp_agent.cli import output

    journal = journal_of(context)
    row = journal.run(run)
    events = journal.events(row.id)
    if as_json:
        output.write_json({**asdict(row), "events": events})
        return
    output.write_text(output.printable(_line(row)))
    if row.summary:
        output.write_text(_first_lines(row.summary))
    for event in events:
        _show_event(context, event)


def _show_event(context: CliContext, event: dict[str, Any]) -> None:
    from lsp_agent.cli import output

    fields = {k: v for k, v in event.items() if k not in ("run", "seq", "time", "type")}
    diff = fields.pop("diff", "") if event["type"] == "edit" else ""
    told = "  ".join(f"{key}={_first_lines(str(value))}" for key, value in fields.items())
    time = str(event["time"])[11:23]
    output.write_text(output.printable(f"{event['seq']:>4}  {time}  {event['type']:<14} {told}"))
    if diff:
        output.write_diff(diff, color=context.color_stdout)


def _line(row: RunRow, became: str = "", session: str = "") -> str:
    started = row.started[:19].replace("T", " ")
    what = row.title.replace("\n", " ")
    if session:
        name = session.replace("\n", " ")
        what = f"[{name}] {what}"
    status = f"{row.status}, {became}" if became else row.status
    return f"{row.id:<{_SHORT_ID}}  {started:<19}  {status:<15}  {row.seconds:6.1f} s  {what}"


def _first_lines(text: str) -> str:
    line = text.replace("\n", "⏎")
    return line if len(line) <= _MAX_LINE else f"{line[:_MAX_LINE]}…"
