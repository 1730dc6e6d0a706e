"""``lsp-agent config show | schema | check``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from lsp_agent.cli.context import CliContext, pass_context
from lsp_agent.workspace.secrets import redacted_data

_workspace = click.option(
    "--workspace",
    metavar="DIR",
    default=".",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder whose workspace file counts.",
)


@click.group(help="Show, describe or check the configuration.")
def command() -> None:
    """Collect the verbs."""


@command.command(help="Print every setting with its value and where that comes from, as JSON.")
@_workspace
@pass_context
def show(context: CliContext, workspace: Path) -> None:
    """Print the merged settings; problems go to stderr."""
    loaded = context.load(workspace)
    for problem in loaded.problems:
        context.say(f"{problem.level}: {problem}")
    _print(redacted_data(loaded.explain()))


@command.command(help="Print the JSON Schema of the configuration file.")
def schema() -> None:
    """Print the schema."""
    from lsp_agent.config.schema import settings_schema

    _print(settings_schema())


@command.command(help="Check the configuration; exits with 2 when something is wrong.")
@_workspace
@pass_context
def check(context: CliContext, workspace: Path) -> int:
    """Print the problems as JSON, and one a line on stderr."""
    from lsp_agent.agent.prompts import load_prompts

    problems = [*context.load(workspace).problems, *load_prompts(context.home.prompts)[1]]
    for problem in problems:
        click.echo(str(problem), err=True)
    rows = [
        {
            "source": one.source,
            "line": one.line,
            "key": one.key,
            "message": one.message,
            "nearest": one.nearest,
            "level": one.level,
        }
        for one in problems
    ]
    bad = any(one.level == "error" for one in problems)
    _print({"ok": not bad, "problems": rows})
    return 2 if bad else 0


def _print(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))
