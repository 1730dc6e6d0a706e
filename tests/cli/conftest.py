"""The command line as a person starts it: a process with its own streams."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

SECONDS = 60


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    status: int
    out: str
    err: str


Command = Callable[..., Done]


@pytest.fixture
def lsp_agent(home: Path, tmp_path: Path) -> Command:
    """Return a function that runs ``lsp-agent`` with arguments in a folder."""
    work = tmp_path / "work"
    work.mkdir()

    def run(*arguments: str, cwd: Path = work, **environment: str) -> Done:
        done = subprocess.run(
            [sys.executable, "-m", "lsp_agent", *arguments],
            check=False,
            cwd=cwd,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
        )
        return Done(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))

    return run


@pytest.fixture
def work(tmp_path: Path, lsp_agent: Command) -> Path:
    """Return the folder that commands run in."""
    return tmp_path / "work"


@pytest.fixture
def use_remote(home: Path) -> Callable[..., None]:
    """Return a function that routes all jobs to an OpenAI-compatible endpoint."""

    def use(url: str, more: str = "") -> None:
        home.joinpath("config.toml").write_text(
            f'[engines.remote]\nkind = "openai"\nbase_url = "{url}"\nmodel = "scripted"\n'
            f'max_retries = 0\n[routes]\nagent = "remote"\n{more}',
            "utf-8",
        )

    return use
