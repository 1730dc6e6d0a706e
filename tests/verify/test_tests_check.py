"""The tests that an edit concerns, run by real pytest in a copy without a sandbox."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from lsp_agent.cancel import CancelToken
from lsp_agent.index.build import BuildOptions, build
from lsp_agent.index.reader import IndexReader
from lsp_agent.index.view import FactsCache, IndexView
from lsp_agent.verify.affected import affected_tests, changed_names
from lsp_agent.verify.tests_check import check_tests
from lsp_agent.verify.types import Verdict
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.roots import Root
from tests.support.open_workshop import OpenWorkshop
from tests.verify.conftest import Bench

MONEY = """def rounded(amount):
    return round(amount, 2)


def tax(amount):
    return amount * 0.19
"""
CART = """from shop.money import rounded


def total(items):
    return rounded(sum(items))
"""
TEST_MONEY = """from shop.money import rounded, tax


def test_rounded():
    assert rounded(1.234) == 1.23


def test_tax():
    assert tax(100) == 20
"""
FILES = {
    "shop/__init__.py": "",
    "shop/money.py": MONEY,
    "shop/cart.py": CART,
    "shop/other.py": "def alone():\n    return 1\n",
    "tests/test_cart.py": (
        "from shop.cart import total\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n"
    ),
    "tests/test_money.py": TEST_MONEY,
    "tests/test_other.py": (
        "from shop.other import alone\n\n\ndef test_alone():\n    assert alone() == 1\n"
    ),
    "pyproject.toml": "[tool.pytest.ini_options]\npythonpath = ['.']\n",
}


@pytest.fixture
def shop(bench: Bench) -> Bench:
    bench.write(FILES)
    return bench


def indexed(bench: Bench, overlay: Overlay, tmp_path: Path) -> IndexView:
    path = tmp_path / "index.sqlite"
    build(Root(bench.folder), path, BuildOptions(processes=1), CancelToken())
    return IndexView(IndexReader(path), overlay, FactsCache())


def concerned(overlay: Overlay, view: IndexView | None = None, limit: int = 10) -> list[str]:
    return affected_tests(overlay, view, limit, lambda: None)


def run(
    bench: Bench, overlay: Overlay, tests: Sequence[str], tmp_path: Path, seconds: float = 60
) -> Verdict:
    workshop = OpenWorkshop(tmp_path / "copy")
    return check_tests(overlay, tests, workshop, bench.cancel, seconds)


def edit(bench: Bench, old: str, new: str, path: str = "shop/money.py") -> Overlay:
    overlay = bench.overlay()
    text = overlay.read(path)
    assert old in text
    overlay.write(path, text.replace(old, new))
    return overlay


def test_tests_are_found_by_imports_names_and_uses(shop: Bench, tmp_path: Path) -> None:
    overlay = edit(shop, "round(amount, 2)", "round(amount, 3)")
    assert changed_names(overlay.changes()) == ["rounded"]
    view = indexed(shop, overlay, tmp_path)
    assert concerned(overlay, view) == ["tests/test_money.py", "tests/test_cart.py"]
    assert concerned(overlay, view, limit=1) == ["tests/test_money.py"]
    # Without an index a name, or the same words, have to do.
    assert concerned(overlay) == ["tests/test_money.py"]


def test_a_changed_test_comes_first(shop: Bench, tmp_path: Path) -> None:
    overlay = edit(shop, "return 1", "return 2", "shop/other.py")
    overlay.write("tests/test_zero.py", "def test_zero():\n    pass\n")
    assert concerned(overlay, indexed(shop, overlay, tmp_path)) == [
        "tests/test_zero.py",
        "tests/test_other.py",
    ]
    overlay.delete("tests/test_zero.py")
    assert concerned(overlay) == ["tests/test_other.py"]


def test_of_a_long_file_only_the_tests_that_use_it(shop: Bench, tmp_path: Path) -> None:
    many = "".join(f"\n\ndef test_{n}():\n    assert {n} == {n}\n" for n in range(60))
    alone = "class TestAlone:\n    def test_it(self):\n        assert alone() == 1\n"
    shop.write({"tests/test_other.py": f"from shop.other import alone\n{many}\n\n{alone}"})
    overlay = edit(shop, "return 1", "return 2", "shop/other.py")
    tests = concerned(overlay, indexed(shop, overlay, tmp_path))
    assert tests == ["tests/test_other.py::TestAlone::test_it"]
    verdict = run(shop, overlay, tests, tmp_path)
    assert (verdict.ok, verdict.by) == (False, "1 test")


def test_other_languages_by_their_names(bench: Bench) -> None:
    bench.write(
        {
            "a/b.go": "package b\n", "a/c_test.go": "package b\n", "z/z_test.go": "package z\n",
            "src/menu.ts": "export const x = 1\n", "src/menu.test.ts": "", "src/other.test.ts": "",
        }
    )  # fmt: skip
    overlay = bench.overlay()
    overlay.write("a/b.go", "package b\n\nvar x = 1\n")
    assert concerned(overlay) == ["a/c_test.go"]
    overlay = bench.overlay()
    overlay.write("src/menu.ts", "export const x = 2\n")
    assert concerned(overlay) == ["src/menu.test.ts"]


def test_passing_tests_pass(shop: Bench, tmp_path: Path) -> None:
    overlay = edit(shop, "sum(items)", "sum(items) * 1.0", "shop/cart.py")
    verdict = run(shop, overlay, ["tests/test_cart.py", "tests/test_other.py"], tmp_path)
    assert verdict.ok is True
    assert verdict.by == "2 tests"
    assert verdict.detail == "tests/test_cart.py, tests/test_other.py: 2 passed (pytest)"
    assert verdict.seconds > 0


def test_only_what_the_edit_broke_counts(shop: Bench, tmp_path: Path) -> None:
    # test_tax fails before and after.
    overlay = edit(shop, "round(amount, 2)", "round(amount, 3)")
    verdict = run(shop, overlay, ["tests/test_money.py"], tmp_path)
    assert verdict.ok is False
    assert verdict.detail.splitlines() == [
        "tests/test_money.py::test_rounded failed: assert 1.234 == 1.23",
        "0 of the tests passed (pytest)",
    ]
    overlay = edit(shop, "round(amount, 2)", "round(amount * 1, 2)")
    verdict = run(shop, overlay, ["tests/test_money.py"], tmp_path)
    assert verdict.ok is True
    assert (
        verdict.detail == "tests/test_money.py: 1 passed; 1 failed that failed before the edit too"
    )


def test_a_new_test_that_fails_counts(shop: Bench, tmp_path: Path) -> None:
    overlay = shop.overlay()
    overlay.write("tests/test_new.py", "def test_it():\n    assert [1] == [2], 'x' * 900\n")
    verdict = run(shop, overlay, ["tests/test_new.py"], tmp_path)
    assert verdict.ok is False
    first = verdict.detail.splitlines()[0]
    assert first.startswith("tests/test_new.py::test_it failed: AssertionError: xxx")
    assert len(first) < 400


def test_code_that_can_not_be_imported_fails(shop: Bench, tmp_path: Path) -> None:
    overlay = edit(shop, "def rounded", "import missing_module\n\n\ndef rounded")
    verdict = run(shop, overlay, ["tests/test_money.py"], tmp_path)
    assert verdict.ok is False
    assert verdict.detail.startswith("tests/test_money.py failed")


def test_what_can_not_be_told_is_said(shop: Bench, tmp_path: Path) -> None:
    overlay = shop.overlay()
    overlay.write("tests/test_new.py", "import time\n\n\ndef test_it():\n    time.sleep(60)\n")
    slow = run(shop, overlay, ["tests/test_new.py"], tmp_path, seconds=2)
    assert slow.ok is None
    assert slow.detail == "not checked: tests/test_new.py took longer than 2 s"
    overlay.write("tests/test_new.py", "x = 1\n")
    empty = run(shop, overlay, ["tests/test_new.py"], tmp_path)
    assert (empty.ok, empty.detail) == (
        None,
        "not checked: there are no tests in tests/test_new.py",
    )
    unknown = run(shop, overlay, ["a_test.go"], tmp_path)
    assert unknown.ok is None
    assert "nothing is known that would run a_test.go" in unknown.detail


def test_a_runner_that_ends_well_and_says_of_no_test_that_it_passed(
    shop: Bench, tmp_path: Path
) -> None:
    overlay = shop.overlay()
    overlay.write("tests/conftest.py", "import os\n\nos._exit(0)\n")
    verdict = run(shop, overlay, ["tests/test_money.py"], tmp_path)
    assert verdict.ok is None
    assert verdict.detail == (
        "not checked: tests/test_money.py: pytest said of no test that it passed"
    )
