"""``lsp-agent demo``: the main job on a sample project."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import click

from lsp_agent.cli.context import CliContext, pass_context


@click.command("demo")
@click.option(
    "--model",
    metavar="NAME|FILE.gguf",
    help="The model; by default one found on this machine, else the embedded one.",
)
@click.option("--keep", is_flag=True, help="Keep the temporary folder to look around in.")
@pass_context
def command(context: CliContext, model: str | None, keep: bool) -> int:
    """Show the main job on a real sample project: nothing is downloaded, no key, no server.

    A copy of the project has a failing test. The real server is started on stdio and asked, as an
    editor would, for a code action that mends it, then for a docstring; the tests run after each.
    """
    from lsp_agent.cli.main import DONE, NO_EDIT
    from lsp_agent.demo.models import choose_model
    from lsp_agent.demo.show import Show
    from lsp_agent.demo.story import Story

    chosen = choose_model(model, context.home, os.environ, context.say)
    folder = Path(tempfile.mkdtemp(prefix="lsp-agent-demo-"))
    try:
        good = Story(chosen, folder, Show(color=context.color_stdout)).tell()
    finally:
        if keep:
            context.say(f"kept: {folder}")
        else:
            _remove(folder)
    return DONE if good else NO_EDIT


def _remove(folder: Path) -> None:
    import shutil

    # On Windows the server's last handle may outlive it for a moment; a leftover does no harm.
    shutil.rmtree(folder, ignore_errors=True)
