"""``lsp-agent models bench --tasks``: what a model solves, through the real server."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

import click

from lsp_agent.cli.context import CliContext

if TYPE_CHECKING:
    from lsp_agent.tasks.bench import Bench, Contestant, Score
    from lsp_agent.tasks.spec import Task

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Choice:
    """Which models, profiles and tasks; what is empty stands for all, or for what is set."""

    models: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    through: Literal["lsp", "cli"] = "lsp"

    def among(self, tasks: Sequence[Task]) -> list[Task]:
        """Return the tasks that are chosen; raises ``click.UsageError`` for none."""
        chosen = [
            task
            for task in tasks
            if (not self.actions or task.action in self.actions)
            and (not self.languages or task.language in self.languages)
        ]
        if not chosen:
            actions = ", ".join(sorted({task.action for task in tasks}))
            languages = ", ".join(sorted({task.language for task in tasks}))
            raise click.UsageError(f"no such task; there are tasks of {actions}; in {languages}")
        return chosen


def tasks_options(command: F) -> F:
    """Add what narrows ``--tasks`` down; the command gets a :class:`Choice` as ``choice``."""

    @wraps(command)
    def chosen(
        *args: Any,
        models: tuple[str, ...],
        profiles: tuple[str, ...],
        actions: tuple[str, ...],
        languages: tuple[str, ...],
        through: Literal["lsp", "cli"],
        **rest: Any,
    ) -> Any:
        choice = Choice(models, profiles, actions, languages, through)
        return command(*args, choice=choice, **rest)

    for option in (
        click.option(
            "--through",
            type=click.Choice(("lsp", "cli")),
            default="lsp",
            help="Tasks: through the language server, or the command line.",
        ),
        _several("--language", "languages", "Tasks: only those in this language."),
        _several("--action", "actions", "Tasks: only those of this action; `run` is free words."),
        _several(
            "--profile",
            "profiles",
            "Tasks: with this profile instead of the set one.",
            type=click.Choice(("direct", "tools", "auto")),
        ),
        _several("--model", "models", "Tasks: a model's or an engine's name; may be repeated."),
    ):
        chosen = option(chosen)
    return cast("F", chosen)


def _several(flag: str, name: str, help_: str, **rest: Any) -> Callable[[Any], Any]:
    return click.option(flag, name, multiple=True, help=help_, **rest)


def bench_tasks(context: CliContext, where: str, choice: Choice, *, as_json: bool) -> None:
    """Have every model do the tasks with every profile; print a table, or JSON."""
    from lsp_agent.actions.spec import load_actions
    from lsp_agent.sandbox.choose import find_sandbox
    from lsp_agent.tasks.bench import Bench
    from lsp_agent.tasks.load import load_tasks

    settings = context.settings(None)
    tasks = choice.among(load_tasks(where))
    plugins = context.plugins(settings)
    sandbox, remarks = find_sandbox(settings.sandbox, os.environ, plugins)
    if sandbox is None:
        context.warn(f"hidden tests are not run: {'; '.join(remarks)}")
    kinds = {one.name: one.kind for one in load_actions(context.warn, plugins).values()}
    bench = Bench(
        settings, kinds, sandbox, choice.through, lambda task: context.say(f"task {task.id}")
    )
    tasks, missing = bench.known(tasks)
    if missing:
        context.say(f"left out, as there is no such action here: {', '.join(missing)}")
    scores = [bench.measure(one, tasks) for one in _contestants(context, bench, choice)]
    if as_json:
        click.echo(json.dumps([_row(one) for one in scores], indent=2))
        return
    _print_table(context, scores)


def _contestants(context: CliContext, bench: Bench, choice: Choice) -> list[Contestant]:
    from dataclasses import replace

    from lsp_agent.engine.catalogue import Catalogue
    from lsp_agent.tasks.bench import engine_of

    resolve = Catalogue(context.home).resolve
    named = [engine_of(bench.settings, one, resolve) for one in choice.models or (None,)]
    profiles = choice.profiles or (bench.settings.agent.profile,)
    return [replace(one, profile=profile) for one in named for profile in profiles]


def _row(score: Score) -> Mapping[str, Any]:
    from dataclasses import asdict

    return {
        "model": score.model,
        "profile": score.profile,
        "tasks": len(score.results),
        "solved": score.solved,
        "edits": score.edits,
        "applied": score.applied,
        "tokens": score.tokens,
        "seconds": round(score.seconds, 3),
        "results": [asdict(one) for one in score.results],
    }


def _print_table(context: CliContext, scores: Sequence[Score]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from lsp_agent.cli.output import one_line

    table = Table(box=box.SIMPLE_HEAD)
    for name in ("model", "profile", "solved", "edits applied", "tokens", "seconds"):
        table.add_column(name, overflow="fold")
    for score in scores:
        table.add_row(
            score.model,
            score.profile,
            _share(score.solved, len(score.results)),
            _share(score.applied, score.edits),
            f"{score.tokens:,}",
            f"{score.seconds:,.1f}",
        )
    Console(no_color=not context.color_stdout, highlight=False).print(table)
    for score in scores:
        for one in score.results:
            if not one.solved:
                context.say(f"{score.model} {score.profile}: {one.task}: {one_line(one.why)}")
    for note in dict.fromkeys(one.note for score in scores for one in score.results if one.note):
        context.say(note)


def _share(part: int, whole: int) -> str:
    return f"{part}/{whole} ({part / whole:.0%})" if whole else "0/0"
