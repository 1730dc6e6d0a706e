"""Options that several verbs share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

import click

from lsp_agent.cli.runner import Consent, Output

F = TypeVar("F", bound=Callable[..., Any])


def output_options(command: F) -> F:
    """Add ``--diff``, ``--apply`` and ``--json``, of which one may be given."""
    for flag, help_ in (
        ("--json", "Print one JSON event a line as the run goes on."),
        ("--apply", "Write the edit to the disk, all files or none; print their paths."),
        ("--diff", "Print the edit as a unified diff and change nothing (the default)."),
    ):
        command = click.option(flag, f"as_{flag[2:]}", is_flag=True, help=help_)(command)
    return command


def consent_options(command: F) -> F:
    """Add ``--yes`` and ``--dry-run``; the command gets a :class:`Consent` as ``consent``."""

    @wraps(command)
    def answered(*args: Any, yes: bool, dry_run: bool, **rest: Any) -> Any:
        return command(*args, consent=Consent(yes, dry_run), **rest)

    for flag, help_ in (
        ("--dry-run", "Write nothing and run no command; say what would be done."),
        ("--yes", "Answer yes to questions about ordinary edits; what is risky is still asked."),
    ):
        answered = click.option(flag, is_flag=True, help=help_)(answered)
    return cast("F", answered)


def chosen_output(*, as_diff: bool, as_apply: bool, as_json: bool) -> Output:
    """Return the one output that was asked for; raises ``click.UsageError`` for several."""
    if as_diff + as_apply + as_json > 1:
        raise click.UsageError("--diff, --apply and --json exclude one another; give one of them")
    return "apply" if as_apply else "json" if as_json else "diff"
