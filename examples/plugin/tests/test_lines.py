"""The plugin through the command line, as its users have it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the user's own settings and journal out of the tests."""
    monkeypatch.setenv("LSP_AGENT_HOME", str(tmp_path / "home"))


def lsp_agent(*words: str, cwd: Path) -> str:
    """Run a command; return what it prints."""
    command = [sys.executable, "-m", "lsp_agent", *words]
    done = subprocess.run(
        command, cwd=cwd, env=os.environ, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_selected_lines_are_sorted(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    file = work / "names.py"
    file.write_text('NAMES = [\n    "b",\n    "a",\n]\n', "utf-8")
    lsp_agent("action", "sort_lines", "names.py:2-3", "--apply", cwd=work)
    assert file.read_text("utf-8") == 'NAMES = [\n    "a",\n    "b",\n]\n'


def test_lsp_agent_takes_the_plugin(tmp_path: Path) -> None:
    checks = json.loads(lsp_agent("doctor", "--json", cwd=tmp_path))
    mine = next(one for one in checks if one["name"] == "plugin lsp-agent-lines")
    assert mine["ok"]
    assert mine["detail"].endswith("count_lines, sort_lines")
