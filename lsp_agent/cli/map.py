"""``lsp-agent map``: the ranked repository map."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lsp_agent.cli.context import CliContext, UsageError, pass_context

if TYPE_CHECKING:
    from lsp_agent.context.repo_map import MapFile, RepoMap


@click.command("map")
@click.argument(
    "folder",
    metavar="[DIR]",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
)
@click.option(
    "--tokens", type=click.IntRange(0), default=1024, show_default=True, help="Most tokens of it."
)
@click.option(
    "--focus",
    "focus",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A file that you work on; may be given several times.",
)
@click.option("--query", default="", metavar="TEXT", help="Words or names that it is about.")
@click.option("--explain", is_flag=True, help="List the files with rank and reasons instead.")
@click.option("--json", "as_json", is_flag=True, help="Print files, ranks and symbols as JSON.")
@pass_context
def command(
    context: CliContext,
    folder: Path,
    tokens: int,
    focus: tuple[Path, ...],
    query: str,
    explain: bool,
    as_json: bool,
) -> int:
    """Print the files of DIR that matter most, each with its most telling signatures.

    The index of the folder is brought up to date first. Tokens are counted as a quarter of the
    characters: no model is loaded for it.
    """
    from lsp_agent.cli import output
    from lsp_agent.cli.focus import inside
    from lsp_agent.cli.indexing import TURNED_OFF, with_progress
    from lsp_agent.context.emphasis import Emphasis
    from lsp_agent.context.finding import emphasis_of, find
    from lsp_agent.context.question import Question
    from lsp_agent.context.repo_map import repo_map
    from lsp_agent.workspace.overlay import Overlay
    from lsp_agent.workspace.roots import Root

    root = Root(folder.absolute())
    question = Question(query, tuple(inside(root, path) for path in focus))
    with context.app(root.path) as app:
        index, knowledge = app.folders.index(root), app.folders.knowledge(root)
        if index is None or knowledge is None:
            raise UsageError(TURNED_OFF)
        with_progress(context, index.build)
        view = index.view(Overlay(root, exclude=app.settings.exclude))
        asked = bool(query.strip() or focus)
        emphasis = emphasis_of(question, find(question, view, knowledge)) if asked else Emphasis()
        made = repo_map(view, tokens, emphasis=emphasis)
    if as_json:
        output.write_json(_as_json(made))
    elif explain and made.files:
        output.write_text("\n".join(output.printable(_why(file)) for file in made.files))
    elif made.text:
        output.write_text(made.text)
    if not made.files and not as_json:
        context.say(
            f"{tokens} tokens hold none of {made.known} files; give more with --tokens"
            if made.known
            else f"there is nothing to map in {folder}"
        )
    return 0


def _why(file: MapFile) -> str:
    said = ", ".join(file.reasons) or "leaned on by others"
    names = ", ".join(row.name for row in file.symbols)
    return f"{file.rank:8.5f}  {file.path}  {said}" + (f"  [{names}]" if names else "")


def _as_json(made: RepoMap) -> dict[str, Any]:
    return {
        "tokens": made.tokens,
        "known": made.known,
        "files": [
            {
                "path": file.path,
                "rank": file.rank,
                "tokens": file.tokens,
                "reasons": list(file.reasons),
                "symbols": [
                    {
                        "name": row.qualified_name,
                        "kind": row.kind,
                        "signature": row.signature,
                        "line": row.line + 1,
                    }
                    for row in file.symbols
                ],
            }
            for file in made.files
        ],
    }
