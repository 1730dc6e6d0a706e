"""Tests generated from the command line, run in the real sandbox."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lsp_agent.config.model import SandboxSettings
from lsp_agent.sandbox.choose import find_sandbox
from tests.cli.conftest import Command
from tests.e2e.test_generate_tests import FEE, GOOD, WRONG, block
from tests.support.scripted_endpoint import ScriptedEndpoint

UseRemote = Callable[..., None]
QUICK = "[verify]\nlint = false\ndiagnostics = false\ntests_seconds = 600\n"


@pytest.fixture
def source(work: Path) -> Path:
    sandbox, remarks = find_sandbox(SandboxSettings(), os.environ)
    if sandbox is None:
        pytest.skip("; ".join(remarks))
    path = work / "fee.py"
    path.write_text(FEE)
    return path


def test_a_diff_and_what_the_tests_proved(
    lsp_agent: Command, use_remote: UseRemote, source: Path
) -> None:
    with ScriptedEndpoint([block(GOOD)]) as endpoint:
        use_remote(endpoint.base_url, QUICK)
        assert lsp_agent("trust", ".").status == 0
        done = lsp_agent("action", "generate_tests", "fee.py:1:5")
    assert done.status == 0, done.err
    assert "+++ b/tests/test_fee.py" in done.out
    assert "tests of fee in tests/test_fee.py: 2 passed, killed 5 of 5 mutants" in done.err
    assert not (source.parent / "tests").exists()


def test_untrusted_they_are_not_run_and_that_is_said(
    lsp_agent: Command, use_remote: UseRemote, source: Path
) -> None:
    with ScriptedEndpoint([block(GOOD)]) as endpoint:
        use_remote(endpoint.base_url, QUICK)
        done = lsp_agent("action", "generate_tests", "fee.py:1:5", "--apply")
    assert (done.status, done.out) == (0, "tests/test_fee.py\n"), done.err
    assert "not run: the folder is not trusted: lsp-agent trust" in done.err
    assert (source.parent / "tests" / "test_fee.py").read_text() == GOOD


def test_what_fails_is_shown_and_not_applied(
    lsp_agent: Command, use_remote: UseRemote, source: Path
) -> None:
    with ScriptedEndpoint([block(WRONG)]) as endpoint:
        use_remote(endpoint.base_url, QUICK)
        lsp_agent("trust", ".")
        done = lsp_agent("action", "generate_tests", "fee.py:1:5", "--json")
        applied = lsp_agent("action", "generate_tests", "fee.py:1:5", "--apply")
    rows = [json.loads(line) for line in done.out.splitlines()]
    tests = [one for one in rows if one["type"] == "verification" and one["check"] == "tests"]
    assert [one["ok"] for one in tests] == [False]
    assert "12 != 13" in tests[0]["detail"]
    assert rows[-1]["status"] == "edited"
    assert applied.status == 1
    assert "not applied: not verified, it fails tests" in applied.err
    assert not (source.parent / "tests").exists()
