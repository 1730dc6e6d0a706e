"""Edits that fail a check, on the command line."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint, call

UseRemote = Callable[..., None]
SOURCE = "def area(w, h):\n    return w * hh\n"
BAD = Reply(tool_calls=(call("edit_file", path="a.py", old_string="hh", new_string="hhh"),))
SAID = Reply(text="Mended.")
OFFER = '[agent]\nrefine_passes = 0\n[verify]\nfailing = "offer"\nlint_seconds = 60.0\n'


@pytest.fixture
def source(work: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folders = [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    monkeypatch.setenv("PATH", os.pathsep.join(folders))
    (work / "ruff.toml").write_text('lint.select = ["F"]\n')
    path = work / "a.py"
    path.write_text(SOURCE)
    return path


def test_a_diff_comes_with_a_remark(
    lsp_agent: Command, use_remote: UseRemote, source: Path
) -> None:
    with ScriptedEndpoint([BAD, SAID]) as endpoint:
        use_remote(endpoint.base_url, OFFER)
        done = lsp_agent("run", "mend it", "--diff")
    assert done.status == 0
    assert "+    return w * hhh" in done.out
    assert "warning: not verified, it fails lint: a.py:2:16: Undefined name `hhh`" in done.err


def test_apply_needs_a_word_that_nobody_can_give(
    lsp_agent: Command, use_remote: UseRemote, source: Path
) -> None:
    with ScriptedEndpoint([BAD, SAID]) as endpoint:
        use_remote(endpoint.base_url, OFFER)
        done = lsp_agent("run", "mend it", "--apply")
    assert (done.status, done.out) == (1, "")
    assert "not applied: not verified, it fails lint" in done.err
    assert source.read_text() == SOURCE


def test_events_tell_each_verdict(lsp_agent: Command, use_remote: UseRemote, source: Path) -> None:
    with ScriptedEndpoint([BAD, SAID]) as endpoint:
        use_remote(endpoint.base_url, OFFER)
        done = lsp_agent("run", "mend it", "--json")
    events = [json.loads(line) for line in done.out.splitlines()]
    said = {one["check"]: one["ok"] for one in events if one["type"] == "verification"}
    assert said == {"syntax": True, "format": True, "lint": False}
    assert events[-1]["status"] == "edited"
