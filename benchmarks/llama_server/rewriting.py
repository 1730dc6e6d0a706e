"""Rewriting a function, where most of the answer is in the prompt already."""

from __future__ import annotations

from functools import partial

from benchmarks.llama_server.bench import Bench
from benchmarks.llama_server.peers import Peer
from benchmarks.llama_server.table import Row
from benchmarks.llama_server.texts import (
    changed,
    chat,
    long_function,
    request,
    spelled,
    tokens_only,
)
from lsp_agent.engine.types import Request


def rewrite(bench: Bench) -> list[Row]:
    """Write a function of 60 lines again, with three of them changed.

    The grammar names the target token by token, so that both sides write the same ones whatever
    the weights say. Rows for information:

    * the same against a server that looks drafts up in the prompt, which it must be told to;
    * against the server's rate without a grammar: random weights miss the grammar at every token,
      which costs the server a pass over the vocabulary that a real model's answer would not;
    * a grammar of the text alone, where weights choose how words are cut: the target's tokens a
      second of both, for they may write different ones;
    * nothing forced: no draft is right, and drafting must cost nothing.
    """
    lines = max(int(60 * bench.scale), 10)
    source = long_function(lines)
    target = changed(source)
    prompt = chat("Change three lines and write the whole function again:\n" + source)
    with bench.ours() as mine, bench.server() as theirs, bench.server("--spec-default") as drafts:
        tokens = theirs.tokenize(target)
        size = len(tokens)
        exact = request(prompt, 2 * size, grammar=tokens_only(tokens), reference=[source])
        text = request(prompt, 8 * size, grammar=spelled(target), reference=[source])
        free = request(prompt, bench.size(256), reference=[source])

        def forced(asked: Request, peer: Peer, _run: int) -> float:
            answer = peer.ask(asked)
            if answer.text != target:
                raise RuntimeError("the grammar let another text through than its own")
            return size / (answer.total - answer.first)

        for peer in (mine, theirs, drafts):
            peer.ask(exact)
        by_token = bench.race(partial(forced, exact), mine, theirs, drafts)
        by_text = bench.race(partial(forced, text), mine, theirs)
        unforced = bench.race(lambda peer, _: peer.ask(free).rate, mine, theirs)
    return _rows(bench.model, f"rewriting {lines} lines, 3 changed", by_token, by_text, unforced)


def _rows(
    model: str,
    name: str,
    by_token: list[list[float]],
    by_text: list[list[float]],
    unforced: list[list[float]],
) -> list[Row]:
    own, others, drafting = by_token
    row = Row(model, name, "tokens/s", own, others, 2.5, more_is_better=True)
    plain = "llama-server"
    return [
        row,
        row.beside(drafting, "llama-server --spec-default"),
        row.beside(unforced[1], "llama-server, no grammar"),
        row.beside(by_text[1], plain, ours=by_text[0], measure=f"{name}, text grammar"),
        row.beside(unforced[1], plain, ours=unforced[0], measure=f"{name}, nothing forced"),
    ]
