"""What every measure is given: the set-up, the programs, sizes and the order of runs."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

from benchmarks.llama_server.build import Build
from benchmarks.llama_server.peers import Ours, Peer, Setup, ours
from benchmarks.llama_server.server import LlamaServer, Serving, llama_server

Side = Callable[[int], float]


@dataclass(frozen=True, slots=True)
class Bench:
    """One model under measurement. ``scale`` below 1 cuts every prompt, for a quick trial."""

    model: str
    setup: Setup
    build: Build
    runs: int
    scale: float = 1.0

    def size(self, tokens: int) -> int:
        """Return a prompt's size in tokens, scaled."""
        return max(int(tokens * self.scale), 16)

    def ours(self) -> AbstractContextManager[Ours]:
        """Load our engine."""
        return ours(self.setup)

    def server(
        self, *options: str, slots: int = 1, as_chat: bool = True
    ) -> AbstractContextManager[LlamaServer]:
        """Start the server; our engine must be loaded already, so that its niceness is known."""
        return llama_server(self.build, self.setup, Serving(slots, options, as_chat))

    def rng(self, name: str, run: int = 0) -> random.Random:
        """Return the same random numbers for both sides of a run."""
        return random.Random(f"{name} {run}")

    def alternate(self, *sides: Side) -> list[list[float]]:
        """Run the sides in turns, one at a time, another one first each time."""
        figures: list[list[float]] = [[] for _ in sides]
        for run in range(self.runs):
            order = [(run + step) % len(sides) for step in range(len(sides))]
            for index in order:
                figures[index].append(sides[index](run))
        return figures

    def race(self, measure: Callable[[Peer, int], float], *peers: Peer) -> list[list[float]]:
        """Measure each peer in turns, as :meth:`alternate` does."""
        return self.alternate(*(partial(measure, peer) for peer in peers))
