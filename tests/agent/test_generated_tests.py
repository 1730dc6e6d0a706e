"""Tests that a scripted model writes, run by real runners in a copy without a sandbox."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from lsp_agent.actions.generate_tests import ACTION
from lsp_agent.actions.spec import Place
from lsp_agent.agent.types import RunRequest
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.verify.programs import Programs
from lsp_agent.workspace.positions import Position, Range
from tests.agent.conftest import Stage, calls, contents
from tests.support.open_workshop import OpenWorkshop
from tests.support.scripted_engine import Answer, ScriptedEngine

FEE = "def fee(age):\n    if age < 18:\n        return 0\n    return 12\n"
HEAD = "import unittest\n\nfrom shop.fee import fee\n\n\nclass FeeTest(unittest.TestCase):\n"
GOOD = (
    f"{HEAD}    def test_children(self):\n        self.assertEqual(fee(17), 0)\n\n"
    "    def test_the_others(self):\n        self.assertEqual(fee(18), 12)\n"
)
FAR = GOOD.replace("fee(17)", "fee(5)").replace("fee(18)", "fee(30)")
RUNS = "    def test_it_runs(self):\n        fee(3)\n"
IDLE = f"{HEAD}{RUNS}\n    def test_more(self):\n        fee(30)\n"
WRONG = GOOD.replace(", 12)", ", 13)")
QUICK = {"verify.lint": "false", "verify.tests_seconds": "600"}
LOCAL = {"kind": "llama-cpp", "native_tools": False, "grammar": True}


def block(code: str) -> str:
    return f"<<<code\n{code}>>>code"


def request(path: str, source: str, line: int = 0) -> RunRequest:
    at = Range(Position(line, 5), Position(line, 5))
    return ACTION.request(Place(path, SyntaxDocument.read(path, source), at), "")


@pytest.fixture
def shop(tmp_path: Path) -> Stage:
    stage = Stage(tmp_path / "ws")
    stage.file("shop/__init__.py", "")
    stage.file("shop/fee.py", FEE)
    stage.file("tests/__init__.py", "")
    stage.workshop = OpenWorkshop(tmp_path / "copy")
    stage.permits.trusted = True
    stage.programs = Programs(dict(os.environ), lambda _: True)
    return stage


def ask(stage: Stage, *answers: Answer, **agent: object) -> tuple[ScriptedEngine, object]:
    engine = ScriptedEngine(answers, **LOCAL)
    result = stage.run(engine, request("shop/fee.py", FEE), **{**QUICK, **agent})
    return engine, result


def verdicts(stage: Stage) -> list[tuple[str, bool, str]]:
    rows = [event.data for event in stage.of("verification")]
    return [(one["check"], one["ok"], one["detail"]) for one in rows]


def test_good_tests_pass_and_kill(shop: Stage) -> None:
    engine, result = ask(shop, block(GOOD))
    assert result.status == "edited"
    assert [(one.path, one.after) for one in result.changes] == [("tests/test_fee.py", GOOD)]
    assert result.summary == "tests of fee in tests/test_fee.py: 2 passed, killed 5 of 5 mutants"
    assert result.remark == ""
    said = verdicts(shop)
    assert ("tests", True, "tests/test_fee.py: 2 passed (unittest)") in said
    assert ("mutants", True, "killed 5 of 5") in said
    assert len(engine.requests) == 1
    asked = contents(engine)[1]
    assert "The tests go into tests/test_fee.py, and are run by unittest." in asked
    assert "The code's module is shop.fee." in asked


def test_tests_that_kill_nothing_go_back_with_the_survivors(shop: Stage) -> None:
    engine, result = ask(shop, block(IDLE), block(GOOD))
    assert result.summary.endswith("2 passed, killed 5 of 5 mutants")
    told = contents(engine)[-1]
    assert "The tests killed 0 of 5" in told
    assert "- line 2: `<` became `<=`" in told
    assert result.changes[0].after == GOOD


def test_tests_that_never_kill_anything_are_refused(shop: Stage) -> None:
    engine, result = ask(shop, block(IDLE), refine_passes=1)
    assert (result.status, result.changes) == ("rejected", ())
    assert "killed 0 of 5" in result.summary
    assert len(engine.requests) == 2
    _, offered = ask(shop, block(IDLE), refine_passes=0, **{"verify.failing": "refuse"})
    assert offered.status == "rejected"


def test_one_idle_test_is_named_and_the_rest_kept(shop: Stage) -> None:
    mixed = f"{FAR}\n{RUNS}"
    engine, result = ask(shop, block(mixed), refine_passes=1)
    assert "These fail on none, and prove nothing: FeeTest.test_it_runs" in contents(engine)[-1]
    assert result.status == "edited"
    assert result.changes[0].after == mixed
    assert result.summary.endswith("3 passed, killed 3 of 5 mutants")
    assert "no use: FeeTest.test_it_runs" in result.text
    assert "survived: line 2: `<` became `<=`, line 2: `18` became `19`" in result.text
    assert result.remark == ""


def test_a_failing_test_goes_back_with_its_reason(shop: Stage) -> None:
    engine, result = ask(shop, block(WRONG), block(GOOD))
    assert "test_the_others (tests.test_fee.FeeTest.test_the_others): " in contents(engine)[-1]
    assert "AssertionError: 12 != 13" in contents(engine)[-1]
    assert result.changes[0].after == GOOD
    assert result.remark == ""


def test_a_test_that_the_model_stands_by_is_offered_with_a_remark(shop: Stage) -> None:
    engine, result = ask(shop, block(WRONG))
    # The same answer twice: no third is asked for.
    assert len(engine.requests) == 2
    assert result.status == "edited"
    assert result.changes[0].after == WRONG
    assert "1 of 2 fails" in result.summary
    assert result.remark.startswith("not verified, it fails tests: test_the_others (tests.")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (HEAD.replace("from shop.fee import fee", "") + RUNS, "NameError"),
        (HEAD.replace("shop.fee", "nowhere") + RUNS, "nowhere"),
        (f"{HEAD}    def test_a(self:\n        pass\n", "syntax"),
        ("x = 1\n", "holds no test"),
    ],
)
def test_what_is_no_test_is_never_offered(shop: Stage, code: str, said: str) -> None:
    engine, result = ask(shop, block(code), refine_passes=1)
    assert (result.status, result.changes) == ("rejected", ())
    assert said in contents(engine)[-1]
    assert len(engine.requests) == 2


def test_prose_is_no_answer(shop: Stage) -> None:
    engine, result = ask(shop, "I would test the edges.", block(GOOD))
    assert "holds no block" in contents(engine)[-1]
    assert result.status == "edited"


def test_only_the_test_file_may_change(shop: Stage) -> None:
    worse = calls(
        ("edit_file", {"path": "shop/fee.py", "old_string": "return 12", "new_string": "return 0"})
    )
    better = calls(("write_file", {"path": "tests/test_fee.py", "content": GOOD}))
    engine, result = ask(shop, worse, better)
    assert "shop/fee.py may not change here" in contents(engine)[-1]
    assert [one.path for one in result.changes] == ["tests/test_fee.py"]
    assert result.summary.endswith("killed 5 of 5 mutants")


def test_new_tests_join_those_that_are_there(shop: Stage) -> None:
    old = HEAD.replace("Fee", "Old") + RUNS.replace("fee(3)", "assert fee(17) + fee(18) == 12")
    shop.file("tests/test_fee.py", old)
    engine, result = ask(shop, block(old), block(IDLE), block(GOOD))
    assert "The file tests/test_fee.py" in contents(engine)[1]
    # What the old test kills is not to the credit of the new ones.
    assert "The tests killed 0 of 5" in contents(engine)[-1]
    assert result.changes[0].after == f"{old}\n\n{GOOD[GOOD.index('class') :]}"


@pytest.mark.parametrize("code", ["def test_a(missing):\n    assert missing\n"])
def test_a_missing_fixture_is_the_test_s_own_fault(shop: Stage, code: str) -> None:
    shop.file("pytest.ini", "[pytest]\n")
    engine, result = ask(shop, block(code), refine_passes=0)
    assert (result.status, len(engine.requests)) == ("rejected", 1)
    assert "fixture 'missing' not found" in result.summary


def test_in_an_untrusted_folder_the_user_is_asked(shop: Stage) -> None:
    shop.permits.trusted = False
    shop.programs = Programs(dict(os.environ), lambda _: False)
    shop.allow = True
    _, result = ask(shop, block(GOOD))
    assert [one.tool for one in shop.questions] == ["run_tests"]
    assert "not trusted" in shop.questions[0].detail
    assert result.summary.endswith("killed 5 of 5 mutants")


def test_without_leave_the_tests_are_offered_as_not_run(shop: Stage) -> None:
    shop.permits.trusted = False
    shop.programs = Programs(dict(os.environ), lambda _: False)
    _, result = ask(shop, block(IDLE))
    assert result.status == "edited"
    assert result.summary.startswith(
        "tests of fee in tests/test_fee.py, not run: the folder is not trusted: lsp-agent trust"
    )
    assert shop.workshop.commands == []


@pytest.mark.parametrize("kind", ["nowhere", "held", "dry"])
def test_where_nothing_can_run_it_is_said(shop: Stage, tmp_path: Path, kind: str) -> None:
    reasons = {
        "nowhere": "there is nowhere to run it",
        "held": "no sandbox here holds its files and network",
        "dry": "this is a dry run",
    }
    shop.permits.dry_run = kind == "dry"
    if kind != "dry":
        empty = OpenWorkshop(tmp_path / "copy", frozenset())
        shop.workshop = empty if kind == "held" else None
    _, result = ask(shop, block(GOOD))
    assert result.status == "edited"
    assert result.summary.endswith(f"not run: {reasons[kind]}")
    assert ("tests", True, f"not run: {reasons[kind]}") in verdicts(shop)


def test_tests_that_do_not_end_go_back(shop: Stage) -> None:
    endless = f"{HEAD}    def test_a(self):\n        while True: pass\n"
    engine, result = ask(shop, block(endless), refine_passes=0, **{"verify.tests_seconds": 2})
    assert result.status == "rejected"
    assert "took longer than 2 s" in result.summary
    assert len(engine.requests) == 1


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_javascript_by_nodes_own_runner(shop: Stage) -> None:
    source = "exports.fee = function fee(age) {\n  return age < 18 ? 0 : 12;\n};\n"
    code = (
        'const test = require("node:test");\nconst assert = require("node:assert");\n'
        'const { fee } = require("./fee.js");\n\n'
        'test("children", () => assert.equal(fee(17), 0));\n'
        'test("the others", () => assert.equal(fee(18), 12));\n'
    )
    shop.file("web/fee.js", source)
    engine = ScriptedEngine([block(code)], **LOCAL)
    result = shop.run(engine, request("web/fee.js", source, 1), **QUICK)
    assert result.status == "edited", result.summary
    assert [one.path for one in result.changes] == ["web/fee.test.js"]
    assert "2 passed, killed 6 of 6 mutants" in result.summary
    assert "From there the code's file is ./fee.js." in contents(engine)[1]


@pytest.mark.parametrize(
    ("path", "source", "offered"),
    [
        ("a.py", FEE, ["Generate tests for fee"]),
        ("a.py", "class A:\n    def b(self): ...\n", ["Generate tests for A"]),
        ("test_a.py", FEE, []),
        ("a.py", "def test_it(): ...\n", []),
        ("a.py", "x = 1\n", []),
        ("a.md", "# Title\n", []),
        ("a.ts", "function f() {}\n", ["Generate tests for f"]),
    ],
)
def test_where_it_is_offered(path: str, source: str, offered: list[str]) -> None:
    at = Range(Position(0, 0), Position(0, 0))
    place = Place(path, SyntaxDocument.read(path, source), at)
    assert [one.title for one in ACTION.offers(place)] == offered
