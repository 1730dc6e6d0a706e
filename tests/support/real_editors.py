"""Where the real editors are; what is missing is a skip, or a failure where they are required."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FETCHED = ROOT / ".editors" / "bin"


def find_editor(name: str, oldest: tuple[int, int]) -> str:
    """Return the program of an editor that is new enough; skip the test without one.

    ``REQUIRE_EDITORS`` makes a missing editor a failure instead.
    """
    for program in (str(FETCHED / name), shutil.which(name)):
        if program and Path(program).exists() and _version(program) >= oldest:
            return program
    reason = f"there is no {name} {oldest[0]}.{oldest[1]} or newer; get it with: make editors"
    if os.environ.get("REQUIRE_EDITORS"):
        pytest.fail(reason)
    pytest.skip(reason)


def _version(program: str) -> tuple[int, int]:
    done = subprocess.run(
        [program, "--version"], check=False, capture_output=True, text=True, timeout=30
    )
    match = re.search(r"(\d+)\.(\d+)", done.stdout)
    return (int(match[1]), int(match[2])) if match else (0, 0)
