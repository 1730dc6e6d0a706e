"""A repository map of 1,024 tokens: ours beside aider's, on the same files, in the same run.

    python -m benchmarks.repo_map FOLDER --aider-python PATH [--rounds 5] [--home DIR]

Three measures each, every one in a process of its own: from nothing on the disk to the first map
(parsing everything); a new process that finds what was kept on the disk; and a second map in that
process, with other files in focus, so that no finished map can be taken from a cache. Aider's map
is its own ``RepoMap`` class with its defaults, told all files of the folder and to refresh always;
its tokens are counted by a quarter of the characters, as ours are: no tokenizer's time is measured.
Aider writes its cache into the folder that it maps, so both work on a copy.

Leaves with status 1 above 300 ms for a warm map, and below ten times aider's speed, warm.
Aider needs an environment of its own, because it fixes old versions of what is used here::

    uv venv AIDER && uv pip install --python AIDER/bin/python aider-chat
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.rawlsp import Report

TOKENS = 1024
FOCUS = 4

AIDER = """
import json, os, sys, time
began = time.perf_counter()
from aider.repomap import RepoMap
class Model:
    def token_count(self, text): return -(-len(text) // 4)
class Quiet:
    def read_text(self, name):
        try:
            with open(name, encoding="utf-8") as file: return file.read()
        except (OSError, UnicodeDecodeError): return None
    def tool_output(self, *a, **k): pass
    tool_warning = tool_error = tool_output
folder, focus = sys.argv[1], json.loads(sys.argv[2])
files = sorted(os.path.join(top, name) for top, folders, names in os.walk(folder)
               for name in names if name.endswith(".py"))
made = RepoMap(map_tokens=1024, root=folder, main_model=Model(), io=Quiet(), refresh="always")
seconds, texts = [], []
for path in [None, *focus]:
    chat = [os.path.join(folder, path)] if path else []
    start = time.perf_counter() if path else began
    texts.append(made.get_repo_map(chat, [one for one in files if one not in chat]) or "")
    seconds.append(time.perf_counter() - start)
print(json.dumps({"files": len(files), "seconds": seconds, "size": len(texts[-1]) // 4}))
"""

OURS = """
import json, sys, time
began = time.perf_counter()
from pathlib import Path
from lsp_agent.cancel import CancelToken
from lsp_agent.context.emphasis import Emphasis
from lsp_agent.context.repo_map import repo_map
from lsp_agent.index.build import BuildOptions
from lsp_agent.index.service import CodeIndex
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.roots import Root
if __name__ == "__main__":
    root, focus = Root(Path(sys.argv[1])), json.loads(sys.argv[2])
    index = CodeIndex(root, Path(sys.argv[3]), BuildOptions())
    index.build(CancelToken())
    seconds, size = [], 0
    for path in [None, *focus]:
        start = time.perf_counter() if path else began
        emphasis = Emphasis({path: 1.0}) if path else Emphasis()
        made = repo_map(index.view(Overlay(root)), 1024, emphasis=emphasis)
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"files": made.known, "seconds": seconds, "size": made.tokens}))
"""


def measure(python: str, script: Path, *arguments: str) -> tuple[dict[str, Any], float]:
    path = str(Path(__file__).parents[1]) if python == sys.executable else ""
    began = time.perf_counter()
    done = subprocess.run(
        [python, str(script), *arguments],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    whole = time.perf_counter() - began
    return json.loads(done.stdout.splitlines()[-1]), whole


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--aider-python", help="an interpreter that has aider-chat")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--home", type=Path, help="where the copies are made")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.home) as home:
        return compare(Path(home), options)


def compare(home: Path, options: argparse.Namespace) -> int:
    copy = home / "files"
    shutil.copytree(options.folder, copy, ignore=ignored)
    shutil.rmtree(copy / ".aider.tags.cache.v4", ignore_errors=True)
    paths = sorted(path.relative_to(copy).as_posix() for path in copy.rglob("*.py"))
    step = max(len(paths) // FOCUS, 1)
    focus = json.dumps(paths[::step][:FOCUS])
    size = sum((copy / path).stat().st_size for path in paths)
    print(f"{len(paths):,} files, {size / 1e6:.1f} MB, maps of {TOKENS} tokens")
    scripts = {"lsp-agent": home / "ours.py", "aider": home / "theirs.py"}
    scripts["lsp-agent"].write_text(OURS)
    scripts["aider"].write_text(AIDER)
    pythons = {"lsp-agent": sys.executable, "aider": options.aider_python}
    database = str(home / "index.sqlite")
    first, cold, warm = {}, {}, {}
    for name, python in pythons.items():
        if python is not None:
            made, whole = measure(python, scripts[name], str(copy), focus, database)
            first[name] = whole - sum(made["seconds"][1:])
            print(f"{name}: {made['files']:,} files, a map of about {made['size']} tokens")
    runs: dict[str, list[tuple[float, list[float]]]] = {name: [] for name in first}
    for _ in range(options.rounds):
        for name in first:
            made, whole = measure(pythons[name], scripts[name], str(copy), focus, database)
            runs[name].append((whole - sum(made["seconds"][1:]), made["seconds"][1:]))
    for name, rows in runs.items():
        cold[name] = statistics.median(row[0] for row in rows)
        warm[name] = statistics.median(one for row in rows for one in row[1])
    return show(first, cold, warm)


def show(first: dict[str, float], cold: dict[str, float], warm: dict[str, float]) -> int:
    report = Report()
    for name, values in (
        ("first map, nothing kept", first),
        ("new process, kept on disk", cold),
        ("warm, another file in focus", warm),
    ):
        said = ", ".join(f"{who} {seconds * 1000:,.0f} ms" for who, seconds in values.items())
        ratio = f": {values['aider'] / values['lsp-agent']:.1f} times" if "aider" in values else ""
        print(f"{name:<30} {said}{ratio}")
    report.row("a warm map", warm["lsp-agent"] * 1000, 300, "")
    slow = "aider" in warm and warm["aider"] < 10 * warm["lsp-agent"]
    if slow:
        print("aider's warm map takes less than ten times ours")
    return int(report.failed or slow)


def ignored(_top: str, names: list[str]) -> set[str]:
    return {name for name in names if name in {"__pycache__", ".git"} or name.startswith(".aider")}


if __name__ == "__main__":
    sys.exit(main())
