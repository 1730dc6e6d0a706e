"""The sample project: a copy to work on, its tests, and what they find."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from lsp_agent.errors import LspAgentError

_SECONDS = 60.0
_FRAME = re.compile(r'^\s*File "(?P<file>.+?)", line (?P<line>\d+), in ', re.MULTILINE)
_ERROR = re.compile(r"^(?P<kind>\w*Error): (?P<text>.+)$", re.MULTILINE)
_RAN = re.compile(r"^Ran (\d+) tests?", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Finding:
    """Where a test broke, and with what words; ``line`` is 1-based, ``path`` relative, posix."""

    path: str
    line: int
    message: str


@dataclass(frozen=True, slots=True)
class TestRun:
    """What the tests came to."""

    ok: bool
    summary: str
    finding: Finding | None


class SampleProject:
    """A copy of the sample in a folder of the caller's."""

    def __init__(self, folder: Path) -> None:
        """Copy the sample below ``folder``, which must be there."""
        self.path = Path(os.path.realpath(folder)) / "shop"
        source = Path(__file__).resolve().parent / "project"
        if not source.is_dir():
            raise LspAgentError("the sample project is missing; install lsp-agent again")
        shutil.copytree(source, self.path, ignore=shutil.ignore_patterns("__pycache__"))

    def run_tests(self) -> TestRun:
        """Run the project's own tests with the standard library's runner."""
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}
        done = subprocess.run(
            [sys.executable, "-m", "unittest"],
            cwd=self.path,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
        ran = _RAN.search(done.stderr)
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        summary = f"{ran[1]} tests: {last}" if ran else last
        return TestRun(done.returncode == 0, summary, self._finding(done.stderr))

    def _finding(self, report: str) -> Finding | None:
        """Return the innermost frame in the project's own code of the first error."""
        error = _ERROR.search(report)
        if error is None:
            return None
        for frame in reversed(list(_FRAME.finditer(report, 0, error.start()))):
            path = Path(os.path.realpath(frame["file"]))
            if path.is_relative_to(self.path):
                relative = path.relative_to(self.path).as_posix()
                message = f"{error['kind']}: {error['text']}"
                return Finding(relative, int(frame["line"]), message)
        return None
