"""Inline completion with the embedded model: the first token, cold and while typing, and the rate.

A file of this project, cut in mid-line, is completed at many places. *Cold* is a place of another
part of the file, whose prompt nothing is known of; *typing* is one more character at the same
place. Times are the product's own, from the request on, as in a session that knows the files
already: finding similar text in them is included, reading them is not.

    python -m benchmarks.completion [--places 40] [--threads N]

Prints medians beside the floor, which is one token of the same model alone; leaves with status 1
above 60 ms for the first token, cold or typing, and below 150 tokens a second.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import lsp_agent
from lsp_agent.agent.completion import Completion, complete
from lsp_agent.cancel import CancelToken
from lsp_agent.config.model import LlamaSettings
from lsp_agent.config.paths import Home
from lsp_agent.context.surroundings import Surroundings
from lsp_agent.engine.catalogue import EMBEDDED, Catalogue
from lsp_agent.engine.llama.engine import LlamaEngine
from lsp_agent.engine.types import Fim, Request
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.positions import Position
from lsp_agent.workspace.roots import Root

FIRST_TOKEN_MS, TOKENS_A_SECOND = 60.0, 150.0


def places(source: str, count: int) -> list[tuple[int, int]]:
    """Return lines and columns in the middle of code, far apart."""
    lines = source.split("\n")
    usable = [n for n, line in enumerate(lines) if len(line.strip()) > 12]
    step = max(len(usable) // count, 1)
    return [(n, len(lines[n]) - len(lines[n].lstrip()) + 6) for n in usable[::step]][:count]


def ask(
    engine: LlamaEngine, around: Surroundings, root: Path, source: str, line: int, column: int
) -> Completion:
    """Complete a line that ends at the column, as while typing."""
    rows = source.split("\n")
    rows[line] = rows[line][:column]
    overlay = Overlay(Root(root))
    overlay.write("workspace/overlay.py", "\n".join(rows))
    place = Position(line, column)
    cancel = CancelToken()
    return complete(engine, overlay, "workspace/overlay.py", place, cancel, surroundings=around)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--places", type=int, default=40)
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()
    root = Path(lsp_agent.__file__).parent
    source = root.joinpath("workspace", "overlay.py").read_text("utf-8")
    cold: list[float] = []
    typing: list[float] = []
    rates: list[float] = []
    around = Surroundings()
    with tempfile.TemporaryDirectory() as home:
        path = Catalogue(Home.find({"LSP_AGENT_HOME": home})).resolve(EMBEDDED)
        engine = LlamaEngine("embedded", LlamaSettings(n_threads=options.threads), path)
        engine.load(CancelToken())
        for line, column in places(source, options.places):
            for times, more in ((cold, 0), (typing, 1)):
                done = ask(engine, around, root, source, line, column + more)
                if done.first_token_ms:
                    times.append(done.first_token_ms)
                if done.usage.completion > 8:
                    spent = (done.total_ms - done.first_token_ms) / 1000
                    rates.append((done.usage.completion - 1) / spent)
        floor = one_token(engine)
        engine.close()
    rate = statistics.median(rates)
    print(f"first token, cold: {statistics.median(cold):.1f} ms ({len(cold)} places)")
    print(f"first token, typing: {statistics.median(typing):.1f} ms")
    print(f"tokens a second: {rate:.0f}; one token alone takes {floor:.2f} ms")
    slow = max(statistics.median(cold), statistics.median(typing)) > FIRST_TOKEN_MS
    return 1 if slow or rate < TOKENS_A_SECOND else 0


def one_token(engine: LlamaEngine) -> float:
    """Return the milliseconds that a token takes where nothing else is to be done."""
    started = time.perf_counter()
    usage = None
    for delta in engine.generate(Request(Fim("x = ", ""), max_tokens=100), CancelToken()):
        usage = delta.usage or usage
    assert usage is not None
    return (time.perf_counter() - started) * 1000 / usage.completion


if __name__ == "__main__":
    sys.exit(main())
