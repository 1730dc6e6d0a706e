"""Runs whose edits are checked by scope, the project's ruff and its tests; what then fails."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from lsp_agent.agent.permits import Permits
from lsp_agent.agent.types import DiagnosticNote, Focus, RunRequest, RunResult
from lsp_agent.engine.types import Delta, Usage
from lsp_agent.verify.programs import Programs
from lsp_agent.workspace.positions import Position, Range
from tests.agent.conftest import Stage, calls, contents
from tests.support.open_workshop import OpenWorkshop
from tests.support.scripted_engine import ScriptedEngine

ENV = {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])}
TASK = RunRequest("do it", answer="any")
SOURCE = (
    "import os\n\n\ndef name(kind):\n    return os.name + kind\n\n\ndef other():\n    return 1\n"
)
TEST = "from a import other\n\n\ndef test_other():\n    assert other() == 1\n"
DIRECT = {"kind": "llama-cpp", "native_tools": False, "grammar": True, "n_params": 10_000}
NARROW = {**DIRECT, "model": "small.gguf", "jobs": ("fix",), "languages": ("python",)}


@pytest.fixture
def project(stage: Stage) -> Stage:
    stage.programs = Programs(ENV, lambda _: True)
    stage.file("ruff.toml", 'lint.select = ["F"]\n')
    stage.file("a.py", SOURCE)
    return stage


@pytest.fixture
def tested(project: Stage, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    project.file("test_a.py", TEST)
    project.workshop = OpenWorkshop(tmp_path_factory.mktemp("copy") / "ws")
    return project


def edit(old: str, new: str, path: str = "a.py") -> Any:
    return calls(("edit_file", {"path": path, "old_string": old, "new_string": new}))


def run(stage: Stage, *script: Any, request: RunRequest = TASK, **settings: Any) -> RunResult:
    return stage.run(ScriptedEngine(list(script)), request, refine_passes=1, **settings)


def verdicts(stage: Stage) -> list[tuple[str, bool]]:
    return [(one.data["check"], one.data["ok"]) for one in stage.of("verification")]


UNUSED = edit("    return os.name", "    left = 1\n    return os.name")
MEND = edit("    left = 1\n", "")


def test_what_the_linter_finds_goes_back_to_the_model(project: Stage) -> None:
    engine = ScriptedEngine([UNUSED, "done", MEND, edit("return 1", "return 2"), "now"])
    result = project.run(engine, TASK, refine_passes=1)
    assert result.status == "edited"
    assert verdicts(project) == [
        ("syntax", True),
        ("format", True),
        ("lint", False),
        ("syntax", True),
        ("format", True),
        ("lint", True),
    ]
    told = [one.content for one in engine.requests[2].prompt.messages][-1]
    assert told == (
        "The lint check failed:\na.py:5:5: Local variable `left` is assigned to but never used "
        "[ruff F841] | left = 1\nMend this."
    )
    assert [(one.check, one.ok, one.by) for one in result.verdicts] == [
        ("syntax", True, ""),
        ("format", True, "ruff"),
        ("lint", True, "ruff"),
    ]
    assert all(one.data["seconds"] >= 0 for one in project.of("verification"))


def test_the_formatter_mends_without_the_model(project: Stage) -> None:
    engine = ScriptedEngine([edit("os.name + kind", "kind+os.name"), "done"])
    result = project.run(engine, TASK)
    assert result.changes[0].after == SOURCE.replace("os.name + kind", "kind + os.name")
    assert len(engine.requests) == 2
    assert "put into the form of ruff" in project.of("verification")[1].data["detail"]


def test_linting_can_be_off(project: Stage) -> None:
    assert run(project, UNUSED, "done", **{"verify.lint": "false"}).status == "edited"
    assert verdicts(project) == [("syntax", True)]


def test_what_stays_wrong_is_refused(project: Stage) -> None:
    result = run(project, UNUSED, "done", "done")
    assert (result.status, result.changes, result.remark) == ("rejected", (), "")
    assert "The lint check failed" in result.summary
    assert [one.check for one in result.verdicts if one.ok is False] == ["lint"]


def test_or_offered_with_a_remark(project: Stage) -> None:
    result = run(project, UNUSED, "done", "done", **{"verify.failing": "offer"})
    assert result.status == "edited"
    assert "left = 1" in (result.changes[0].after or "")
    assert result.remark.startswith("not verified, it fails lint: a.py:5:5: Local variable `left`")
    assert result.summary == f"done ({result.remark})"
    assert project.events[-1].data["status"] == "edited"


def test_a_syntax_error_is_never_offered(project: Stage) -> None:
    bad = edit("return 1", "return (")
    assert run(project, bad, "done", "done", **{"verify.failing": "offer"}).status == "rejected"
    # But the attempt before it, which only the linter objects to, is.
    script = (UNUSED, "done", bad, "done")
    result = run(project, *script, **{"verify.failing": "offer"})
    assert result.status == "edited"
    assert "left = 1" in (result.changes[0].after or "")
    assert "return (" not in (result.changes[0].after or "")
    assert [one.check for one in result.verdicts if one.ok is False] == ["lint"]


def test_a_later_good_edit_needs_no_remark(project: Stage) -> None:
    script = (UNUSED, "done", edit("left = 1", "os.environ"), "now")
    result = run(project, *script, **{"verify.failing": "offer"})
    assert (result.status, result.remark) == ("edited", "")


def test_approval_shows_what_fails(project: Stage) -> None:
    project.allow = True
    settings = {"verify.failing": "offer", "safety.approve": "always"}
    assert run(project, UNUSED, "done", "done", **settings).status == "edited"
    assert project.questions[-1].detail.startswith("not verified, it fails lint")


def test_an_edit_outside_of_its_target_goes_back(project: Stage) -> None:
    focus = Focus("a.py", Range(Position(4, 4), Position(4, 4)))
    target = Range(Position(3, 0), Position(4, 25))
    request = RunRequest("t", focus, target, frozenset({"a.py"}), answer="edit")
    stray, back = edit("return 1", "return 2"), edit("return 2", "return 1")
    inside = edit("os.name + kind", "kind + os.name")
    result = run(project, stray, inside, "done", back, "now", request=request)
    assert result.status == "edited"
    assert verdicts(project)[:2] == [("scope", False), ("scope", True)]
    assert project.of("verification")[0].data["detail"] == (
        "a.py:9: this line is changed or new, but outside of lines 4 to 5 only imports may change "
        "| return 2"
    )
    offered = run(project, stray, "done", "done", request=request, **{"verify.failing": "offer"})
    assert offered.status == "rejected"


@pytest.mark.skipif(sys.platform == "win32", reason="needs rights for links")
def test_scope_knows_a_file_behind_a_link(project: Stage) -> None:
    (project.folder / "b.py").symlink_to("a.py")
    request = RunRequest("t", Focus("b.py"), scope=frozenset({"b.py"}), answer="edit")
    result = run(project, edit("return 1", "return 2", "b.py"), "done", request=request)
    assert (result.status, verdicts(project)[0]) == ("edited", ("scope", True))


BREAK = edit("return 1", "return 2")
REPAIR = edit("return 2", "return 3 - 2")


def test_failing_tests_go_back_to_the_model(tested: Stage) -> None:
    engine = ScriptedEngine([BREAK, "done", REPAIR, "now"])
    result = tested.run(engine, TASK, refine_passes=1)
    assert result.status == "edited"
    assert [one for one in verdicts(tested) if one[0] == "tests"] == [
        ("tests", False),
        ("tests", True),
    ]
    told = [one.content for one in engine.requests[2].prompt.messages][-1]
    assert "The tests check failed:\ntest_a.py::test_other failed: assert 2 == 1" in told
    assert result.verdicts[-1].by == "1 test"


@pytest.mark.parametrize(
    ("tests", "trusted", "abilities", "said"),
    [
        ("off", True, {"files", "network"}, None),
        ("auto", True, {"files"}, "no sandbox here holds its network"),
        ("auto", False, {"files", "network"}, "the folder is not trusted: lsp-agent trust"),
        ("always", False, set(), "test_a.py::test_other failed"),
    ],
)
def test_when_tests_run(
    tested: Stage, tests: str, trusted: bool, abilities: set[Any], said: str | None
) -> None:
    tested.programs = Programs(ENV, lambda _: trusted)
    assert isinstance(tested.workshop, OpenWorkshop)
    tested.workshop.abilities = frozenset(abilities)
    run(tested, BREAK, "done", "done", **{"verify.tests": tests})
    details = [one.data for one in tested.of("verification") if one.data["check"] == "tests"]
    assert bool(tested.workshop.commands) is (tests == "always")
    if said is None:
        assert details == []
    else:
        assert said in details[0]["detail"]
        assert details[0]["ok"] is (tests != "always")
        assert details[0]["detail"].startswith("not checked: ") is (tests != "always")


def test_always_says_so_where_nothing_can_run(tested: Stage) -> None:
    tested.workshop = None
    assert run(tested, BREAK, "done", **{"verify.tests": "always"}).status == "edited"
    last = tested.of("verification")[-1].data
    assert (last["check"], last["ok"]) == ("tests", True)
    assert last["detail"] == "not checked: test_a.py: there is nowhere to run it"


def test_a_dry_run_runs_no_tests(tested: Stage) -> None:
    tested.permits = Permits(dry_run=True)
    assert run(tested, BREAK, "done", **{"verify.tests": "always"}).status == "edited"
    assert tested.of("verification")[-1].data["detail"].endswith("this is a dry run")


def test_cancelling_ends_the_tests(tested: Stage) -> None:
    tested.file("test_a.py", TEST + "\n\nimport time\n\ntime.sleep(60)\n")
    workshop = tested.workshop
    assert isinstance(workshop, OpenWorkshop)

    class Cancelling(OpenWorkshop):
        def _copy(self, overlay: Any) -> None:
            super()._copy(overlay)
            tested.cancel.cancel()

    tested.workshop = Cancelling(workshop._folder)
    assert run(tested, BREAK, "done").status == "cancelled"


def test_a_direct_answer_is_linted_and_offered(project: Stage) -> None:
    at = Range(Position(4, 4), Position(4, 4))
    request = RunRequest("Fix it.", Focus("a.py", at), answer="edit")
    bad = "<<<code\ndef name(kind):\n    left = 1\n    return os.name + kind\n>>>code"
    engine = ScriptedEngine([bad], **DIRECT)
    assert project.run(engine, request, refine_passes=1).status == "rejected"
    assert "The lint check failed:\na.py:5:5:" in contents(engine)[-1]
    engine = ScriptedEngine([bad], **DIRECT)
    result = project.run(engine, request, refine_passes=1, **{"verify.failing": "offer"})
    assert (result.status, bool(result.remark)) == ("edited", True)
    # What was cut off is wrong in another way, and never offered.
    cut = Delta(text=bad.partition("\n>>>")[0], finish="length", usage=Usage())
    engine = ScriptedEngine([cut], **DIRECT)
    result = project.run(engine, request, refine_passes=1, **{"verify.failing": "offer"})
    assert result.status == "rejected"


def test_a_narrow_model_is_held_to_the_same_checks(project: Stage) -> None:
    source = "def total(items, other):\n    return sum(itms) + len(other)\n"
    project.file("a.py", source)
    at = Range(Position(1, 4), Position(1, 4))
    note = DiagnosticNote(at, "Undefined name `itms`")
    target = Range(Position(0, 0), Position(1, 33))
    request = RunRequest(
        "fix", Focus("a.py", at, (note,)), target, frozenset({"a.py"}), "edit", "changes", "fix"
    )
    answers = ["2|    return sum(items) + len(itmes)", "2|    return sum(items)+len(other)"]
    engine = ScriptedEngine(answers, **NARROW)
    result = project.run(engine, request)
    assert result.status == "edited"
    assert result.changes[0].after == source.replace("itms", "items")
    assert verdicts(project)[-4:] == [
        ("scope", True),
        ("syntax", True),
        ("format", True),
        ("lint", True),
    ]
