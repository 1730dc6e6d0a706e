"""``lsp-agent untrust DIR``."""

from __future__ import annotations

import os
from pathlib import Path

import click

from lsp_agent.cli.context import CliContext, pass_context


@click.command(help="Stop trusting a folder.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@pass_context
def command(context: CliContext, folder: Path) -> None:
    """Forget the folder."""
    from lsp_agent.cli.runs_keep import journal_of
    from lsp_agent.config.trust import TrustStore

    known = TrustStore(context.home).untrust(folder)
    journal = journal_of(context)
    journal.note("trust_changed", data={"folder": os.path.realpath(folder), "trusted": False})
    journal.close()
    context.say(f"{folder} is not trusted any more" if known else f"{folder} was not trusted")
