"""The two sides behind one interface: our engine in this process, and ``llama-server``."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from lsp_agent.cancel import CancelToken
from lsp_agent.config.model import LlamaSettings
from lsp_agent.engine.gguf_file import read_gguf_header
from lsp_agent.engine.llama.engine import LlamaEngine
from lsp_agent.engine.llama.model import default_threads
from lsp_agent.engine.types import Request

Flash = Literal["auto", "on", "off"]


@dataclass(frozen=True, slots=True)
class Setup:
    """What both sides are told alike: the file, the context in tokens and the threads."""

    model: Path
    n_ctx: int
    threads: int
    threads_batch: int
    flash_attn: Flash = "auto"
    drafts: bool = True

    @staticmethod
    def of(
        model: Path,
        n_ctx: int,
        threads: int | None,
        flash_attn: Flash = "auto",
        *,
        drafts: bool = True,
    ) -> Setup:
        """Return the set-up; without ``threads``, as many as our engine takes by itself."""
        token, batch = default_threads(read_gguf_header(model).n_params)
        return Setup(model, n_ctx, threads or token, threads or batch, flash_attn, drafts)

    @property
    def settings(self) -> LlamaSettings:
        """Our engine's settings; batch sizes and formats of the cache are its defaults."""
        same = self.threads == self.threads_batch
        return LlamaSettings(
            n_ctx=self.n_ctx,
            n_gpu_layers=0,
            n_threads=self.threads if same else None,
            flash_attn=self.flash_attn,
            drafts=self.drafts,
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back and when: seconds from the request on, to the first text and to the end."""

    text: str
    first: float
    total: float
    tokens: int
    prompt: int
    cached: int

    @property
    def rate(self) -> float:
        """Tokens a second, from the first token on."""
        if self.tokens < 8:
            raise RuntimeError(f"an answer of {self.tokens} tokens is too short to measure")
        return (self.tokens - 1) / (self.total - self.first)


class Peer(Protocol):
    """One side; ``ask`` may be called from several threads."""

    def ask(self, request: Request, cancel: CancelToken | None = None) -> Answer:
        """Return an answer when it is complete; a cancelled one raises or ends early."""
        ...

    def settle(self) -> None:
        """Wait until nothing is under way, after a cancellation."""
        ...


class Ours:
    """Our engine."""

    def __init__(self, setup: Setup) -> None:
        self.engine = LlamaEngine("benchmark", setup.settings, setup.model)
        self.engine.load(CancelToken())

    def ask(self, request: Request, cancel: CancelToken | None = None) -> Answer:
        """Answer, timed as a caller in this process sees it."""
        start = time.perf_counter()
        first, text, usage = 0.0, [], None
        for delta in self.engine.generate(request, cancel or CancelToken()):
            if delta.text:
                first = first or time.perf_counter() - start
                text.append(delta.text)
            usage = delta.usage or usage
        if usage is None:
            raise RuntimeError("the engine gave no usage")
        total = time.perf_counter() - start
        counts = usage.completion, usage.prompt, usage.cached
        return Answer("".join(text), first or total, total, *counts)

    def settle(self) -> None:
        """Wait for the engine's thread: a request of the lowest kind comes after all others."""
        from benchmarks.llama_server.texts import chat, request
        from lsp_agent.engine.types import Job

        self.ask(request(chat("x"), 1, job=Job.BACKGROUND))

    def close(self) -> None:
        """Free the model."""
        self.engine.close()


@contextmanager
def ours(setup: Setup) -> Iterator[Ours]:
    """Load our engine for a while."""
    peer = Ours(setup)
    try:
        yield peer
    finally:
        peer.close()


def niceness() -> int:
    """Return by how much our engine's threads step back, which the other side is made to as well.

    They do it behind the editor's requests; on a busy machine they would be the only ones.
    """
    if sys.platform != "linux":
        return 0
    threads = (int(path.name) for path in Path("/proc/self/task").iterdir())
    lowest = max(os.getpriority(os.PRIO_PROCESS, thread) for thread in threads)
    return lowest - os.getpriority(os.PRIO_PROCESS, 0)
