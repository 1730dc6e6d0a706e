"""Every sandbox of this machine, and a place in which a hostile program may try itself."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lsp_agent.cancel import CancelToken
from lsp_agent.sandbox.types import Command, Limits, Outcome, Sandbox

if sys.platform != "linux":
    collect_ignore_glob = ["test_*.py"]

SECRET = "-----BEGIN OPENSSH PRIVATE KEY----- for your eyes only"
LIMITS = Limits(wall_seconds=30, cpu_seconds=20, memory=512 << 20, processes=64)
Make = Callable[[dict[str, str]], Sandbox]


def _bubblewrap(env: dict[str, str]) -> Sandbox:
    from lsp_agent.sandbox.bubblewrap import BubblewrapSandbox, bubblewrap_works

    program = shutil.which("bwrap")
    if program is None or bubblewrap_works(program):
        pytest.skip("bubblewrap is not here")
    return BubblewrapSandbox(env, program)


def _landlock(env: dict[str, str]) -> Sandbox:
    from lsp_agent.sandbox.landlock import LandlockSandbox, namespaces_work
    from lsp_agent.sandbox.launch.kernel import landlock_version

    if not landlock_version() or namespaces_work(landlock_version()):
        pytest.skip("Landlock or namespaces are not here")
    return LandlockSandbox(env)


def _landlock_alone(env: dict[str, str]) -> Sandbox:
    from lsp_agent.sandbox.landlock import LandlockSandbox
    from lsp_agent.sandbox.launch.kernel import landlock_version

    if not landlock_version():
        pytest.skip("Landlock is not here")
    return LandlockSandbox(env, namespaces=False)


MAKERS: dict[str, Make] = {
    "landlock": _landlock,
    "landlock-alone": _landlock_alone,
    "bubblewrap": _bubblewrap,
}


@dataclass
class Cell:
    """A sandbox, a copy to run in, and what lies outside."""

    sandbox: Sandbox
    root: Path

    @property
    def folder(self) -> Path:
        return self.root / "copy"

    @property
    def place(self) -> Path:
        return self.root / "workspace"

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def outside(self) -> Path:
        return self.root / "outside"

    @property
    def namespaced(self) -> bool:
        return "place" in self.sandbox.abilities

    def command(self, code: str, *, limits: Limits = LIMITS, **more: Any) -> Command:
        """Return a Python program as a command; it knows the paths outside by name."""
        names = {"HOME_DIR": self.home, "OUTSIDE": self.outside, "PLACE": self.place}
        known = "".join(f"{name} = {str(path)!r}\n" for name, path in names.items())
        argv = (sys.executable, "-c", known + textwrap.dedent(code))
        return Command(argv, self.folder, self.place, limits=limits, **more)

    def run(self, code: str, *, limits: Limits = LIMITS, **more: Any) -> Outcome:
        return self.sandbox.run(self.command(code, limits=limits, **more), CancelToken())

    def shell(self, script: str) -> Outcome:
        command = Command(("/bin/sh", "-c", script), self.folder, self.place, limits=LIMITS)
        return self.sandbox.run(command, CancelToken())


@pytest.fixture(params=list(MAKERS))
def cell(request: pytest.FixtureRequest, tmp_path: Path) -> Cell:
    for name in ("copy", "workspace", "home", "outside"):
        (tmp_path / name).mkdir()
    ssh = tmp_path / "home" / ".ssh"
    ssh.mkdir()
    (ssh / "id_rsa").write_text(SECRET)
    (tmp_path / "outside" / "file.txt").write_text("untouched")
    (tmp_path / "copy" / "module.py").write_text("VALUE = 'copy'\n")
    (tmp_path / "workspace" / "module.py").write_text("VALUE = 'original'\n")
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path / "home"),
        "LANG": "C.UTF-8",
        "OPENAI_API_KEY": "sk-secret",
        "LD_PRELOAD": "/nowhere.so",
        "PYTHONPATH": "/nowhere",
        "GIT_DIR": "/nowhere",
    }
    return Cell(MAKERS[request.param](env), tmp_path)
