"""Tests that are run on mutants, by real runners in a copy without a sandbox."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lsp_agent.cancel import CancelToken
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.mutants import Mutant, mutants
from lsp_agent.verify.mutation import NamedTests, Trial, try_mutants
from lsp_agent.verify.outcomes import TestsRun, run_tests
from lsp_agent.workspace.overlay import Overlay
from tests.support.open_workshop import OpenWorkshop
from tests.verify.conftest import Bench

FEE = """def fee(age):
    if age < 18:
        return 0
    return 12
"""
GOOD = """from fee import fee


def test_children():
    assert fee(17) == 0


def test_the_others():
    assert fee(18) == 12
"""
IDLE = """

def test_it_runs():
    fee(30)
"""
FEE_JS = "exports.fee = function fee(age) {\n  if (age < 18) { return 0; }\n  return 12;\n};\n"
GOOD_JS = """const test = require("node:test");
const assert = require("node:assert");
const { fee } = require("./fee.js");

test("children pay nothing", () => assert.equal(fee(17), 0));
test("the others pay", () => assert.equal(fee(18), 12));
test("it runs", () => fee(30));
"""


def faults(overlay: Overlay, path: str) -> list[Mutant]:
    document = SyntaxDocument.read(path, overlay.read(path))
    return mutants(document, document.text.full_range, 20)


def trial(
    bench: Bench, tmp_path: Path, path: str, tests: NamedTests, seconds: float = 60
) -> tuple[TestsRun, Trial]:
    overlay, workshop = bench.overlay(), OpenWorkshop(tmp_path / "copy")
    before = overlay.snapshot()
    run = run_tests(overlay, [tests.path], workshop, CancelToken(), 60)
    assert run.runner is not None
    assert run.good, run.output
    found = try_mutants(
        overlay, path, faults(overlay, path), tests, run.runner, workshop, CancelToken(),
        seconds, run.seconds,
    )  # fmt: skip
    assert overlay.snapshot() == before
    return run, found


def test_good_tests_kill_all(bench: Bench, tmp_path: Path) -> None:
    bench.write({"fee.py": FEE, "test_fee.py": GOOD + IDLE})
    tests = NamedTests("test_fee.py", ("test_children", "test_the_others", "test_it_runs"))
    run, found = trial(bench, tmp_path, "fee.py", tests)
    assert run.passed == 3
    # The boundary, the negation and three numbers.
    assert (found.killed, found.survived) == (5, ())
    assert found.idle == ("test_it_runs",)
    assert found.said == "killed 5 of 5"


def test_what_survives_is_named(bench: Bench, tmp_path: Path) -> None:
    bench.write({"fee.py": FEE, "test_fee.py": GOOD.replace("fee(17)", "fee(5)")})
    tests = NamedTests("test_fee.py", ("test_children",))
    _, found = trial(bench, tmp_path, "fee.py", tests)
    assert found.killed == 2
    assert found.said == (
        "killed 2 of 5; survived: line 2: `<` became `<=`, line 2: `18` became `19`, "
        "line 4: `12` became `13`"
    )


def test_a_mutant_that_does_not_end_is_killed(bench: Bench, tmp_path: Path) -> None:
    loop = "def count(n):\n    while n > 0:\n        n -= 1\n    return n\n"
    test = "from m import count\n\n\ndef test_count():\n    assert count(3) == 0\n"
    bench.write({"m.py": loop, "test_m.py": test})
    overlay, workshop = bench.overlay(), OpenWorkshop(tmp_path / "copy")
    run = run_tests(overlay, ["test_m.py"], workshop, CancelToken(), 60)
    assert run.runner is not None
    (endless,) = [one for one in faults(overlay, "m.py") if one.edit.new_text == "+="]
    found = try_mutants(
        overlay, "m.py", [endless], NamedTests("test_m.py", ("test_count",)), run.runner,
        workshop, CancelToken(), 60, 0.1,
    )  # fmt: skip
    assert (found.killed, found.idle) == (1, ())


def test_time_is_bounded_and_the_rest_is_said(bench: Bench, tmp_path: Path) -> None:
    bench.write({"fee.py": FEE, "test_fee.py": GOOD})
    _, found = trial(bench, tmp_path, "fee.py", NamedTests("test_fee.py", ()), seconds=0)
    assert (found.killed, found.survived, found.untried) == (0, (), 5)
    assert found.said == "killed 0 of 0; 5 more had no time"


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_nodes_own_runner(bench: Bench, tmp_path: Path) -> None:
    bench.write({"fee.js": FEE_JS, "fee.test.js": GOOD_JS})
    tests = NamedTests("fee.test.js", ("children pay nothing", "the others pay", "it runs"))
    run, found = trial(bench, tmp_path, "fee.js", tests)
    assert run.runner is not None
    assert (run.runner.name, run.passed) == ("node", 3)
    assert (found.killed, found.survived) == (5, ())
    assert found.idle == ("it runs",)


def test_what_a_run_of_tests_says(bench: Bench, tmp_path: Path) -> None:
    bench.write(
        {"fee.py": FEE, "test_fee.py": GOOD.replace("== 12", "== 13"), "test_none.py": "x = 1\n"}
    )
    overlay, workshop = bench.overlay(), OpenWorkshop(tmp_path / "copy")
    run = run_tests(overlay, ["test_fee.py"], workshop, CancelToken(), 60)
    assert (run.good, run.passed) == (False, 1)
    assert run.failed == {"test_fee.py::test_the_others": "assert 12 == 13"}
    unknown = run_tests(overlay, ["a.rb"], workshop, CancelToken(), 60)
    assert (unknown.good, unknown.reason) == (None, "nothing is known that would run a.rb")
    bench.write({"pytest.ini": "[pytest]\n"})
    none = run_tests(bench.overlay(), ["test_none.py"], workshop, CancelToken(), 60)
    assert (none.good, none.reason) == (None, "pytest finds no tests in test_none.py")
