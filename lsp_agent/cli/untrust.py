"""``lsp-agent untrust DIR``."""

from __future__ import annotations

import os
from pathlib import Path

import click

from lsp_agent.cli.context import CliContext, pass_context


@click.command(help="Stop trusting a folder; forget what is always allowed in it.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@pass_context
def command(context: CliContext, folder: Path) -> None:
    """Forget the folder and the lasting answers for it."""
    from lsp_agent.cli.runs_keep import journal_of
    from lsp_agent.config.trust import TrustStore
    from lsp_agent.store.approvals import RememberedApprovals

    name = os.path.realpath(folder)
    known = TrustStore(context.home).untrust(folder)
    journal = journal_of(context)
    journal.note("trust_changed", data={"folder": name, "trusted": False})
    journal.close()
    forgotten = RememberedApprovals(context.home, folder).forget()
    context.say(f"{name} is not trusted any more" if known else f"{name} was not trusted")
    if forgotten:
        context.say(f"{forgotten} answer(s) that held here always are forgotten")
