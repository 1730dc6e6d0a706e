"""``lsp-agent models list | add | pull | remove | bench``."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lsp_agent.cli.context import CliContext, pass_context
from lsp_agent.cli.models_tasks import Choice, bench_tasks, tasks_options

if TYPE_CHECKING:
    from lsp_agent.engine.known import KnownModel, Machine


@click.group(help="List the models of this machine; add, pull, remove or time one.")
def command() -> None:
    """Collect the verbs."""


@command.command(
    "list", help="List the models that are here, those that can be pulled, and what fits."
)
@click.option("--all", "everything", is_flag=True, help="In JSON too, those that can be pulled.")
@click.option("--recommend", is_flag=True, help="Name only the best model for each job.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def list_(context: CliContext, everything: bool, recommend: bool, as_json: bool) -> None:
    """Print one row a model."""
    from lsp_agent.cli.hardware import in_words, probe
    from lsp_agent.engine import known

    hardware = probe()
    models = known.known_models()
    best = known.recommend(models.values(), hardware.machine)
    if recommend:
        if as_json:
            named = {job: best[job].name if job in best else None for job in known.JOBS}
            click.echo(json.dumps(named, indent=2))
        for job, model in best.items() if not as_json else ():
            click.echo(f"{job:<12} {model.name:<24} {model.about}")
        return
    here = _rows(context, hardware.machine)
    names = {row["name"] for row in here}
    more = [
        known_row(model, hardware.machine) for name, model in models.items() if name not in names
    ]
    if as_json:
        click.echo(json.dumps(here + more if everything else here, indent=2))
        return
    _print_tables(context, here, more)
    notes = [row["note"] for row in here + more if row.get("note")]
    for note in (*notes, in_words(best, hardware)):
        context.say(note)


@command.command(help="Put a GGUF file under a name that the configuration can use.")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
@pass_context
def add(context: CliContext, name: str, file: Path) -> None:
    """Check the file's header and remember it; the file stays where it is."""
    from lsp_agent.engine.catalogue import Catalogue

    entry = Catalogue(context.home).add(name, file)
    context.say(
        f"added {entry.name}; use it with: model = {json.dumps(entry.name)} in [engines.local]"
    )


@command.command(help="Download a model: a known name, or OWNER/REPOSITORY/FILE.gguf.")
@click.argument("name", required=False)
@click.option("--offline", is_flag=True, help="Use no network, as HF_HUB_OFFLINE=1 does.")
@pass_context
def pull(context: CliContext, name: str | None, offline: bool) -> None:
    """Download a file from Hugging Face; without a name, list the known ones."""
    from lsp_agent.engine import pull as pulling
    from lsp_agent.engine.known import known_models

    if name is None:
        for one in known_models().values():
            size = _short(one.size_bytes, "B")
            click.echo(f"{one.name:<24} {size:>8}  {one.about} ({one.licence})")
        return
    model = pulling.find(name)
    context.say(f"pulling {model.file} from {model.repository}")
    try:
        entry = pulling.pull(
            model, context.home, offline=offline, progress=not context.quiet, say=context.say
        )
    except KeyboardInterrupt:
        context.say(f"stopped; to go on from here: lsp-agent models pull {name}")
        raise
    context.say(
        f"pulled {entry.name}; use it with: model = {json.dumps(entry.name)} in [engines.local]"
    )


@command.command(
    help="Time a model on this machine; without a name, the agent's. With --tasks, have it do "
    "tasks instead, and count what it solves."
)
@click.argument("name", required=False)
@click.option(
    "--tasks",
    "tasks",
    is_flag=False,
    flag_value="builtin",
    metavar="[DIR|builtin]",
    help="Do the tasks that ship (builtin), or those of a file or folder: task files, Exercism's "
    "exercises, CanItEdit's or HumanEvalFix's lines of JSON.",
)
@tasks_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def bench(
    context: CliContext, name: str | None, tasks: str | None, choice: Choice, as_json: bool
) -> None:
    """Load a model, evaluate 512 tokens, generate 64, and print how fast that was."""
    if tasks is None:
        _time(context, name, as_json=as_json)
        return
    named = (*((name,) if name else ()), *choice.models)
    bench_tasks(context, tasks, replace(choice, models=named), as_json=as_json)


def _time(context: CliContext, name: str | None, *, as_json: bool) -> None:
    from dataclasses import asdict

    from lsp_agent.cancel import CancelToken
    from lsp_agent.config.model import LlamaSettings
    from lsp_agent.engine.bench import measure
    from lsp_agent.engine.factory import make_engine

    settings = context.settings(None)
    chosen = settings.engines.get(settings.routes.agent, LlamaSettings())
    if name is not None:
        chosen = chosen if isinstance(chosen, LlamaSettings) else LlamaSettings()
        chosen = chosen.model_copy(update={"model": name})
    engine = make_engine("bench", chosen, context.home, os.environ, context.plugins(settings))
    try:
        timing = measure(engine, CancelToken())
        info = engine.info()
    finally:
        engine.close()
    where = {key: info.detail.get(key) for key in ("build", "n_gpu_layers", "n_threads")}
    if as_json:
        click.echo(json.dumps({"model": info.model, **asdict(timing), **where}, indent=2))
        return
    decode = "?" if timing.decode_rate is None else f"{timing.decode_rate:,.0f}"
    for label, value in (
        ("model", info.model),
        ("build", where["build"]),
        ("layers on GPU", where["n_gpu_layers"]),
        ("threads", where["n_threads"]),
        ("load", f"{timing.load_ms:,.0f} ms"),
        ("prompt", f"{timing.prompt_rate:,.0f} tokens/s ({timing.prompt_tokens} tokens)"),
        ("first token", f"{timing.first_token_ms:,.0f} ms"),
        ("decode", f"{decode} tokens/s ({timing.decode_tokens} tokens)"),
        ("peak memory", _short(timing.peak_rss_bytes, "B")),
    ):
        click.echo(f"{label:<14} {'' if value is None else value}")


@command.command(help="Forget a model, and delete its file if it was pulled.")
@click.argument("name")
@pass_context
def remove(context: CliContext, name: str) -> None:
    """Take a name out of the catalogue."""
    from lsp_agent.engine.pull import remove as take_away

    path = take_away(name, context.home)
    context.say(f"removed {name}" + ("" if path.exists() else f" and deleted {path.name}"))


def _rows(context: CliContext, machine: Machine) -> list[dict[str, Any]]:
    from lsp_agent.cli.hardware import as_known
    from lsp_agent.engine.catalogue import EMBEDDED, Catalogue, embedded_card, embedded_note
    from lsp_agent.engine.discovery import discover
    from lsp_agent.engine.gguf_file import GgufHeader, ModelFileError, read_gguf_header

    def described(name: str, path: Path, source: str, header: GgufHeader | None) -> dict[str, Any]:
        try:
            header = header or read_gguf_header(path)
        except ModelFileError as error:
            return {"name": name, "source": source, "path": str(path), "error": str(error)}
        return {
            "name": name,
            "source": source,
            "path": str(path),
            "arch": header.arch,
            "n_params": header.n_params,
            "quantization": header.quantization,
            "context_length": header.context_length,
            "size_bytes": header.size_bytes,
            "fim": header.has_fim,
            "chat_template": header.has_chat_template,
            "fits": machine.holds(as_known(name, header)),
        }

    catalogue = Catalogue(context.home)
    embedded = described(EMBEDDED, catalogue.resolve(EMBEDDED), "built in", None)
    return [
        {**embedded, "note": embedded_note(), "card": embedded_card()},
        *(described(one.name, one.path, "added", None) for one in catalogue.entries()),
        *(
            described(one.name, one.path, one.source, one.header)
            for one in discover(os.environ, Path.home())
        ),
    ]


def known_row(model: KnownModel, machine: Machine) -> dict[str, Any]:
    """Describe a model that can be pulled; ``fits`` is ``gpu``, ``cpu`` or ``None``."""
    note = "" if model.confirmed else f"{model.name}: its file could not be confirmed"
    return {
        "name": model.name,
        "source": "can be pulled",
        "repository": model.repository,
        "file": model.file,
        "quantization": model.quantization,
        "context_length": model.context,
        "size_bytes": model.size_bytes,
        "licence": model.licence,
        "capabilities": list(model.capabilities),
        "memory": model.memory,
        "ram_bytes": model.ram_bytes,
        "vram_bytes": model.vram_bytes,
        "confirmed": model.confirmed,
        "fits": machine.holds(model),
        **({"note": note} if note else {}),
    }


def _print_tables(
    context: CliContext, here: list[dict[str, Any]], more: list[dict[str, Any]]
) -> None:
    """Print what is on this machine, then what could be."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    def printed(columns: str, rows: list[tuple[str, ...]]) -> None:
        table = Table(box=box.SIMPLE_HEAD)
        for name in columns.split():
            table.add_column(name, overflow="fold")
        for row in rows:
            table.add_row(*row)
        Console(no_color=not context.color_stdout, highlight=False).print(table)

    def facts(row: dict[str, Any]) -> tuple[str, str, str]:
        size = _short(row.get("size_bytes"), "B")
        return row.get("quantization") or "", str(row.get("context_length") or ""), size

    printed(
        "model from architecture weights quant context size fits",
        [
            (
                row["name"],
                row["source"],
                row.get("arch") or row.get("error", ""),
                _short(row.get("n_params")),
                *facts(row),
                row.get("fits") or ("" if "error" in row else "no"),
            )
            for row in here
        ],
    )
    printed(
        "to-pull quant context size fits licence",
        [(row["name"], *facts(row), row["fits"] or "no", row["licence"]) for row in more],
    )


def _short(number: int | None, unit: str = "") -> str:
    """Write a number with three digits or fewer, as in 1.5 G."""
    if number is None:
        return ""
    value = float(number)
    for prefix in ("", "k", "M", "G", "T"):
        if value < 1000 or prefix == "T":
            digits = 0 if value >= 100 or not prefix else 1
            return f"{value:.{digits}f} {prefix}{unit}".rstrip()
        value /= 1000
    return str(number)
