"""How long a start takes: ``--help``, and process start to ``initialize`` answered.

    python -m benchmarks.startup [--rounds 9]

Medians of alternating rounds, beside the floor of a Python that does nothing; the first start, with
no cache of compiled methods, is shown for itself. Leaves with status 1 above 250 ms and 400 ms.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

from benchmarks.rawlsp import RawServer, Report


def wall(*command: str) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ.copy())
    return time.perf_counter() - began


def initialize(home: str) -> float:
    server = RawServer(env={"LSP_AGENT_HOME": home})
    seconds = server.initialize()
    server.close()
    return seconds


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    floor, help_, answered = [], [], []
    with tempfile.TemporaryDirectory() as home:
        first = initialize(home)
        for _ in range(rounds):
            floor.append(wall(sys.executable, "-c", "pass"))
            help_.append(wall(sys.executable, "-m", "lsp_agent", "--help"))
            answered.append(initialize(home))
    base = statistics.median(floor)
    report = Report()
    print(f"{'floor: python -c pass':<58} {base * 1000:8.1f} ms")
    for name, values, limit in (("--help", help_, 250), ("initialize answered", answered, 400)):
        middle = statistics.median(values)
        report.row(name, middle * 1000, limit, f"{middle / base:.0f} times the floor")
    print(f"{'initialize answered, very first start':<58} {first * 1000:8.1f} ms")
    return int(report.failed)


if __name__ == "__main__":
    sys.exit(main())
