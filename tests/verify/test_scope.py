"""Edits that reach beyond what their action is about."""

from __future__ import annotations

import pytest

from lsp_agent.verify.scope import Bounds, check_scope
from lsp_agent.workspace.overlay import FileChange
from lsp_agent.workspace.positions import Position, Range

BEFORE = """from a import (
    one,
)


def first():
    return 1


def second():
    return 2


def third():
    return 3
"""
SECOND = Range(Position(9, 0), Position(10, 12))


def change(after: str, before: str = BEFORE, path: str = "m.py") -> FileChange:
    return FileChange("modify", path, f"file:///{path}", before, after)


def detail(after: str, place: Range = SECOND, before: str = BEFORE) -> str:
    verdict = check_scope([change(after, before)], Bounds(None, "m.py", (place,)))
    assert verdict.ok is (verdict.detail == "only what may change")
    return "" if verdict.ok else verdict.detail


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return 2", "return 22"),
        ("    return 2", "    a = 1\n    b = 2\n    return a + b"),
        ("def second():\n    return 2", ""),
        ("    return 2\n", "    return 2\n\n\ndef helper():\n    return 4\n"),
        ("    one,\n", "    one,\n    two,\n"),
        ("from a import (\n    one,\n)\n", "import os\n"),
        ("from a import (", "import os\nfrom a import ("),
        ("from a import (", "if TYPE_CHECKING:\n    import os\nfrom a import ("),
        ("    return 1\n\n\n", "    return 1\n\n\n\n"),
    ],
)
def test_what_may_change(old: str, new: str) -> None:
    assert old in BEFORE
    assert detail(BEFORE.replace(old, new, 1)) == ""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("return 1", "return 11", "m.py:7: this line is changed or gone"),
        ("return 3", "return 33", "m.py:15: this line is changed or new"),
        ("def first():\n    return 1\n", "", "m.py:6: this line is changed or gone"),
        ("def first():", "X = 1\n\n\ndef first():", "m.py:6: this line is changed or new"),
        ("from a", "import os; print(1)\nfrom a", "m.py:1: this line is changed or new"),
    ],
)
def test_what_may_not(old: str, new: str, said: str) -> None:
    words = detail(BEFORE.replace(old, new, 1))
    assert words.startswith(said)
    assert "outside of lines 10 to 11 only imports may change | " in words


def test_a_place_that_ends_before_a_line_leaves_it_out() -> None:
    place = Range(Position(5, 0), Position(9, 0))
    assert detail(BEFORE.replace("return 1", "return 9"), place) == ""
    assert "m.py:10" in detail(BEFORE.replace("second", "other"), place)


def test_line_ends_are_no_difference() -> None:
    assert detail(BEFORE.replace("return 2", "return 4").rstrip("\n")) == ""


def test_files_out_of_scope_are_named() -> None:
    bounds = Bounds(frozenset({"m.py"}))
    assert check_scope([change("x = 1\n")], bounds).ok
    gone = FileChange("rename", "m.py", "file:///m.py", "", "", new_path="n.py")
    verdict = check_scope([gone, change("", path="o.py")], bounds)
    assert verdict.ok is False
    assert verdict.detail.splitlines() == [
        "n.py may not change here; what may: m.py",
        "o.py may not change here; what may: m.py",
    ]


def test_a_file_with_a_place_has_to_stay() -> None:
    gone = FileChange("delete", "m.py", "file:///m.py", BEFORE, None)
    verdict = check_scope([gone], Bounds(None, "m.py", (SECOND,)))
    assert "this delete was not asked for" in verdict.detail


def test_other_languages_know_their_imports() -> None:
    before = 'package main\n\nimport (\n\t"fmt"\n)\n\nfunc main() {\n\tfmt.Println(1)\n}\n'
    after = before.replace('\t"fmt"\n', '\t"fmt"\n\t"os"\n').replace("Println(1)", "Print(os.Args)")
    place = Range(Position(6, 0), Position(8, 1))
    one = FileChange("modify", "m.go", "file:///m.go", before, after)
    assert check_scope([one], Bounds(None, "m.go", (place,))).ok
