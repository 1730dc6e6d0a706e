"""``lsp-agent trust DIR``."""

from __future__ import annotations

import os
from pathlib import Path

import click

from lsp_agent.cli.context import CliContext, pass_context


@click.command(
    help="Trust a folder: its lsp-agent.toml or pyproject.toml may set anything, its tests, "
    "linters and language servers may run unasked. That ends when one of the two files changes."
)
@click.argument(
    "folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@pass_context
def command(context: CliContext, folder: Path) -> None:
    """Remember the folder with the content of its settings files."""
    from lsp_agent.cli.runs_keep import journal_of
    from lsp_agent.config.trust import TrustStore

    TrustStore(context.home).trust(folder)
    journal = journal_of(context)
    journal.note("trust_changed", data={"folder": os.path.realpath(folder), "trusted": True})
    journal.close()
    context.say(f"{os.path.realpath(folder)} is trusted until its settings files change")
