"""``lsp-agent symbols``: find definitions by a part of their name."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from lsp_agent.cli.context import CliContext, UsageError, pass_context
from lsp_agent.cli.indexing import Workspace


@click.command("symbols")
@click.argument("query")
@click.option(
    "--workspace", "folder", metavar="DIR", type=click.Path(path_type=Path), default=".",
    help="The folder to look in; the current one by default.",
)  # fmt: skip
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many.")
@click.option("--kind", "kinds", metavar="KIND", multiple=True, help="As in class; repeatable.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@pass_context
def command(
    context: CliContext,
    query: str,
    folder: Path,
    limit: int,
    kinds: tuple[str, ...],
    as_json: bool,
) -> None:
    """Find definitions by a part of their name, the likeliest first.

    Class.method looks for the method in what is named Class. Printed is path:line:column, kind,
    name and signature; lines and columns count from 1, columns in characters.
    """
    from lsp_agent.cli import output

    if not query.strip():
        raise UsageError("there is nothing to look for")
    kinds = tuple(map(_known, kinds))
    workspace = Workspace(context, folder)
    rows = workspace.view().symbols(query, limit, kinds)
    if as_json:
        output.write_json(
            [
                {
                    **asdict(row),
                    "path": workspace.shown(row.path),
                    "qualified_name": row.qualified_name,
                    "line": row.line + 1,
                    "character": row.character + 1,
                    "start_line": row.start_line + 1,
                    "end_line": row.end_line + 1,
                }
                for row in rows
            ]
        )
        return
    for row in rows:
        place = f"{workspace.shown(row.path)}:{row.line + 1}:{row.character + 1}"
        said = f"{place}  {row.kind} {row.qualified_name} — {row.signature}"
        output.write_text(output.one_line(said))
    if not rows:
        context.say(f"nothing is called {query}")


def _known(kind: str) -> str:
    """Return a kind as symbols have it; raises :class:`UsageError` for one that there is not."""
    from difflib import get_close_matches

    from lsp_agent.syntax.symbols import KINDS

    if (known := kind.lower()) in KINDS:
        return known
    near = get_close_matches(known, KINDS, 1)
    meant = f"do you mean {near[0]}? There" if near else "there"
    raise UsageError(f"there is no kind {kind}; {meant} are {', '.join(KINDS)}")
