"""How soon the engine stops when it is asked to: inside a long prompt and between tokens.

A random model of about 0.1 billion weights evaluates a prompt of 16,000 tokens, which takes this
long that each round is cancelled in the middle of it. Two times are taken from the moment of the
cancellation: until the waiting caller hears of it, and until the engine's thread is free for the
next request.

    python -m benchmarks.cancel [--rounds 40] [--tokens 16000] [--n-gpu-layers 0]

Prints both for each phase; leaves with status 1 when the 95th percentile of the latter is above
250 ms.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import statistics
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.config.model import LlamaSettings
from lsp_agent.engine.llama.engine import LlamaEngine
from lsp_agent.engine.llama.tiny import make_tiny_gguf
from lsp_agent.engine.types import Chat, EngineError, Job, Message, Request

LIMIT_SECONDS = 0.250


@dataclass
class Phase:
    """The measured seconds of one kind of cancellation."""

    name: str
    heard: list[float] = field(default_factory=list)
    stopped: list[float] = field(default_factory=list)

    def report(self) -> bool:
        """Print the percentiles; return whether the limit holds."""
        for what, seconds in (("caller hears", self.heard), ("engine stopped", self.stopped)):
            print(
                f"{self.name}, {what}: p50 {statistics.median(seconds) * 1000:.1f} ms, "
                f"p95 {p95(seconds) * 1000:.1f} ms, max {max(seconds) * 1000:.1f} ms"
            )
        return p95(self.stopped) <= LIMIT_SECONDS


def p95(seconds: list[float]) -> float:
    return sorted(seconds)[int(len(seconds) * 0.95)] if len(seconds) > 1 else seconds[0]


def cancel_once(engine: LlamaEngine, request: Request, after: float, phase: Phase) -> float:
    """Cancel a request ``after`` seconds from its first sign of life; return its progress."""
    cancel, begun = CancelToken(), threading.Event()
    progress, heard = 0.0, 0.0

    def consume() -> None:
        nonlocal progress, heard
        try:
            for delta in engine.generate(request, cancel):
                progress = progress if delta.progress is None else delta.progress
                begun.set()
        except Cancelled:
            heard = time.perf_counter()

    thread = threading.Thread(target=consume)
    thread.start()
    begun.wait()
    time.sleep(after)
    start = time.perf_counter()
    cancel.cancel()
    # Goes through the engine's queue: refused when its thread has nothing else to do.
    with contextlib.suppress(EngineError):
        engine.embed([""], CancelToken())
    phase.stopped.append(time.perf_counter() - start)
    thread.join()
    if heard:
        phase.heard.append(heard - start)
    return progress


def prompt(tokens: int, seed: int) -> Chat:
    """Return a chat of about so many tokens of this vocabulary; another seed, another start."""
    rng = random.Random(seed)
    return Chat((Message("user", "".join(rng.choice("abcdefgh_()=") for _ in range(tokens))),))


def measure(engine: LlamaEngine, rounds: int, tokens: int) -> bool:
    rng = random.Random(0)
    inside, between = Phase("inside a prompt"), Phase("between tokens")
    seed = 0
    for _ in range(rounds):
        # What was evaluated stays, so the next round goes on further inside the same prompt.
        request = Request(prompt(tokens, seed), max_tokens=16, job=Job.RUN)
        if cancel_once(engine, request, rng.uniform(0.0, 0.4), inside) >= 1.0:
            seed += 1
    answer = Request(prompt(200, -1), max_tokens=4000, grammar='root ::= "a"{1500}')
    for _ in range(rounds):
        cancel_once(engine, answer, rng.uniform(0.3, 0.6), between)
    return inside.report() & between.report()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--tokens", type=int, default=16_000)
    parser.add_argument("--n-gpu-layers", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.gguf"
        make_tiny_gguf(path, n_embd=1024, n_layer=8, n_ff=4096, n_head=16, n_head_kv=4)
        settings = LlamaSettings(n_ctx=options.tokens + 4096, n_gpu_layers=options.n_gpu_layers)
        engine = LlamaEngine("benchmark", settings, path)
        info = engine.load(CancelToken())
        print(f"{(info.n_params or 0) / 1e6:.0f} M weights, {dict(info.detail)['build']}")
        good = measure(engine, options.rounds, options.tokens)
        engine.close()
    print("PASS" if good else f"FAIL: the limit is {LIMIT_SECONDS * 1000:.0f} ms")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
