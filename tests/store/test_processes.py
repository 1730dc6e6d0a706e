"""A process is told from one that had its number before."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from lsp_agent.store.processes import is_alive, this_process


def test_this_one_is_alive() -> None:
    assert is_alive(this_process())


def test_one_that_ended_is_not() -> None:
    code = "from lsp_agent.store.processes import this_process; print(this_process()); input()"
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    named = child.stdout.readline()
    assert is_alive(named)
    # Dead already, though nobody has asked for its status.
    child.kill()
    if sys.platform != "win32":
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert not is_alive(named)
    child.communicate()
    assert not is_alive(named)


@pytest.mark.parametrize(
    ("change", "alive"),
    [
        ({"started": "1"}, False),
        ({"started": ""}, False),
        ({"boot": "another"}, False),
        ({"space": "pid:[1]"}, True),
    ],
)
def test_the_same_number_is_not_enough(change: dict[str, str], alive: bool) -> None:
    assert is_alive(json.dumps({**json.loads(this_process()), **change})) is alive


@pytest.mark.parametrize("named", ["", "null", "[]", "{}", '{"pid": "x"}', "4711"])
def test_what_names_no_process_is_not_alive(named: str) -> None:
    assert not is_alive(named)
