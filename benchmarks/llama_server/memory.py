"""The most memory that our engine takes in a fresh process, for :mod:`.measures`.

    python -m benchmarks.llama_server.memory MODEL N_CTX THREADS THREADS_BATCH PROMPT_TOKENS

Loads, evaluates a prompt, writes 64 tokens and prints the highest resident size in bytes.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

from benchmarks.llama_server.peers import Setup, ours
from benchmarks.llama_server.texts import Count, chat, code, request
from lsp_agent.engine.types import Request

ANSWER_TOKENS = 64


def job(count: Count, tokens: int) -> Request:
    """Return the request that both sides answer; ``count`` counts a text's tokens."""
    return request(chat(code(random.Random(0), tokens, count)), ANSWER_TOKENS)


def measure(setup: Setup, tokens: int) -> int:
    """Return this process's highest resident size after the job, in bytes."""
    from benchmarks.llama_server.server import peak_bytes

    with ours(setup) as peer:
        peer.ask(job(peer.engine.count_tokens, tokens))
        return peak_bytes(os.getpid())


if __name__ == "__main__":
    model, *numbers = sys.argv[1:]
    n_ctx, threads, threads_batch, prompt = map(int, numbers)
    print(measure(Setup(Path(model), n_ctx, threads, threads_batch), prompt))
