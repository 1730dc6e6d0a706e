"""What typing feels: a 10,000-line file, with the server idle and with a run generating.

    python -m benchmarks.server [--rounds 200]

* listing code actions, p95 ≤ 15 ms;
* a keystroke: the change, the reparse and the diagnostics asked for and answered, p95 ≤ 20 ms,
  beside the floor of tree-sitter's own edit and reparse of the same text;
* requests while a run generates on a model of 0.1 billion random weights, p99 ≤ 50 ms;
* from ``$/cancelRequest`` in the middle of that run's prompt to its answer, ≤ 250 ms.

Times are a client's: from the request's first byte to the answer's last. Status 1 above a limit.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.rawlsp import RawServer, Report, percentile
from lsp_agent.engine.llama.tiny import make_tiny_gguf

URI = "file:///bench/big.py"
LINES = 10_000


def source() -> str:
    block = 'def f{n}(a, b):\n    """Add {n}."""\n    # TODO: more\n    return a + b * {n}\n\n'
    return "".join(block.format(n=n) for n in range(LINES // 5))


def position(line: int, character: int) -> dict[str, int]:
    return {"line": line, "character": character}


def actions_at(line: int) -> dict[str, object]:
    here = {"start": position(line, 4), "end": position(line, 4)}
    found = {"range": here, "message": "undefined name", "severity": 1}
    return {
        "textDocument": {"uri": URI},
        "range": here,
        "context": {"diagnostics": [found], "triggerKind": 1},
    }


class Typist:
    """Types and deletes a character at random places, and asks what is wrong after each."""

    def __init__(self, server: RawServer) -> None:
        self.server = server
        self.version = 1

    def change(self, start: dict[str, int], end: dict[str, int], text: str) -> float:
        self.version += 1
        began = time.perf_counter()
        self.server.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": URI, "version": self.version},
                "contentChanges": [{"range": {"start": start, "end": end}, "text": text}],
            },
        )
        self.server.timed("textDocument/diagnostic", {"textDocument": {"uri": URI}})
        return time.perf_counter() - began

    def key(self, line: int) -> float:
        spent = self.change(position(line, 4), position(line, 4), "x")
        self.change(position(line, 4), position(line, 5), "")
        return spent


def floor(rounds: int) -> list[float]:
    """Time tree-sitter alone on the same text and kind of edit."""
    from tree_sitter import Parser
    from tree_sitter_language_pack import get_language

    parser = Parser(get_language("python"))
    data = source().encode()
    tree = parser.parse(data)
    starts = [0]
    for line in data.split(b"\n"):
        starts.append(starts[-1] + len(line) + 1)
    seconds = []
    for _ in range(rounds):
        row = random.randrange(LINES)
        at = min(starts[row] + 4, starts[row + 1] - 1)
        began = time.perf_counter()
        edited = tree.copy()
        column = at - starts[row]
        edited.edit(at, at, at + 1, (row, column), (row, column), (row, column + 1))
        parser.parse(data[:at] + b"x" + data[at:], edited)
        seconds.append(time.perf_counter() - began)
    return seconds


def idle(report: Report, rounds: int, home: str) -> None:
    server = RawServer(env={"LSP_AGENT_HOME": home})
    server.initialize()
    server.open(URI, source())
    server.timed("textDocument/codeAction", actions_at(3))
    typist = Typist(server)
    typist.key(1)
    listing = [
        server.timed("textDocument/codeAction", actions_at(random.randrange(LINES)))
        for _ in range(rounds)
    ]
    keys = [typist.key(random.randrange(LINES)) for _ in range(rounds)]
    server.close()
    bare = percentile(floor(rounds), 0.95)
    report.row("listing code actions, p95", percentile(listing, 0.95), 15)
    report.row(
        "a keystroke with its diagnostics, p95",
        percentile(keys, 0.95),
        20,
        f"tree-sitter alone: {bare:.1f} ms",
    )


def loaded(report: Report, rounds: int, home: str) -> None:
    model = Path(home) / "bench.gguf"
    make_tiny_gguf(model, n_layer=12, n_embd=768, n_ff=3072, n_head=12, n_head_kv=4, n_ctx=32768)
    engine = {"model": str(model), "nCtx": 32768}
    server = RawServer(env={"LSP_AGENT_HOME": home})
    server.initialize(lspAgent={"engines": {"local": engine}, "agent": {"profile": "tools"}})
    server.open(URI, source())
    run = {"command": "lspAgent.run", "arguments": [{"task": "x " * 7_000}]}
    server.request("workspace/executeCommand", {"command": "lspAgent.status"})
    asked = server.ask("workspace/executeCommand", run)
    wait_until_loaded(server)
    requests = []
    for _ in range(rounds):
        requests.append(
            server.timed("textDocument/codeAction", actions_at(random.randrange(LINES)))
        )
        time.sleep(0.005)
    if asked in server.answers:
        raise RuntimeError("the run ended before it was measured; raise its size")
    began = time.perf_counter()
    server.notify("$/cancelRequest", {"id": asked})
    server.wait(asked)
    answered = time.perf_counter() - began
    while running(server):
        pass
    stopped = time.perf_counter() - began
    server.close()
    report.row("requests while a run generates, p99", percentile(requests, 0.99), 50)
    report.row("cancelled run answered", answered * 1000, 250)
    report.row("cancelled run ended, engine free", stopped * 1000, 250)


def running(server: RawServer) -> bool:
    answer = server.request("workspace/executeCommand", {"command": "lspAgent.status"})
    return bool(answer["result"]["runs"])


def wait_until_loaded(server: RawServer) -> None:
    """Wait until the model is in memory, so that its prompt is what is being evaluated."""
    while True:
        answer = server.request("workspace/executeCommand", {"command": "lspAgent.status"})
        if answer["result"]["loaded"]:
            return
        time.sleep(0.05)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=200)
    rounds = parser.parse_args().rounds
    random.seed(1)
    report = Report()
    with tempfile.TemporaryDirectory() as home:
        idle(report, rounds, home)
        loaded(report, rounds, home)
    return int(report.failed)


if __name__ == "__main__":
    sys.exit(main())
