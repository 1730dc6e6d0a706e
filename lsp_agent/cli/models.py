"""``lsp-agent models list | add | pull | remove``."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click

from lsp_agent.cli.context import CliContext, pass_context


@click.group(help="List the models of this machine; add, pull or remove one.")
def command() -> None:
    """Collect the verbs."""


@command.command("list", help="List what was added and the GGUF files that other programs keep.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def list_(context: CliContext, as_json: bool) -> None:
    """Print one row a model."""
    rows = _rows(context)
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    for name in ("model", "from", "architecture", "weights", "quantisation", "context", "size"):
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(
            row["name"],
            row["source"],
            row.get("arch") or row.get("error", ""),
            _short(row.get("n_params")),
            row.get("quantization") or "",
            str(row.get("context_length") or ""),
            _short(row.get("size_bytes"), "B"),
        )
    Console(no_color=not context.color_stdout, highlight=False).print(table)
    notes = [row["note"] for row in rows if row.get("note")]
    for note in notes:
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


@command.command(help="Forget a model, and delete its file if it was pulled.")
@click.argument("name")
@pass_context
def remove(context: CliContext, name: str) -> None:
    """Take a name out of the catalogue."""
    from lsp_agent.engine.pull import remove as take_away

    path = take_away(name, context.home)
    context.say(f"removed {name}" + ("" if path.exists() else f" and deleted {path.name}"))


def _rows(context: CliContext) -> list[dict[str, Any]]:
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
