"""A soak of the in-process engine: mixed requests from several threads, and what memory they leave.

Completions, actions, runs and reviews on a tiny model of random weights; some under a grammar, some
sampled, some cancelled at a random moment, some wrong (a grammar that does not compile, a prompt
that does not fit), in a memory too small for all of them side by side.

    python -m benchmarks.soak [--requests 20000] [--threads 6]

Prints the resident memory after the first tenth and at the end; leaves with status 1 where it grew
by more than 3 %, or where a request ended otherwise than it should. Linux.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.config.model import LlamaSettings
from lsp_agent.engine.llama.engine import LlamaEngine
from lsp_agent.engine.llama.tiny import make_tiny_gguf
from lsp_agent.engine.types import (
    Chat,
    ContextOverflowError,
    Fim,
    GrammarError,
    Job,
    Message,
    Request,
    Sampling,
)

GROWTH = 1.03
N_CTX = 1536
SYSTEM = Message("system", "You are a careful programmer. " * 12)


def resident_kib() -> int:
    """Return the memory of this process that is in use now."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    raise OSError("this machine does not tell a process's memory")


def mixed(rng: random.Random) -> tuple[Request, type[Exception] | None]:
    """Return a request and the error that it must end with."""
    words = " ".join(f"name_{rng.randrange(50)}" for _ in range(rng.randrange(2, 60)))
    job = rng.choice(list(Job))
    sampling = Sampling(temperature=rng.choice([0.0, 0.8]), seed=rng.randrange(100))
    kind = rng.random()
    if kind < 0.02:
        return Request(Chat((Message("user", "x" * 2 * N_CTX),)), job=job), ContextOverflowError
    if kind < 0.04:
        return Request(Chat((SYSTEM,)), grammar="root ::= (", job=job), GrammarError
    if job is Job.COMPLETION:
        return Request(Fim(words, words[::-1]), max_tokens=16, job=job), None
    grammar = 'root ::= "{" [a-z]{1,12} "}"' if kind < 0.3 else None
    chat = Chat((SYSTEM, Message("user", words)))
    return Request(chat, max_tokens=24, grammar=grammar, sampling=sampling, job=job), None


def ask(engine: LlamaEngine, rng: random.Random) -> str:
    """Carry one request out, or cancel it on its way; return how it ended."""
    request, wanted = mixed(rng)
    cancel, patience = CancelToken(), rng.randrange(12) if rng.random() < 0.2 else 1 << 20
    try:
        for count, _ in enumerate(engine.generate(request, cancel)):
            if count == patience:
                cancel.cancel()
    except Cancelled:
        return "cancelled"
    except (ContextOverflowError, GrammarError) as error:
        return "refused" if wanted is not None and isinstance(error, wanted) else "WRONG ERROR"
    return "answered" if wanted is None else "NOT REFUSED"


def work(engine: LlamaEngine, seed: int, count: int, ended: Counter[str]) -> None:
    """Ask for ``count`` things, one after the other."""
    rng = random.Random(seed)
    for _ in range(count):
        ended[ask(engine, rng)] += 1


def together(engine: LlamaEngine, threads: int, count: int, seed: int) -> Counter[str]:
    """Let several threads share ``count`` requests."""
    counters: list[Counter[str]] = [Counter() for _ in range(threads)]
    workers = [
        threading.Thread(target=work, args=(engine, seed + n, count // threads, counters[n]))
        for n in range(threads)
    ]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    return sum(counters, Counter())


def main() -> int:
    """Run the soak and judge it."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.soak")
    options.add_argument("--requests", type=int, default=20_000)
    options.add_argument("--threads", type=int, default=6)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tiny.gguf"
        make_tiny_gguf(path)
        settings = LlamaSettings(n_ctx=N_CTX, n_threads=1)
        engine = LlamaEngine("soak", settings, path, Path(folder) / "prefixes")
        began = time.monotonic()
        ended = together(engine, chosen.threads, chosen.requests // 10, 0)
        before = resident_kib()
        ended += together(engine, chosen.threads, chosen.requests - chosen.requests // 10, 1000)
        after, detail = resident_kib(), engine.info().detail
        engine.close()
    print(", ".join(f"{count} {kind}" for kind, count in sorted(ended.items())))
    print(f"{time.monotonic() - began:.0f} s, cache-hit ratio {detail['cache_hit_ratio']:.2f}")
    growth = after / before
    print(f"resident memory: {before / 1024:.1f} MiB, then {after / 1024:.1f} MiB: {growth:.3f}")
    wrong = any(kind.isupper() for kind in ended) or detail["queue"]
    failed = wrong or growth > GROWTH
    print("FAIL" if failed else "PASS")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
