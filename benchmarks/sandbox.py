"""What starting a program in each sandbox of this machine costs, over starting it bare.

A program that does nothing (``true``) is run alternately bare and in each sandbox, so that what
else the machine does falls on all alike.

    python -m benchmarks.sandbox [--rounds 40]

Prints the medians in ms; leaves with status 1 when one that ``auto`` chooses from takes more than
60 ms over bare.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from lsp_agent.cancel import CancelToken
from lsp_agent.config.model import SandboxSettings
from lsp_agent.sandbox.choose import find_sandbox
from lsp_agent.sandbox.landlock import LandlockSandbox
from lsp_agent.sandbox.types import Command, Sandbox

LIMIT_SECONDS = 0.060


def sandboxes() -> dict[str, Sandbox]:
    found: dict[str, Sandbox] = {}
    for kind in ("landlock", "bubblewrap"):
        one, _ = find_sandbox(SandboxSettings(kind=kind), os.environ)
        if one is not None:
            found[kind] = one
    if "landlock" in found:
        found["landlock, no namespaces"] = LandlockSandbox(namespaces=False)
    return found


def measure(rounds: int) -> dict[str, float]:
    """Return the median seconds of each way."""
    program = shutil.which("true") or "/bin/true"
    with tempfile.TemporaryDirectory() as folder:
        command = Command((program,), Path(folder), Path(folder))

        def bare() -> None:
            subprocess.run([program], check=True, stdin=subprocess.DEVNULL, capture_output=True)

        ways: dict[str, Callable[[], object]] = {"bare": bare}
        for name, sandbox in sandboxes().items():
            ways[name] = lambda sandbox=sandbox: sandbox.run(command, CancelToken())
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(rounds + 1):
            for name, way in ways.items():
                start = time.perf_counter()
                way()
                taken[name].append(time.perf_counter() - start)
    return {name: statistics.median(seconds[1:]) for name, seconds in taken.items()}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=40)
    medians = measure(parser.parse_args().rounds)
    bare = medians.pop("bare")
    print(f"bare: {bare * 1000:.1f} ms")
    for name, seconds in medians.items():
        print(f"{name}: {seconds * 1000:.1f} ms, {(seconds - bare) * 1000:.1f} ms over bare")
    return int(any(seconds - bare > LIMIT_SECONDS for seconds in medians.values()))


if __name__ == "__main__":
    sys.exit(main())
