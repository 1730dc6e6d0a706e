"""``lsp-agent run``: one agent run without an editor."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lsp_agent.cli.context import CliContext, pass_context
from lsp_agent.cli.options import chosen_output, consent_options, output_options
from lsp_agent.cli.runner import Consent

if TYPE_CHECKING:
    from lsp_agent.app import App
    from lsp_agent.workspace.roots import Root


@click.command("run")
@click.argument("task")
@click.option(
    "--workspace",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="The folder that the run may read and change; the current one by default.",
)
@click.option(
    "--file",
    "files",
    multiple=True,
    metavar="F[:L[:C][-L[:C]]]",
    help="A file, or a place in it, that the task is about; may be given several times.",
)
@click.option(
    "--session",
    metavar="NAME",
    help="Go on in this session of the folder, begun where there is none: what was asked and "
    "answered in it is known.",
)
@click.option(
    "--continue", "goes_on", is_flag=True, help="Go on in the folder's session that was used last."
)
@output_options
@consent_options
@pass_context
def command(
    context: CliContext,
    task: str,
    workspace: Path,
    files: tuple[str, ...],
    session: str | None,
    goes_on: bool,
    as_diff: bool,
    as_apply: bool,
    as_json: bool,
    consent: Consent,
) -> int:
    """Carry out TASK and print the edit as a diff.

    Nothing is changed on the disk but with --apply. Lines and columns count from 1, columns in
    characters. Exit status: 0 done, 1 no acceptable edit, 2 usage, 3 no engine or model,
    130 cancelled.
    """
    from lsp_agent.agent.types import RunRequest
    from lsp_agent.cli.focus import focus_of, inside
    from lsp_agent.cli.places import parse_place
    from lsp_agent.cli.runner import carry_out
    from lsp_agent.workspace.overlay import Overlay
    from lsp_agent.workspace.roots import Root

    mode = chosen_output(as_diff=as_diff, as_apply=as_apply, as_json=as_json)
    if not task.strip():
        raise click.UsageError("the task is empty; say what is to be done")
    if session is not None and (goes_on or not session.strip()):
        raise click.UsageError("give --session NAME, or --continue without a name")
    root = Root(workspace.absolute())
    places = [parse_place(spec) for spec in files]
    with context.app(root.path) as app:
        overlay = Overlay(root, exclude=app.settings.exclude)
        focus = focus_of(overlay, places[0], root) if places else None
        others = [inside(root, place.path) for place in places[1:]]
        if others:
            task = f"{task}\n\nThese files matter too: {', '.join(others)}"
        title = task.partition("\n")[0][:200]
        name = _newest(app, root) if goes_on else session
        request = RunRequest(task=task, focus=focus, title=title, session=name)
        return carry_out(context, app, request, overlay, mode, consent)


def _newest(app: App, root: Root) -> str:
    name = app.memory.sessions.newest(str(root.path))
    if name is None:
        raise click.UsageError("this folder has no session yet; begin one with --session NAME")
    return name
