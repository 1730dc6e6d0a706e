"""Git answers a run without carrying out, fetching or following what a repository says."""

from __future__ import annotations

import sys

import pytest

from tests.redteam.arena import Arena
from tests.redteam.attack import Case, attack
from tests.redteam.cases import git

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="makes links and shell scripts")


@pytest.mark.parametrize("case", git.cases(), ids=lambda case: case.id)
def test_git_only_answers(arena: Arena, case: Case) -> None:
    after = attack(arena, case)
    assert len(after.results()) == len(case.calls)


def test_git_heeds_no_variable(arena: Arena, monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case("variables", git.ASKS, git.FILES, git=True, arrange=git._pointing(git._touched))
    for name, value in git.hostile_environment(arena).items():
        monkeypatch.setenv(name, value)
    after = attack(arena, case)
    assert "+x = 2" in after.said
