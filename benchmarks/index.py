"""The code index over a large folder, beside bare tree-sitter and ripgrep.

    python -m benchmarks.index FOLDER [--rg rg] [--every N]

* a cold index, ≤ 4 times what one core takes to parse the same files and to run the same queries
  (`--every N` times that floor on each Nth file and scales it up);
* the database, ≤ 0.8 times the size of the files in it;
* symbol search, p95 ≤ 5 ms, over random parts of names;
* text search up to 100 lines, p95 ≤ 30 ms, and never more than 3 times ripgrep's time for the same
  100 lines: parts of random lines, and some that are nowhere;
* a changed file: from the event to the answer of `workspace/symbol` that knows it, p95 ≤ 50 ms;
* the server's memory after that, ≤ 250 MB.

FOLDER is copied; its like is torch's or Django's installed sources. Status 1 above a limit.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from benchmarks.facts import floor
from benchmarks.rawlsp import RawServer, Report, percentile
from lsp_agent.cancel import CancelToken
from lsp_agent.index.build import BuildOptions, build
from lsp_agent.index.reader import IndexReader
from lsp_agent.index.service import CodeIndex, database_path
from lsp_agent.syntax.languages import language_of
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.roots import Root

HITS = 100


def bare(root: Path, paths: list[str], every: int) -> float:
    """Return the seconds of parsing and querying files, and nothing else."""
    seconds = 0.0
    for path in paths[::every]:
        language = language_of(path)
        if language is not None:
            seconds += floor(Path(root, path).read_bytes(), language)
    return seconds * every


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def parts_of_names(reader: IndexReader, count: int) -> list[str]:
    names = sorted({row.name for path in reader.paths()[::7] for row in reader.outline(path)})
    found = []
    for _ in range(count):
        name = random.choice(names)
        size = random.randint(1, len(name))
        start = random.randint(0, len(name) - size)
        found.append(name[start : start + size])
    return found


def parts_of_lines(root: Path, paths: list[str], count: int) -> list[str]:
    found = ["this is nowhere to be found", "zzqx", "self", "return"]
    while len(found) < count:
        text = Path(root, random.choice(paths)).read_text("utf-8", "replace")
        line = random.choice(text.splitlines() or [""]).strip()
        if len(line) > 3:
            found.append(line[: random.randint(4, min(len(line), 40))])
    return found


def ripgrep(rg: str, root: Path, needle: str) -> float:
    """Return the seconds until ripgrep has printed as many lines as we look for."""
    began = time.perf_counter()
    with subprocess.Popen(
        [rg, "--fixed-strings", "--line-number", "--no-heading", "--", needle, str(root)],
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        for _ in islice(process.stdout, HITS):
            pass
        spent = time.perf_counter() - began
        process.kill()
    return spent


def searches(report: Report, index: CodeIndex, root: Root, rg: str) -> None:
    reader, overlay = index.reader, Overlay(root)
    symbol = [timed(lambda part=part: reader.symbols(part)) for part in parts_of_names(reader, 400)]
    report.row("symbol search, p95", percentile(symbol, 0.95), 5)
    needles = parts_of_lines(root.path, reader.paths(), 80)
    # Both read files that are in memory, as an editor's are.
    ripgrep(rg, root.path, "warm")
    ours, worst = [], (0.0, "")
    for needle in needles:
        view = index.view(overlay)
        spent = min(
            timed(lambda view=view, needle=needle: list(islice(view.search(needle), HITS)))
            for _ in range(2)
        )
        peer = min(ripgrep(rg, root.path, needle) for _ in range(2))
        ours.append(spent)
        worst = max(worst, (spent / peer, needle))
    report.row("text search, p95", percentile(ours, 0.95), 30)
    report.row("worst text search / ripgrep", worst[0], 3, f"for {worst[1]!r}", unit="x")


def changes(report: Report, root: Root, home: str) -> None:
    """Change files under a server that watches them, and ask until it knows."""
    server = RawServer(env={"LSP_AGENT_HOME": home})
    try:
        server.initialize(root=root.path.as_uri(), lspAgent={"symbols": {"languages": ["*"]}})
        while not ready(server):
            time.sleep(0.05)
        spent = [change(server, root, number) for number in range(40)]
        report.row("a changed file is known, p95", percentile(spent, 0.95), 50)
        status = Path(f"/proc/{server.process.pid}/status")
        if status.exists():
            line = next(one for one in status.read_text().splitlines() if "VmRSS" in one)
            report.row("the server's memory", int(line.split()[1]) * 1024 / 1e6, 250, unit="MB")
    finally:
        server.close()


def change(server: RawServer, root: Root, number: int) -> float:
    """Write a file, new every other time; return the seconds from the event to the answer."""
    path, name = root.path / f"new_{number // 2}.py", f"wholly_new_{number}"
    with path.open("a") as file:
        file.write(f"\n\ndef {name}():\n    return {number}\n")
    began = time.perf_counter()
    event = {"changes": [{"uri": path.as_uri(), "type": 2 if number % 2 else 1}]}
    server.notify("workspace/didChangeWatchedFiles", event)
    while not server.request("workspace/symbol", {"query": name})["result"]:
        if time.perf_counter() - began > 10:
            raise TimeoutError(f"{name} was not seen")
    return time.perf_counter() - began


def ready(server: RawServer) -> bool:
    answer = server.request("workspace/executeCommand", {"command": "lspAgent.status"})
    index = answer["result"].get("index")
    return bool(index and index["state"] == "ready")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rg", default="rg")
    parser.add_argument("--every", type=int, default=1)
    options = parser.parse_args()
    random.seed(1)
    report = Report()
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home, "folder")
        shutil.copytree(options.folder, folder, ignore=shutil.ignore_patterns("*.so*", "*.pyc"))
        root = Root(folder)
        path = database_path(Path(home, "cache"), root)
        built = build(root, path, BuildOptions(), CancelToken())
        index = CodeIndex(root, path, BuildOptions())
        paths = index.reader.paths()
        alone = bare(folder, paths, options.every)
        size = sum(Path(folder, one).stat().st_size for one in paths)
        print(f"{len(paths)} files, {size / 1e6:.1f} MB, indexed in {built.seconds:.1f} s")
        report.row("cold index / bare tree-sitter", built.seconds / alone, 4, unit="x")
        report.row("database / files", path.stat().st_size / size, 0.8, unit="x")
        searches(report, index, root, options.rg)
        index.close()
        changes(report, root, home)
    return int(report.failed)


if __name__ == "__main__":
    sys.exit(main())
