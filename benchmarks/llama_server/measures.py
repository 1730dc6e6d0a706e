"""The measures of one stream: decoding, a grammar's cost, memory."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.llama_server import memory
from benchmarks.llama_server.bench import Bench
from benchmarks.llama_server.peers import Peer
from benchmarks.llama_server.server import bench_rate
from benchmarks.llama_server.table import Row
from benchmarks.llama_server.texts import TOOL_CALL, chat, code, request

_SLOTS_BY_DEFAULT = 4


def plain_decode(bench: Bench) -> list[Row]:
    """Write 128 tokens behind a short prompt; ``llama-bench`` does at the same depth."""
    with bench.ours() as mine, bench.server() as theirs:
        count = mine.engine.count_tokens
        asked = [
            request(chat("Write:\n" + code(bench.rng("decode", run), 24, count)), 128)
            for run in range(bench.runs)
        ]
        for peer in (mine, theirs):
            depth = peer.ask(asked[0]).prompt
        figures = bench.alternate(
            lambda run: mine.ask(asked[run]).rate,
            lambda run: theirs.ask(asked[run]).rate,
            lambda _: bench_rate(bench.build, bench.setup, depth=depth, tokens=128),
        )
    name = "plain decode, one stream"
    row = Row(bench.model, name, "tokens/s", figures[0], figures[1], 0.98, more_is_better=True)
    return [row, row.beside(figures[2], "llama-bench", wanted=0.97)]


def tool_call(bench: Bench) -> list[Row]:
    """Call a tool in JSON under a grammar, and write freely, each on both sides."""
    with bench.ours() as mine, bench.server() as theirs:
        count = mine.engine.count_tokens
        prompts = [
            chat(code(bench.rng("json", run), bench.size(256), count)) for run in range(bench.runs)
        ]

        def called(peer: Peer, run: int) -> float:
            return peer.ask(request(prompts[run], 512, grammar=TOOL_CALL)).rate

        def free(peer: Peer, run: int) -> float:
            return peer.ask(request(prompts[run], 128)).rate

        for peer in (mine, theirs):
            called(peer, 0)
        own, bare, other, other_bare = bench.alternate(
            lambda run: called(mine, run),
            lambda run: free(mine, run),
            lambda run: called(theirs, run),
            lambda run: free(theirs, run),
        )
    name, unit = "JSON tool call under grammar", "tokens/s"
    row = Row(bench.model, name, unit, own, bare, 0.95, True, "ours, no grammar")
    return [
        row,
        row.beside(other, "llama-server"),
        row.beside(other_bare, "llama-server, no grammar", ours=other, measure=f"{name}, its own"),
    ]


def peak_memory(bench: Bench) -> list[Row]:
    """Take the highest resident size of a fresh process, less the model file's.

    Each loads, evaluates 2,000 tokens and writes 64; the server has as many slots as it takes by
    itself.
    """
    file = bench.setup.model.stat().st_size
    tokens = bench.size(2000)
    setup = bench.setup
    numbers = setup.n_ctx, setup.threads, setup.threads_batch, tokens
    command = [sys.executable, "-m", memory.__name__, str(setup.model), *map(str, numbers)]
    with bench.ours() as counter:
        asked = memory.job(counter.engine.count_tokens, tokens)

    def mine(_run: int) -> float:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return (int(done.stdout) - file) / 2**20

    def theirs(_run: int) -> float:
        with bench.server(slots=_SLOTS_BY_DEFAULT) as server:
            server.ask(asked)
            return (server.peak_bytes() - file) / 2**20

    name = f"peak memory beyond the model file, {tokens:,} tokens"
    own, others = bench.alternate(mine, theirs)
    return [Row(bench.model, name, "MiB", own, others, 1.1)]
