"""``lsp-agent complete``: one inline completion on stdout."""

from __future__ import annotations

import json

import click

from lsp_agent.cli.context import CliContext, pass_context


@click.command("complete")
@click.argument("place", metavar="FILE:L:C")
@click.option("--json", "as_json", is_flag=True, help="Print the text with its timing as JSON.")
@pass_context
def command(context: CliContext, place: str, as_json: bool) -> int:
    """Complete the code at a place and print what to insert there.

    The line and the column count from 1; the column is where a cursor would stand. Nothing is
    printed where there is nothing to offer.
    """
    from lsp_agent.agent.completion import complete
    from lsp_agent.agent.sampling import sampling_of
    from lsp_agent.cancel import CancelToken
    from lsp_agent.cli.focus import inside
    from lsp_agent.cli.output import write_text
    from lsp_agent.cli.places import PlaceError, parse_place
    from lsp_agent.cli.runner import workspace_of
    from lsp_agent.engine.types import Job
    from lsp_agent.workspace.overlay import Overlay
    from lsp_agent.workspace.roots import Root
    from lsp_agent.workspace.text import Text

    spec = parse_place(place)
    if spec.line is None or spec.column is None:
        raise PlaceError(f"{place}: name the line and the column, as in {spec.path}:12:5")
    root = Root(workspace_of(spec.path))
    path = inside(root, spec.path)
    with context.app(root.path) as app:
        overlay = Overlay(root, exclude=app.settings.exclude)
        at = spec.range(Text(overlay.read(path)))
        assert at is not None  # noqa: S101 - the line was checked above
        engine = app.engines.engine("completion")
        sampling = sampling_of(app.settings, Job.COMPLETION)
        done = complete(engine, overlay, path, at.start, CancelToken(), sampling=sampling)
    if as_json:
        row = {
            "text": done.text,
            "source": done.source,
            "first_token_ms": done.first_token_ms,
            "total_ms": done.total_ms,
            "prompt_tokens": done.usage.prompt,
            "cached_tokens": done.usage.cached,
            "completion_tokens": done.usage.completion,
        }
        click.echo(json.dumps(row, ensure_ascii=False))
    elif done.text:
        write_text(done.text)
    return 0
