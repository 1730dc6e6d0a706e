"""Failing tests that a scripted model mends the code of; run in a copy without a sandbox."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from lsp_agent.actions.fix_test import ACTION
from lsp_agent.actions.spec import Place
from lsp_agent.agent.types import DiagnosticNote, RunRequest, RunResult
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.verify.programs import Programs
from lsp_agent.workspace.positions import Position, Range
from lsp_agent.workspace.text import Text
from tests.agent.conftest import Stage, calls, contents
from tests.support.open_workshop import OpenWorkshop
from tests.support.scripted_engine import Answer, ScriptedEngine

FEE = "def fee(age):\n    if age <= 18:\n        return 0\n    return 12\n"
MENDED = FEE.replace("<=", "<")
TEST = (
    "import unittest\n\nfrom shop.fee import fee\n\n\nclass FeeTest(unittest.TestCase):\n"
    "    def test_children(self):\n        self.assertEqual(fee(17), 0)\n\n"
    "    def test_the_others(self):\n        self.assertEqual(fee(18), 12)\n"
)
BROKEN_ELSEWHERE = "def fee(age):\n    return 12\n"
LOCAL = {"kind": "llama-cpp", "native_tools": False, "grammar": True, "n_params": 10_000}
DONE = "The boundary was wrong."


def block(code: str) -> str:
    return f"<<<code\n{code}>>>code"


def edit(path: str, old: str, new: str) -> Answer:
    return calls(("edit_file", {"path": path, "old_string": old, "new_string": new}))


def place(source: str, needle: str, path: str = "tests/test_fee.py", *notes: str) -> Place:
    at = Text(source).position(source.index(needle))
    marks = tuple(DiagnosticNote(Range(at, at), note) for note in notes)
    return Place(path, SyntaxDocument.read(path, source), Range(at, at), marks)


def request(instruction: str = "") -> RunRequest:
    return ACTION.request(place(TEST, "test_the_others"), instruction)


@pytest.fixture
def shop(tmp_path: Path) -> Stage:
    stage = Stage(tmp_path / "ws")
    stage.file("shop/__init__.py", "")
    stage.file("shop/fee.py", FEE)
    stage.file("tests/test_fee.py", TEST)
    stage.file("tests/__init__.py", "")
    stage.workshop = OpenWorkshop(tmp_path / "copy")
    stage.permits.trusted = True
    stage.programs = Programs(dict(os.environ), lambda _: True)
    return stage


def run(stage: Stage, engine: ScriptedEngine, asked: RunRequest, **agent: object) -> RunResult:
    return stage.run(
        engine, asked, **{"verify.lint": "false", "verify.tests_seconds": "600", **agent}
    )


def test_a_small_model_is_shown_the_code_and_the_failure(shop: Stage) -> None:
    engine = ScriptedEngine([block(MENDED)], **LOCAL)
    result = run(shop, engine, request())
    assert result.status == "edited", result.summary
    assert [(one.path, one.after) for one in result.changes] == [("shop/fee.py", MENDED)]
    assert result.summary == "FeeTest.test_the_others passes now"
    asked = contents(engine)[1]
    assert "The piece of shop/fee.py to rewrite:" in asked
    assert "AssertionError: 0 != 12" in asked
    said = [(one.check, one.ok, one.detail) for one in result.verdicts if one.check == "tests"]
    assert said == [
        ("tests", True, "FeeTest.test_the_others passes now"),
        ("tests", True, "tests/test_fee.py: 2 passed (unittest)"),
    ]


def test_a_large_model_edits_with_tools(shop: Stage) -> None:
    engine = ScriptedEngine([edit("shop/fee.py", "<=", "<"), DONE])
    result = run(shop, engine, request())
    assert (result.status, result.summary) == ("edited", DONE)
    assert result.changes[0].after == MENDED
    assert "The file shop/fee.py" in contents(engine)[1]


def test_what_does_not_help_goes_back(shop: Stage) -> None:
    worse = FEE.replace("18", "19")
    engine = ScriptedEngine([block(worse), block(MENDED)], **LOCAL)
    result = run(shop, engine, request())
    assert "test_the_others still fails" in contents(engine)[-1]
    assert result.changes[0].after == MENDED


def test_what_breaks_another_test_goes_back(shop: Stage) -> None:
    engine = ScriptedEngine([block(BROKEN_ELSEWHERE), block(MENDED)], **LOCAL)
    result = run(shop, engine, request())
    assert "test_children (tests.test_fee.FeeTest.test_children) failed" in contents(engine)[-1]
    assert result.changes[0].after == MENDED


def test_nothing_that_fails_is_offered(shop: Stage) -> None:
    engine = ScriptedEngine([block(BROKEN_ELSEWHERE)], **LOCAL)
    result = run(shop, engine, request(), refine_passes=1)
    assert (result.status, result.changes) == ("rejected", ())
    assert "FeeTest.test_children) failed" in result.summary


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("tests/test_fee.py", "fee(18), 12", "fee(19), 12"),
        ("tests/test_fee.py", "fee(17), 0", "fee(16), 0"),
        ("tests/conftest.py", "", ""),
    ],
)
def test_the_tests_stay_as_they_are(shop: Stage, path: str, old: str, new: str) -> None:
    if path.endswith("conftest.py"):
        cheat = calls(("write_file", {"path": path, "content": "collect_ignore = ['x']\n"}))
    else:
        cheat = edit(path, old, new)
    undone = calls(("write_file", {"path": "tests/test_fee.py", "content": TEST}))
    engine = ScriptedEngine([cheat, DONE, undone, DONE])
    result = run(shop, engine, request(), refine_passes=0)
    assert result.status == "rejected"
    assert f"{path} may not change" in result.summary


def test_unless_the_user_says_so(shop: Stage) -> None:
    asked = request("Correct the test: adults begin at 19.")
    answer = "def test_the_others(self):\n    self.assertEqual(fee(19), 12)\n"
    engine = ScriptedEngine([block(answer)], **LOCAL)
    result = run(shop, engine, asked)
    assert result.status == "edited", result.summary
    assert result.changes[0].path == "tests/test_fee.py"
    assert "self.assertEqual(fee(19), 12)" in (result.changes[0].after or "")
    assert "fee(17), 0" in (result.changes[0].after or "")


def test_the_example(shop: Stage) -> None:
    before = ACTION.example.before.replace("$0", "")
    shop.file("a.py", before)
    asked = ACTION.request(place(before, "assert", "a.py"), "")
    code = ACTION.example.after.partition("\n\n\n")[0] + "\n"
    result = run(shop, ScriptedEngine([block(code)], **LOCAL), asked)
    assert result.status == "edited", result.summary
    assert result.changes[0].after == ACTION.example.after


def test_a_test_beside_its_code_stays_too(shop: Stage) -> None:
    before = ACTION.example.before.replace("$0", "")
    shop.file("a.py", before)
    asked = ACTION.request(place(before, "assert", "a.py"), "")
    engine = ScriptedEngine([edit("a.py", "fee(18) == 12", "fee(18) == 0"), DONE])
    result = run(shop, engine, asked, refine_passes=0)
    assert result.status == "rejected"
    assert "test_fee may not change" in result.summary


def test_a_test_that_passes_needs_nothing(shop: Stage) -> None:
    shop.file("shop/fee.py", MENDED)
    engine = ScriptedEngine([DONE])
    result = run(shop, engine, request())
    assert (result.status, engine.requests) == ("no_change", [])
    assert result.summary == "FeeTest.test_the_others passes: there is nothing to fix"


def test_without_leave_nothing_is_run_or_asked(shop: Stage) -> None:
    shop.permits.trusted = False
    shop.programs = Programs(dict(os.environ), lambda _: False)
    engine = ScriptedEngine([DONE])
    result = run(shop, engine, request())
    assert (result.status, engine.requests) == ("failed", [])
    assert "FeeTest.test_the_others can't be run: the folder is not trusted" in result.summary


def test_a_traceback_leads_to_the_code(shop: Stage) -> None:
    shop.file("shop/deep.py", "def half(n):\n    return n / 0\n\n\ndef other():\n    return 1\n")
    shop.file("shop/fee.py", "from shop.deep import half\n\n\ndef fee(age):\n    return half(24)\n")
    good = "def half(n):\n    return n / 2\n"
    engine = ScriptedEngine([block(good)], **LOCAL)
    result = run(shop, engine, request())
    assert "The piece of shop/deep.py to rewrite:\n<<<code\ndef half(n):" in contents(engine)[1]
    assert result.status == "edited"


@pytest.mark.parametrize("able", [True, False])
def test_whether_tools_may_be_used_is_said_by_the_self_test_too(shop: Stage, *, able: bool) -> None:
    shop.calls_tools = lambda _info: able
    shop.file("rates.json", '{"from": 19}\n')
    source = (
        "import pathlib\nimport unittest\n\n\nclass RatesTest(unittest.TestCase):\n"
        "    def test_rates(self):\n"
        '        self.assertIn("18", pathlib.Path("rates.json").read_text())\n'
    )
    shop.file("tests/test_rates.py", source)
    asked = ACTION.request(place(source, "self.assertIn", "tests/test_rates.py"), "")
    engine = ScriptedEngine(
        [edit("rates.json", "19", "18"), DONE], kind="llama-cpp", n_params=1_500_000_000
    )
    result = run(shop, engine, asked)
    if able:
        assert (result.status, result.summary) == ("edited", DONE)
    else:
        assert (result.status, engine.requests) == ("failed", [])
        assert "nothing shows what code RatesTest.test_rates is about" in result.summary


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_javascript_by_nodes_own_runner(shop: Stage) -> None:
    source = "exports.fee = function fee(age) {\n  return age <= 18 ? 0 : 12;\n};\n"
    test = (
        'const test = require("node:test");\nconst assert = require("node:assert");\n'
        'const { fee } = require("./fee.js");\n\n'
        'test("children", () => assert.equal(fee(17), 0));\n'
        'test("the others", () => assert.equal(fee(18), 12));\n'
    )
    shop.file("web/fee.js", source)
    shop.file("web/fee.test.js", test)
    asked = ACTION.request(place(test, '"the others"', "web/fee.test.js"), "")
    assert asked.argument == "web/fee.test.js::the others"
    engine = ScriptedEngine([edit("web/fee.js", "<=", "<"), DONE])
    result = run(shop, engine, asked)
    assert result.status == "edited", result.summary
    assert "The file web/fee.js" in contents(engine)[1]


@pytest.mark.parametrize(
    ("source", "needle", "path", "notes", "offered"),
    [
        (TEST, "fee(18)", "tests/test_fee.py", [], ["tests/test_fee.py::FeeTest.test_the_others"]),
        (TEST, "import", "tests/test_fee.py", [], []),
        (FEE, "return", "shop/fee.py", [], []),
        (FEE, "return", "shop/fee.py", ["FAILED tests/test_a.py::TestA::test_b - assert 1 == 2"],
            ["tests/test_a.py::TestA.test_b"]),
        ("class TestA:\n    def test_b(self):\n        pass\n", "pass", "a.py", [],
            ["a.py::TestA.test_b"]),
        ('describe("a", () => {\n  it("b", () => { f(); });\n});\n', "f()", "a.test.ts", [],
            ["a.test.ts::a > b"]),
        ('test("b", () => { f(); });\n', "f()", "a.ts", [], []),
    ],
)  # fmt: skip
def test_where_it_is_offered(
    source: str, needle: str, path: str, notes: list[str], offered: list[str]
) -> None:
    found = ACTION.offers(place(source, needle, path, *notes))
    assert [one.argument for one in found] == offered
    for one in found:
        asked = ACTION.request(place(source, needle, path, *notes), one.argument)
        assert (asked.argument, asked.target, asked.scope) == (one.argument, None, None)


def test_an_instruction_keeps_the_test_unless_it_speaks_of_it() -> None:
    kept = request("Do not touch the constants.")
    assert (kept.argument, kept.target) == ("tests/test_fee.py::FeeTest.test_the_others", None)
    changed = request("update this test")
    assert changed.target == Range(Position(9, 4), Position(10, 37))
