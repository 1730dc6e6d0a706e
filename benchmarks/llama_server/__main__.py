"""Our engine in this process against ``llama-server``, same file, threads and settings.

    python -m benchmarks.llama_server [--model small|embedded|hybrid|all] [--measure NAME...]
        [--runs 5] [--threads N] [--out results.json] [--build-only]

The peer is built from the llama.cpp inside llama-cpp-python's sdist, which is downloaded once or
named by ``--sdist``; programs and models are kept in ``--home`` (default: the user's cache folder,
or LSP_AGENT_BENCH_HOME). Models: random weights in the shape of Qwen2.5-Coder-0.5B, the embedded
one, and a small hybrid. Runs alternate, only one side works at a time, and medians count. Leaves
with status 1 where a ratio is not what was wanted. Wants an idle machine; Linux.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.llama_server import latency, measures, rewriting
from benchmarks.llama_server.bench import Bench
from benchmarks.llama_server.build import PACKAGE, BuildError, build, default_home
from benchmarks.llama_server.models import MODELS, make
from benchmarks.llama_server.peers import Setup
from benchmarks.llama_server.server import ServerError
from benchmarks.llama_server.table import Row, render

Measure = Callable[[Bench], list[Row]]
MEASURES: dict[str, Measure] = {
    "decode": measures.plain_decode,
    "rewrite": rewriting.rewrite,
    "turn": latency.next_turn,
    "busy": latency.busy_completion,
    "typing": latency.typed_character,
    "hybrid": latency.rewritten_message,
    "clients": latency.eight_clients,
    "json": measures.tool_call,
    "memory": measures.peak_memory,
}
_SHORT, _EMBEDDED_CTX = ("decode", "rewrite", "typing", "json", "memory"), 4096


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(
        prog="python -m benchmarks.llama_server", description=(__doc__ or "").partition("\n")[0]
    )
    options.add_argument("--model", choices=[*MODELS, "all"], default="all")
    options.add_argument("--measure", nargs="+", choices=list(MEASURES), default=list(MEASURES))
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--threads", type=int, help="default: as our engine chooses")
    options.add_argument("--n-ctx", type=int, default=16384)
    options.add_argument(
        "--flash-attn", choices=["auto", "on", "off"], default="auto", help="for both sides"
    )
    options.add_argument("--quantization", choices=["q8_0", "q4_0"], default="q8_0")
    options.add_argument("--scale", type=float, default=1.0, help="below 1: a quick trial")
    options.add_argument("--home", type=Path, default=default_home())
    options.add_argument("--models", type=Path, help="folder of the models; default: in --home")
    options.add_argument("--sdist", type=Path, help=f"archive of {PACKAGE} instead of a download")
    options.add_argument("--jobs", type=int, help="compilers at once")
    options.add_argument("--build-only", action="store_true")
    options.add_argument("--out", type=Path, help="write all figures there as JSON")
    return options


def chosen(model: str, names: list[str]) -> list[tuple[str, str]]:
    """Return pairs of model and measure: the hybrid model has one of its own, and that one only."""
    return [
        (one, name)
        for one in MODELS
        if model in (one, "all")
        for name in names
        if (name == "hybrid") == (one == "hybrid")
    ]


def machine() -> dict[str, Any]:
    """Describe where and when this ran."""
    cpu = platform.processor()
    if Path("/proc/cpuinfo").is_file():
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        cpu = next((line.partition(":")[2].strip() for line in lines if "model name" in line), cpu)
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu": cpu,
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        PACKAGE: version(PACKAGE),
    }


def main() -> int:
    options = parser().parse_args()
    # A server that outlives its benchmark would disturb the next one.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    rows: list[Row] = []
    about = machine()
    try:
        programs = build(options.home, archive=options.sdist, jobs=options.jobs)
        if options.build_only:
            print(programs.server, programs.bench, sep="\n")
            return 0
        for model, name in chosen(options.model, options.measure):
            folder = options.models or options.home / "models"
            file = make(model, folder, programs, quantization=options.quantization)
            # The embedded model knows 2,048 tokens; its copy here has more where it must.
            n_ctx = _EMBEDDED_CTX if model == "embedded" and name in _SHORT else options.n_ctx
            # Models of random weights repeat themselves, which no real text does so much.
            drafts = name not in ("decode", "json", "clients")
            setup = Setup.of(file, n_ctx, options.threads, options.flash_attn, drafts=drafts)
            bench = Bench(model, setup, programs, options.runs, options.scale)
            print(f"{model}: {name}, {setup.threads} threads …", file=sys.stderr, flush=True)
            rows += MEASURES[name](bench)
    except (BuildError, ServerError) as error:
        print(error, file=sys.stderr)
        return 2
    finally:
        if rows and options.out is not None:
            found = {**about, "rows": [row.as_json() for row in rows]}
            options.out.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    if not rows:
        print("no such measure for this model: hybrid goes with hybrid", file=sys.stderr)
        return 2
    print(f"{about['cpu']}, {about['cores']} cores, load {about['load']:.1f}; medians of "
          f"{options.runs} runs", render(rows), sep="\n")  # fmt: skip
    return 1 if any(row.met is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
