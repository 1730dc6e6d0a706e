"""No path that a model gives, however spelt, leads out of the workspace or into git's folder."""

from __future__ import annotations

import json
import sys

import pytest

from tests.redteam.arena import Arena
from tests.redteam.attack import Case, attack, by_command
from tests.redteam.cases import paths

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="makes links, pipes and sockets")

CASES = [
    *paths.spelling_cases(),
    *paths.git_folder_cases(),
    *paths.link_cases(),
    *paths.special_cases(),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_no_path_leads_out(arena: Arena, case: Case) -> None:
    before = arena.git_bytes() if case.git else {}
    after = attack(arena, case)
    assert not case.refused or after.status in {"answered", "no_change", "failed", "rejected"}
    if case.git:
        assert arena.git_bytes() == before or not before


@pytest.mark.parametrize("option", ["--json", "--apply", "--diff"])
def test_no_path_leads_out_by_command(arena: Arena, option: str) -> None:
    calls = [one for path in list(paths.SPELLINGS.values())[:-2] if "\ud800" not in path
             for one in paths.every_tool(path)[:4]]  # fmt: skip
    files = {**paths.INNER, "notes.md": "x"}
    links = {"lib": "../outside", "conf": "@HOME@"}
    calls += paths.every_tool("lib/app.py") + paths.every_tool("conf/.bashrc")
    status, after = by_command(arena, Case("all", calls, files, links), option)
    if option == "--json":
        assert len(after.results()) == len(calls)
        assert not [text for ok, text in after.results() if ok]
        assert "leaves the workspace" in json.dumps(after.events)
    assert status in (0, 1)
    assert (arena.work / "app.py").read_text() == paths.CODE
