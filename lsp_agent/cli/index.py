"""``lsp-agent index``: build the code index, or say what is in it."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lsp_agent.cancel import Cancelled
from lsp_agent.cli.context import CliContext, pass_context
from lsp_agent.cli.indexing import Workspace

if TYPE_CHECKING:
    from lsp_agent.index.build import Built
    from lsp_agent.index.types import IndexStatus, Skipped


@click.command("index")
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), default=".")
@click.option("--rebuild", is_flag=True, help="Forget what is there and read everything.")
@click.option("--status", "only_status", is_flag=True, help="Build nothing; say what is there.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def command(
    context: CliContext, folder: Path, rebuild: bool, only_status: bool, as_json: bool
) -> None:
    """Bring the code index of a folder up to date: only what changed is read.

    Editors do so by themselves. With --verbose the files that were left out are listed.
    """
    from lsp_agent.cli import output
    from lsp_agent.index.types import IndexUnavailableError

    workspace = Workspace(context, folder)
    built = None
    if not only_status:
        try:
            built = workspace.build(rebuild=rebuild)
        except Cancelled:
            context.say("what is done is kept; to go on from here: lsp-agent index")
            raise
    status = workspace.reader.status()
    try:
        skipped = workspace.reader.skipped()
    except IndexUnavailableError:
        skipped = []
    if as_json:
        row = {
            "root": str(workspace.root.path),
            "database": str(workspace.reader.path),
            **asdict(status),
            "skipped": [asdict(one) for one in skipped],
        }
        if built is not None:
            row |= {"note": built.note, "read": built.read, "removed": built.removed}
            row["seconds"] = round(built.seconds, 3)
        output.write_json(row)
        return
    output.write_text(_line(status, skipped, built))
    if context.verbose:
        for one in skipped:
            output.write_text(output.one_line(f"{workspace.shown(one.path)}: {one.reason}"))


def _line(status: IndexStatus, skipped: list[Skipped], built: Built | None) -> str:
    if status.state != "ready":
        return f"{status.state}: {status.note}"
    counts = f"{_count(status.files, 'file')}, {_count(status.symbols, 'symbol')}"
    parts = [
        f"{counts}, {status.bytes / 1e6:.1f} MB",
        *([f"{built.read:,} read in {built.seconds:.1f} s"] if built else []),
    ]
    if skipped:
        kinds = Counter(_kind(one) for one in skipped).most_common()
        why = ", ".join(f"{count:,} {kind}" for kind, count in kinds)
        parts.append(f"left out {len(skipped):,}: {why}")
    return "; ".join(parts)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _kind(skipped: Skipped) -> str:
    if "files above" in skipped.reason:
        return "too large"
    return "unreadable" if skipped.path in skipped.reason else skipped.reason
