"""The kernel's limit of a tree, which holds root too."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lsp_agent.sandbox.groups import ControlGroups
from lsp_agent.sandbox.types import Limits

BOMB = """
import os, sys
failed = made = 0
while failed < 50:
    try:
        if os.fork() == 0:
            os.setsid()
            os.closerange(0, 3)
            os.execvp("sleep", ["sleep", "60"])
        made += 1
    except BlockingIOError:
        failed += 1
print(made, flush=True)
"""


@pytest.fixture
def groups() -> Iterator[ControlGroups]:
    made = ControlGroups.make(Limits(processes=20))
    if made is None:
        pytest.skip("this process may make no control groups")
    yield made
    made.close()


def test_no_more_processes_than_the_kernel_was_told(groups: ControlGroups) -> None:
    done = subprocess.run(
        groups.entering([sys.executable, "-c", BOMB]), stdout=subprocess.PIPE, text=True, check=True
    )
    assert 20 <= int(done.stdout) <= 40
    groups.close()
    assert not any(folder.exists() for folder in groups.folders)


def test_what_is_left_in_a_group_ends_with_it(groups: ControlGroups) -> None:
    words = groups.entering(["sh", "-c", "echo inside; exec sleep 60"])
    left = subprocess.Popen(words, start_new_session=True, stdout=subprocess.PIPE, text=True)
    assert left.stdout is not None
    assert left.stdout.readline() == "inside\n"
    groups.close()
    assert left.wait(10) == -9


def test_groups_of_dead_processes_are_swept(groups: ControlGroups) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    stale = [folder.with_name(f"lsp-agent-{dead.pid}-0") for folder in groups.folders]
    for folder in stale:
        folder.mkdir()
    another = ControlGroups.make(Limits())
    assert another is not None
    another.close()
    assert not any(folder.exists() for folder in stale)


def test_a_program_does_not_start_where_its_group_is_gone(tmp_path: Path) -> None:
    groups = ControlGroups([tmp_path / "none"])
    done = subprocess.run(
        groups.entering(["touch", str(tmp_path / "ran")]), capture_output=True, check=False
    )
    assert (done.returncode, list(tmp_path.iterdir())) == (126, [])
