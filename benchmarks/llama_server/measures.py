"""The measures of one stream: decoding, rewriting, grammars, memory."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

from benchmarks.llama_server import memory
from benchmarks.llama_server.bench import Bench
from benchmarks.llama_server.peers import Peer
from benchmarks.llama_server.server import bench_rate
from benchmarks.llama_server.table import Row
from benchmarks.llama_server.texts import (
    TOOL_CALL,
    changed,
    chat,
    code,
    long_function,
    request,
    spelled,
    tokens_only,
)
from lsp_agent.engine.types import Request

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
    return [row, replace(row, theirs=figures[2], wanted=0.97, against="llama-bench")]


def rewrite(bench: Bench) -> list[Row]:
    """Write a function of 60 lines again, with three of them changed.

    The grammar names the target token by token, so both sides write the same ones whatever the
    weights say. Three rows more: a grammar of the text alone, where weights choose how words are
    cut (the target's tokens a second of both, for they may write different ones); the same rate of
    ours against the server's without a grammar, which a real model's answer would not hold up; and
    both without a grammar, where nothing drafted is right and must cost nothing.
    """
    source, target = long_function(), changed(long_function())
    prompt = chat("Change three lines and write the whole function again:\n" + source)
    with bench.ours() as mine, bench.server() as theirs:
        tokens = theirs.tokenize(target)
        size = len(tokens)
        exact = request(prompt, 2 * size, grammar=tokens_only(tokens), reference=[source])
        text = request(prompt, 8 * size, grammar=spelled(target), reference=[source])
        free = request(prompt, 256, reference=[source])

        def forced(peer: Peer, asked: Request) -> float:
            answer = peer.ask(asked)
            if answer.text != target:
                raise RuntimeError("the grammar let another text through than its own")
            return size / (answer.total - answer.first)

        for peer in (mine, theirs):
            peer.ask(exact)
        by_token = bench.alternate(lambda _: forced(mine, exact), lambda _: forced(theirs, exact))
        by_text = bench.alternate(lambda _: forced(mine, text), lambda _: forced(theirs, text))
        unforced = bench.alternate(lambda _: mine.ask(free).rate, lambda _: theirs.ask(free).rate)
    name, unit = "rewriting 60 lines, 3 changed", "tokens/s"
    first = Row(bench.model, name, unit, by_token[0], by_token[1], 2.5, more_is_better=True)
    return [
        first,
        replace(
            first, measure=f"{name}, text grammar", ours=by_text[0], theirs=by_text[1], wanted=None
        ),
        replace(first, theirs=unforced[1], wanted=None, against="llama-server, no grammar"),
        replace(
            first,
            measure=f"{name}, nothing forced",
            ours=unforced[0],
            theirs=unforced[1],
            wanted=None,
        ),
    ]


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
    others = "llama-server, no grammar"
    return [
        row,
        replace(row, theirs=other, wanted=None, against="llama-server"),
        replace(row, measure=f"{name}, llama-server's", ours=other, theirs=other_bare, wanted=None,
                against=others),
    ]  # fmt: skip


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
        with bench.server(_SLOTS_BY_DEFAULT) as server:
            server.ask(asked)
            return (server.peak_bytes() - file) / 2**20

    name = f"peak memory beyond the model file, {tokens:,} tokens"
    own, others = bench.alternate(mine, theirs)
    return [Row(bench.model, name, "MiB", own, others, 1.1)]
