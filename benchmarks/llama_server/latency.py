"""The measures of waiting: time to the first token, and eight clients at once."""

from __future__ import annotations

import contextlib
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from benchmarks.llama_server.bench import Bench
from benchmarks.llama_server.peers import Answer, Peer
from benchmarks.llama_server.table import Row
from benchmarks.llama_server.texts import Count, chat, code, request
from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.engine.types import Fim, Job, Request

_CLIENTS = 8
_JOBS = (Job.COMPLETION, Job.ACTION, Job.RUN, Job.REVIEW)
_KEYS = 4


def next_turn(bench: Bench) -> list[Row]:
    """Go on with a run: one more question behind 6,000 tokens, a turn more each time."""
    size = bench.size(6000)
    with bench.ours() as mine, bench.server() as theirs:
        count = mine.engine.count_tokens
        first = code(bench.rng("history"), size, count)
        questions = [code(bench.rng("turn", run), 60, count) for run in range(bench.runs)]
        talks: dict[Peer, list[str]] = {mine: [first], theirs: [first]}

        def ask(peer: Peer) -> float:
            answer = peer.ask(request(chat(*talks[peer]), 24))
            talks[peer].append(answer.text)
            return answer.first * 1000

        def turn(peer: Peer, run: int) -> float:
            talks[peer].append(questions[run])
            return ask(peer)

        for peer in (mine, theirs):
            ask(peer)
        own, others = bench.race(turn, mine, theirs)
    name = f"first token of turn n+1, {size:,} tokens of history"
    return [Row(bench.model, name, "ms", own, others, 1.05)]


def busy_completion(bench: Bench) -> list[Row]:
    """Complete a gap of 600 tokens, at some moment while a prompt of 6,000 is evaluated."""
    size, gap = bench.size(6000), bench.size(600)
    with bench.ours() as mine, bench.server(slots=2) as theirs:
        count = mine.engine.count_tokens

        def prompt(run: int) -> Request:
            return request(chat(code(bench.rng("long", run), size, count)), 1)

        # Also tells how long it takes, so that the moments lie well within it on both sides.
        shortest = min(peer.ask(prompt(-1)).first for peer in (mine, theirs))

        def measure(peer: Peer, run: int) -> float:
            wait = shortest * bench.rng("moment", run).uniform(0.05, 0.4)
            asked = request(_gap(bench, f"busy {run}", gap, count), 8)
            return _during(peer, prompt(run), asked, wait).first * 1000

        own, others = bench.race(measure, mine, theirs)
    name = f"first token of a completion while {size:,} tokens are evaluated"
    return [Row(bench.model, name, "ms", own, others, 0.35)]


def typed_character(bench: Bench) -> list[Row]:
    """Type one more character in front of the cursor: 700 tokens before it, 300 behind.

    The median of four in a row counts as one run. For information, a server that was told to put
    the suffix first, in an order of its own that models are not trained in.
    """
    before, behind = bench.size(700), bench.size(300)
    with bench.ours() as mine, bench.server() as theirs, bench.server("--spm-infill") as turned:
        count = mine.engine.count_tokens
        prefix = code(bench.rng("prefix"), before, count)
        suffix = code(bench.rng("suffix"), behind, count)
        typed = "".join(code(bench.rng("typed"), bench.runs * _KEYS, count).split("\n"))

        def key(peer: Peer, keys: int) -> float:
            gap = Fim(prefix + typed[:keys], suffix)
            return peer.ask(request(gap, 8)).first * 1000

        def measure(peer: Peer, run: int) -> float:
            first = run * _KEYS + 1
            return statistics.median(key(peer, keys) for keys in range(first, first + _KEYS))

        for peer in (mine, theirs, turned):
            key(peer, 0)
        own, others, turned_ms = bench.race(measure, mine, theirs, turned)
    name = f"one more typed character, {before + behind:,} tokens"
    row = Row(bench.model, name, "ms", own, others, 0.15)
    return [row, row.beside(turned_ms, "llama-server --spm-infill")]


def rewritten_message(bench: Bench) -> list[Row]:
    """Ask again after a message has changed: memory must go back, and can't roll back.

    Either the user's last message was changed, or the model's last answer was cut, as a template
    does that drops the thinking. The server keeps checkpoints where its chat endpoint finds
    messages; for information, the same of its plain completion, which knows of none.
    """
    return [
        row for what in ("user's last message", "last answer") for row in _rewritten(bench, what)
    ]


def _rewritten(bench: Bench, what: str) -> list[Row]:
    size = bench.size(3000)
    with bench.ours() as mine, bench.server() as theirs, bench.server(as_chat=False) as plain:
        count = mine.engine.count_tokens
        start = [code(bench.rng("history"), size, count), "Yes.", "First of all, say why."]
        talks: dict[Peer, list[str]] = {peer: list(start) for peer in (mine, theirs, plain)}

        def ask(peer: Peer) -> float:
            answer = peer.ask(request(chat(*talks[peer]), 32))
            talks[peer].append(answer.text)
            return answer.first * 1000

        def turn(peer: Peer, run: int) -> float:
            talk = talks[peer]
            if what == "last answer":
                talk[-1] = talk[-1][len(talk[-1]) // 2 :]
            else:
                talk[-2] = f"{run}. " + talk[-2]
            talk.append(code(bench.rng("turn", run), 60, count))
            return ask(peer)

        for peer in talks:
            ask(peer)
        own, others, plain_ms = bench.race(turn, mine, theirs, plain)
    name = f"turn n+1 after a rewritten {what}, {size:,} tokens"
    row = Row(bench.model, name, "ms", own, others, 0.5)
    return [row, row.beside(plain_ms, "llama-server, /completion")]


def eight_clients(bench: Bench) -> list[Row]:
    """Send eight requests at once, of all kinds: 200 to 800 tokens, and 64 to 128 new ones."""
    with bench.ours() as mine, bench.server(slots=_CLIENTS) as theirs:
        count = mine.engine.count_tokens

        def mixed(run: int) -> list[Request]:
            rng = bench.rng("mixed", run)
            asked = []
            for client in range(_CLIENTS):
                job = _JOBS[client % len(_JOBS)]
                size, new = bench.size(rng.randint(200, 800)), rng.randint(64, 128)
                name = f"client {run} {client}"
                prompt = (
                    _gap(bench, name, size, count)
                    if job == Job.COMPLETION
                    else chat(code(bench.rng(name), size, count))
                )
                asked.append(request(prompt, new, job=job))
            return asked

        def measure(peer: Peer, run: int) -> float:
            asked = mixed(run)
            began = time.perf_counter()
            with ThreadPoolExecutor(_CLIENTS) as pool:
                answers = list(pool.map(peer.ask, asked))
            return sum(one.tokens for one in answers) / (time.perf_counter() - began)

        own, others = bench.race(measure, mine, theirs)
    name = "eight mixed clients, new tokens a second in all"
    return [Row(bench.model, name, "tokens/s", own, others, 1.0, more_is_better=True)]


def _gap(bench: Bench, name: str, tokens: int, count: Count) -> Fim:
    before = tokens * 7 // 10
    rng = bench.rng(name)
    return Fim(code(rng, before, count), code(rng, tokens - before, count))


def _during(peer: Peer, busy: Request, asked: Request, wait: float) -> Answer:
    """Ask while another request is at work since ``wait`` seconds, which is then cancelled."""
    cancel, over = CancelToken(), threading.Event()

    def occupy() -> None:
        with contextlib.suppress(Cancelled):
            peer.ask(busy, cancel)
        over.set()

    thread = threading.Thread(target=occupy)
    thread.start()
    try:
        if over.wait(wait):
            raise RuntimeError("the long prompt was evaluated before the completion was asked for")
        return peer.ask(asked)
    finally:
        cancel.cancel()
        thread.join()
        peer.settle()
