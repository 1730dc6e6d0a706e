"""How long the copy of a workspace takes, beside ``git worktree add`` and ``cp -r``.

A repository of 5,000 files (about 25 MB, a log-normal spread of sizes, packed) is made, ten of its
files are changed and ten are new. In each round all three are timed one after the other, so that a
busy machine is as unfair to each.

    python -m benchmarks.shadow [--files 5000] [--rounds 7]

Prints medians, and what the copy's parts take; leaves with status 1 when the copy's median is above
400 ms, or above twice what ``git worktree add`` takes where that is more.
"""

from __future__ import annotations

import argparse
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from lsp_agent.cancel import CancelToken
from lsp_agent.vcs.anchored import remove_tree
from lsp_agent.vcs.shadow import Shadow, make_shadow
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.roots import Root

LIMIT_SECONDS = 0.400


def git(folder: Path, *words: str) -> None:
    base = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c"]
    subprocess.run([*base, *words], cwd=folder, check=True, capture_output=True)


def make_repository(folder: Path, files: int) -> None:
    chance = random.Random(1)
    words = [f"name_{number}" for number in range(2000)]
    for number in range(files):
        path = folder / f"pkg{number % 50}" / f"mod{number % 250}" / f"f{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        count = int(chance.lognormvariate(4.2, 0.9))
        lines = ("    " + " ".join(chance.choices(words, k=5)) + "\n" for _ in range(count))
        path.write_text("".join(lines))
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "all")
    git(folder, "gc", "-q")
    for number in range(10):
        (folder / "pkg0" / f"new{number}.py").write_text("new = 1\n")
        path = folder / f"pkg{number}" / f"mod{number}" / f"f{number}.py"
        path.write_text(path.read_text() + "changed = 1\n")


def timed(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


class Rounds:
    """Seconds by name, over one repository."""

    def __init__(self, top: Path, repository: Path) -> None:
        self.seconds: dict[str, list[float]] = {}
        self._top = top
        self._repository = repository

    def note(self, name: str, action: Callable[[], object]) -> None:
        self.seconds.setdefault(name, []).append(timed(action))

    def run(self) -> None:
        tree, plain, copy = (self._top / name for name in ("tree", "plain", "copy"))
        self.note("git worktree add", lambda: self._git("add", "--detach", str(tree)))
        self.note(
            "cp -r", lambda: subprocess.run(["cp", "-r", self._repository, plain], check=True)
        )
        copy.mkdir()
        root = Root(self._repository)
        overlay = Overlay(root)
        overlay.write("pkg0/proposed.py", "x = 1\n")
        made: list[Shadow] = []
        self.note("shadow", lambda: made.append(make_shadow(root, overlay, copy, CancelToken())))
        overlay.write("pkg0/proposed.py", "x = 2\n")
        self.note("  an update", lambda: made[0].update(overlay))
        self.note("  what was written", made[0].written)
        self.note("  its removal", made[0].remove)
        remove_tree(copy)
        self._git("remove", "--force", str(tree))
        shutil.rmtree(plain)

    def _git(self, *words: str) -> None:
        git(self._repository, "worktree", *words)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        top = Path(temporary).resolve()
        repository = top / "repository"
        repository.mkdir()
        make_repository(repository, options.files)
        rounds = Rounds(top, repository)
        for _ in range(options.rounds):
            rounds.run()
    medians = {name: statistics.median(found) for name, found in rounds.seconds.items()}
    for name, median in medians.items():
        best = min(rounds.seconds[name])
        print(f"{name:20} {median * 1000:8.1f} ms   (best {best * 1000:.1f})")
    return int(medians["shadow"] > max(LIMIT_SECONDS, 2 * medians["git worktree add"]))


if __name__ == "__main__":
    sys.exit(main())
