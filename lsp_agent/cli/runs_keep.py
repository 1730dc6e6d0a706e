"""What is kept of runs: ``runs audit``, ``runs purge`` and ``runs export``."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from lsp_agent.cli.context import CliContext, pass_context
from lsp_agent.errors import LspAgentError

if TYPE_CHECKING:
    from lsp_agent.store.journal import Journal
    from lsp_agent.store.rows import AuditRow

_END_OF_TIME = "9999"


def journal_of(context: CliContext) -> Journal:
    """Return the journal of this user, as the settings have it."""
    from lsp_agent.store.journal import Journal

    settings = context.load(None).settings.journal
    return Journal(context.home.journal, settings, warn=context.warn)


@click.command("audit")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@click.option("--verify", is_flag=True, help="Check the chain; exit status 1 where it is broken.")
@pass_context
def audit(context: CliContext, as_json: bool, verify: bool) -> int:
    """List decisions and deeds, the oldest first; each row holds the hash of the one before."""
    from lsp_agent.cli import output
    from lsp_agent.cli.main import DONE, NO_EDIT

    journal = journal_of(context)
    if verify:
        broken = journal.verify()
        if as_json:
            output.write_json({"ok": broken is None, **(asdict(broken) if broken else {})})
        if broken is not None:
            context.fail(f"the audit is broken at row {broken.id}: {broken.why}")
            return NO_EDIT
        context.say("the audit is as it was written")
        return DONE
    rows = journal.audit()
    if as_json:
        output.write_json([asdict(row) for row in rows])
        return DONE
    if not rows:
        context.say("no audit rows yet")
    for row in rows:
        output.write_text(output.one_line(_line(row)))
    return DONE


@click.command("purge")
@click.argument("runs", nargs=-1)
@click.option("--before", metavar="DATE", help="Forget what ended before, as in 2026-01-31.")
@click.option("--all", "everything", is_flag=True, help="Forget all runs that are not under way.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_context
def purge(
    context: CliContext, runs: tuple[str, ...], before: str | None, everything: bool, yes: bool
) -> None:
    """Forget RUNS, or all of a time, with what they said and changed, and their checkpoints in git.

    Audit rows of that time go too; those of named runs stay, as the chain would not hold.
    """
    if bool(runs) + (before is not None) + everything != 1:
        raise click.UsageError("name runs, or give --before DATE or --all")
    moment = _moment(before) if before is not None else _END_OF_TIME
    journal = journal_of(context)
    ids = [journal.run(prefix).id for prefix in runs]
    if not yes:
        _confirm(
            f"Forget {', '.join(ids) or ('all runs' if everything else f'runs before {before}')}?"
        )
    gone = journal.purge(before=None if ids else moment, runs=ids)
    refs = sum(
        _forget_checkpoints(context, Path(place), gone.places[place]) for place in gone.places
    )
    context.say(
        f"forgotten: {gone.runs} runs, {gone.events} events, {gone.audit} audit rows, "
        f"{refs} checkpoints in git"
    )


@click.command("export")
@click.argument("runs", nargs=-1)
@click.option("--audit", "with_audit", is_flag=True, help="Add the audit rows.")
@click.option("--output", type=click.Path(path_type=Path), help="Write to this file.")
@pass_context
def export(
    context: CliContext, runs: tuple[str, ...], with_audit: bool, output: Path | None
) -> None:
    """Write the events of RUNS, or of all, as JSON Lines."""
    journal = journal_of(context)
    ids = [journal.run(prefix).id for prefix in runs]
    with _sink(output) as sink:

        def take(rows: Iterator[dict[str, Any]]) -> None:
            for row in rows:
                sink.write(json.dumps(row, ensure_ascii=False).encode("utf-8", "replace") + b"\n")

        journal.export(take, ids, audit=with_audit)


@contextmanager
def _sink(output: Path | None) -> Iterator[IO[bytes]]:
    """Give out stdout or a file that only its owner reads."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise click.UsageError(f"{output} can't be written: {error.strerror}") from error
    with os.fdopen(descriptor, "wb") as file:
        yield file


def _forget_checkpoints(context: CliContext, folder: Path, runs: Sequence[str]) -> int:
    from lsp_agent.cli.output import printable
    from lsp_agent.vcs.checkpoints import forget

    try:
        return forget(folder, runs)
    except (LspAgentError, OSError) as error:
        context.warn(printable(f"checkpoints in {folder} stay: {error}"))
        return 0


def _confirm(question: str) -> None:
    if not sys.stdin.isatty():
        raise click.UsageError("nobody is there to ask; add --yes")
    click.confirm(question, default=False, abort=True, err=True)


def _moment(text: str) -> str:
    try:
        return datetime.fromisoformat(text).astimezone(UTC).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError) as error:
        raise click.UsageError(f"{text!r} is no date, as in 2026-01-31") from error


def _line(row: AuditRow) -> str:
    time = row.time[:19].replace("T", " ")
    told = "  ".join(f"{key}={value}" for key, value in row.data.items())
    return f"{row.id:>6}  {time}  {row.run:<13}  {row.kind:<18}  {told}"
