"""What proving an edit costs, beside its tests: scope, syntax, ruff, a type checker.

    python -m benchmarks.verification [--rounds 15] [--lines 300]

A file of some 300 lines of this very package, in a copy of it with its own configuration of ruff,
is edited in another function each round: a good edit, then one with an unused name and a wrong
type. Each is checked as a run's is, by ``ruff`` and ``basedpyright-langserver`` from PATH or beside
Python; the language server is warm, as it is once the model has thought. Beside it: the bare start
of ruff. Status 1 above 1.5 s in the median of either kind, or where a wrong edit passes.
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
from collections import defaultdict
from pathlib import Path
from typing import Any

from lsp_agent.agent.environment import Run, RunEnvironment
from lsp_agent.agent.types import Focus, RunRequest
from lsp_agent.agent.verify import verify
from lsp_agent.cancel import CancelToken
from lsp_agent.config.load import Sources, load_settings
from lsp_agent.engine.types import EngineInfo
from lsp_agent.events import EventStream
from lsp_agent.language_servers.pool import LanguageServers
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.symbols import Symbol
from lsp_agent.verify.programs import Programs
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.roots import Root

HERE = Path(__file__).resolve().parents[1]
LIMIT = 1.5
GOOD = "    _checked: int = {n}\n    del _checked\n"
WRONG = "    _checked: int = 'text {n}'\n"


class Bench:
    """A copy of the package, with the checks on it."""

    def __init__(self, folder: Path, lines: int, env: dict[str, str]) -> None:
        shutil.copytree(HERE / "lsp_agent", folder / "lsp_agent", ignore=_no_models)
        shutil.copy(HERE / "pyproject.toml", folder)
        self.root = Root(folder)
        self.path, self.text = _file_of(folder, lines)
        loaded = load_settings(Sources(cli={"verify.tests": "off"}))
        self.settings = loaded.settings
        self.pool = LanguageServers(self.settings.language_servers, lambda _: False, env)
        self.programs = Programs(env, lambda _: False)
        self.functions = _functions(self.path, self.text)

    def round(self, number: int, body: str) -> tuple[float, dict[str, float], bool]:
        """Edit one function; return the time, that of each check, and whether all passed."""
        function = self.functions[number % len(self.functions)]
        lines = self.text.splitlines(keepends=True)
        at = function.body_range.start.line if function.body_range else function.range.end.line
        indent = len(lines[at]) - len(lines[at].lstrip()) - 4
        new = "".join(" " * indent + row + "\n" for row in body.format(n=number).splitlines())
        overlay = Overlay(self.root)
        overlay.write(self.path, "".join([*lines[:at], new, *lines[at:]]))
        request = RunRequest(
            "bench", Focus(self.path, function.range), function.range, frozenset({self.path})
        )
        run = Run(request, self._environment(overlay), _info(), CancelToken())
        began = time.perf_counter()
        failed = verify(run)
        took = time.perf_counter() - began
        return took, {one.check: one.seconds for one in run.proof.verdicts}, not failed

    def _environment(self, overlay: Overlay) -> RunEnvironment:
        engine: Any = None
        return RunEnvironment(
            "bench",
            engine,
            overlay,
            {},
            self.settings,
            EventStream("bench"),
            lambda _: False,
            instruments=self.pool,
            programs=self.programs,
        )


def _no_models(_folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name.endswith((".gguf", ".pyc", "__pycache__"))]


def _file_of(folder: Path, lines: int) -> tuple[str, str]:
    """Return the file whose length is nearest."""
    texts = {one: one.read_text("utf-8") for one in folder.glob("lsp_agent/*/*.py")}
    best = min(texts, key=lambda one: abs(texts[one].count("\n") - lines))
    return best.relative_to(folder).as_posix(), texts[best]


def _functions(path: str, text: str) -> list[Symbol]:
    found = SyntaxDocument.read(path, text).symbols()
    whole = [one for one in found if one.kind in ("function", "method") and one.body_range]
    # Before a docstring nothing may stand.
    return [one for one in whole if one.docstring is None]


def _info() -> EngineInfo:
    return EngineInfo("bench", "none", "none", 0)


def _floor(env: dict[str, str], rounds: int) -> float:
    program = shutil.which("ruff", path=env["PATH"])
    if program is None:
        return 0.0
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        subprocess.run([program, "--version"], check=True, stdout=subprocess.DEVNULL)
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--lines", type=int, default=300)
    options = parser.parse_args()
    folders = [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    env = {**os.environ, "PATH": os.pathsep.join(folders)}
    env.pop("VIRTUAL_ENV", None)
    missed = False
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder).resolve(), options.lines, env)
        try:
            lines = bench.text.count("\n")
            print(f"{bench.path}: {lines} lines; ruff --version {_floor(env, 9) * 1000:.0f} ms")
            cold, _, _ = bench.round(0, GOOD)
            print(f"first, with the language server's start: {cold:.2f} s")
            for kind, body, right in (("good", GOOD, True), ("wrong", WRONG, False)):
                times, checks, wrong = [], defaultdict(list), 0
                for number in range(1, options.rounds + 1):
                    took, each, passed = bench.round(number, body)
                    times.append(took)
                    wrong += passed is not right
                    for check, seconds in each.items():
                        checks[check].append(seconds)
                median = statistics.median(times)
                shown = ", ".join(
                    f"{check} {statistics.median(one) * 1000:.0f} ms"
                    for check, one in checks.items()
                )
                print(
                    f"{kind:5} edits: median {median:.2f} s, most {max(times):.2f} s ({shown}); "
                    f"{wrong} judged wrongly"
                )
                missed = missed or median > LIMIT or wrong > 0
        finally:
            bench.pool.close()
    return int(missed)


if __name__ == "__main__":
    raise SystemExit(main())
