"""What typing feels: a 10,000-line file, with the server idle and with a run generating.

    python -m benchmarks.server [--rounds 200]

* listing code actions, p95 ≤ 15 ms;
* a keystroke: the change and the diagnostics asked for and answered, p95 ≤ 10 ms, at random places
  and while a statement is typed, in which a bracket is open most of the time; beside each the floor
  of tree-sitter's own edits and reparses of the same text;
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


Key = tuple[int, int, str]
"""A place and what is typed there."""


def random_keys(rounds: int) -> list[Key]:
    """One character each, taken back after it."""
    return [(random.randrange(LINES), 4, "x") for _ in range(rounds)]


def statements(rounds: int) -> list[list[Key]]:
    """Whole statements, each typed into another function; some of them are near the top."""
    typed = '    total = compute(a["k"], [b])\n'
    rows = [5 * random.randrange(LINES // 5) + 3 for _ in range(max(rounds // len(typed), 4))]
    return [[(row, column, key) for column, key in enumerate(typed)] for row in rows]


class Floor:
    """Tree-sitter alone: the edit and the reparse of a text."""

    def __init__(self) -> None:
        from tree_sitter import Parser
        from tree_sitter_language_pack import get_language

        self.parser = Parser(get_language("python"))
        self.data = source().encode()
        self.tree = self.parser.parse(self.data)

    def key(self, row: int, column: int, text: str) -> float:
        lines = self.data.split(b"\n", row + 1)
        at = sum(len(line) + 1 for line in lines[:row]) + min(column, len(lines[row]))
        column = min(column, len(lines[row]))
        began = time.perf_counter()
        tree = self.tree.copy()
        end = (row + 1, 0) if text == "\n" else (row, column + 1)
        tree.edit(at, at, at + 1, (row, column), (row, column), end)
        self.data = self.data[:at] + text.encode() + self.data[at:]
        self.tree = self.parser.parse(self.data, tree)
        return time.perf_counter() - began


def floor_of_random(keys: list[Key]) -> list[float]:
    floor = Floor()
    data, tree = floor.data, floor.tree
    spent = []
    for key in keys:
        spent.append(floor.key(*key))
        floor.data, floor.tree = data, tree
    return spent


def floor_of_statements(texts: list[list[Key]]) -> list[float]:
    floor = Floor()
    return [floor.key(*key) for keys in texts for key in keys]


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
    places = random_keys(rounds)
    keys = [typist.key(row) for row, _, _ in places]
    texts = statements(rounds)
    typing = [
        typist.change(position(row, column), position(row, column), text)
        for line in texts
        for row, column, text in line
    ]
    server.close()
    bare = percentile(floor_of_random(places), 0.95)
    bare_typing = percentile(floor_of_statements(texts), 0.95)
    report.row("listing code actions, p95", percentile(listing, 0.95), 15)
    report.row(
        "a keystroke with its diagnostics, p95",
        percentile(keys, 0.95),
        10,
        f"tree-sitter alone: {bare:.1f} ms",
    )
    report.row(
        "a key of a statement with its diagnostics, p95",
        percentile(typing, 0.95),
        10,
        f"tree-sitter alone: {bare_typing:.1f} ms",
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
