"""``lsp-agent refs``: find the uses of a name."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from lsp_agent.cli.context import CliContext, pass_context
from lsp_agent.cli.indexing import Workspace


@click.command("refs")
@click.argument("name")
@click.option(
    "--workspace", "folder", metavar="DIR", type=click.Path(path_type=Path), default=".",
    help="The folder to look in; the current one by default.",
)  # fmt: skip
@click.option("--limit", type=click.IntRange(1), default=1000, show_default=True, help="How many.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@pass_context
def command(context: CliContext, name: str, folder: Path, limit: int, as_json: bool) -> None:
    """Find where a name is used: a function, a method as in Class.method, a type.

    Printed is path:line:column and the line; lines and columns count from 1, columns in
    characters. The name's own definitions are not uses: lsp-agent symbols finds those.
    """
    from lsp_agent.cli import output
    from lsp_agent.index.references import find_references

    workspace = Workspace(context, folder)
    found = find_references(workspace.view(), name, limit=limit)
    if as_json:
        output.write_json(
            [
                {
                    **asdict(use),
                    "path": workspace.shown(use.path),
                    "line": use.line + 1,
                    "character": use.character + 1,
                }
                for use in found.uses
            ]
        )
    for use in () if as_json else found.uses:
        place = f"{workspace.shown(use.path)}:{use.line + 1}:{use.character + 1}"
        output.write_text(output.one_line(f"{place}: {use.text.strip()}"))
    if found.total > len(found.uses):
        context.say(f"{found.total - len(found.uses)} more; see them with --limit {found.total}")
    elif not found.total:
        context.say(f"nothing uses {name}")
