"""What every measure is given: the set-up, the programs, sizes and the order of runs."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from benchmarks.llama_server.build import Build
from benchmarks.llama_server.peers import Ours, Setup, ours
from benchmarks.llama_server.server import LlamaServer, llama_server

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

    def server(self, slots: int = 1) -> AbstractContextManager[LlamaServer]:
        """Start the server; our engine must be loaded already, so that its niceness is known."""
        return llama_server(self.build, self.setup, slots=slots)

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
