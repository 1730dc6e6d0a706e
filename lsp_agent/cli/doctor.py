"""``lsp-agent doctor``."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from lsp_agent.cli.context import CliContext, pass_context


@click.command(help="Say what works, what does not, and the command that mends it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def command(context: CliContext, as_json: bool) -> int:
    """Run the checks; exits with 1 when something that is needed does not work."""
    from lsp_agent.cli.checks import run_checks

    checks = run_checks(context, Path.cwd())
    if as_json:
        click.echo(json.dumps([asdict(check) for check in checks], indent=2, ensure_ascii=False))
    else:
        for check in checks:
            mark, color = ("ok", "green") if check.ok else ("missing", "yellow")
            if check.required and not check.ok:
                mark, color = "FAILS", "red"
            shown = click.style(f"{mark:8}", fg=color) if context.color_stdout else f"{mark:8}"
            click.echo(f"{shown}{check.name}: {check.detail}")
            if check.fix and not check.ok:
                click.echo(f"{'':8}mend it with: {check.fix}")
    return 1 if any(check.required and not check.ok for check in checks) else 0
