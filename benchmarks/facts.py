"""The facts of a folder's files, beside what tree-sitter alone takes for them.

    python -m benchmarks.facts FOLDER [--every N]

The floor of a file is `parser.parse(bytes)` and its queries through a `QueryCursor`, nothing else;
both are timed for each file in turn, in processor seconds of one core. Prints the ratio for each
language and for all; leaves with status 1 where that of all is above 2.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from pathlib import Path

from tree_sitter import Parser, QueryCursor

from lsp_agent.syntax.facts import OTHERS, file_facts
from lsp_agent.syntax.languages import language_of
from lsp_agent.syntax.parser import MAX_CHARACTERS, grammar, query

MOST = 2.0


def floor(data: bytes, language: str) -> float:
    """Return the seconds of a bare parse and of the queries."""
    outline, uses = query(language, "definitions", *OTHERS), query(language, "references")
    parser = Parser(grammar(language))
    start = time.process_time()
    root = parser.parse(data).root_node
    if outline is not None:
        QueryCursor(outline).matches(root)
    if uses is not None:
        QueryCursor(uses).captures(root)
    return time.process_time() - start


def facts(content: str, language: str) -> tuple[float, int, int]:
    """Return the seconds of our facts, and how many definitions and uses they hold."""
    start = time.process_time()
    # What the floor has parsed, however slowly, is not left out here.
    found = file_facts(content, language, limit=600)
    return time.process_time() - start, len(found.symbols), len(found.references)


def main() -> int:
    """Measure and report."""
    arguments = argparse.ArgumentParser(prog="benchmarks.facts")
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--every", type=int, default=1, help="take each Nth file only")
    options = arguments.parse_args()
    rows: dict[str, list[float]] = defaultdict(lambda: [0.0] * 6)
    files = sorted(path for path in options.folder.rglob("*") if path.is_file())
    for path in files[:: options.every]:
        language = language_of(path.name)
        if language is None or path.stat().st_size > MAX_CHARACTERS:
            continue
        data = path.read_bytes()
        content = data.decode("utf-8", "replace")
        measured = (1.0, float(len(data)), floor(data, language), *facts(content, language))
        for row in (rows[language], rows["all"]):
            row[:] = [one + other for one, other in zip(row, measured, strict=True)]
    print(f"{'language':12}{'files':>7}{'MB':>8}{'floor':>9}{'facts':>9}{'ratio':>8}", end="")
    print(f"{'symbols':>10}{'uses':>10}")
    for name, (count, size, bare, ours, symbols, uses) in sorted(rows.items()):
        print(f"{name:12}{count:7.0f}{size / 1e6:8.2f}{bare:8.2f}s{ours:8.2f}s", end="")
        print(f"{ours / max(bare, 1e-9):8.2f}{symbols:10.0f}{uses:10.0f}")
    return int(rows["all"][3] > MOST * rows["all"][2])


if __name__ == "__main__":
    sys.exit(main())
