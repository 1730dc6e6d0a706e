"""Where the real language servers are; a missing one is a skip, or a failure where required."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (Path(sys.executable).parent, ROOT / ".servers" / "node_modules" / ".bin")


def search_path() -> str:
    """Return a PATH on which the servers are found."""
    return os.pathsep.join([*map(str, FOLDERS), os.environ.get("PATH", "")])


def need_server(program: str) -> None:
    """Skip the test without a program; ``REQUIRE_SERVERS`` makes that a failure."""
    if shutil.which(program, path=search_path()):
        return
    reason = f"there is no {program}; get it with: make develop servers"
    if os.environ.get("REQUIRE_SERVERS"):
        pytest.fail(reason)
    pytest.skip(reason)
