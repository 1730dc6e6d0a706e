"""Tests put into the file where they belong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.agent.forms.spec import AnswerError
from lsp_agent.agent.written_tests import add_tests, names_of_tests

BEFORE = """import pytest
from shop import total


def test_total():
    assert total([1]) == 1
"""
NEW = """from shop import total
from shop import tax


def test_tax():
    assert tax(1) == 0.19
"""


def test_a_new_file_is_the_answer() -> None:
    assert add_tests("test_a.py", None, f"\n{NEW}\n\n") == NEW
    assert add_tests("test_a.py", "\n", NEW) == NEW


def test_new_tests_stand_last_and_their_imports_first() -> None:
    assert add_tests("test_a.py", BEFORE, NEW) == (
        "import pytest\nfrom shop import total\nfrom shop import tax\n\n\n"
        "def test_total():\n    assert total([1]) == 1\n\n\n"
        "def test_tax():\n    assert tax(1) == 0.19\n"
    )


def test_what_runs_a_file_stays_last() -> None:
    before = f"{BEFORE}\n\nif __name__ == '__main__':\n    pytest.main()\n"
    after = add_tests("test_a.py", before, NEW)
    assert after.endswith("== 0.19\n\n\nif __name__ == '__main__':\n    pytest.main()\n")


def test_line_ends_stay() -> None:
    after = add_tests("test_a.py", BEFORE.replace("\n", "\r\n"), NEW)
    assert after == add_tests("test_a.py", BEFORE, NEW).replace("\n", "\r\n")


def test_an_answer_with_the_whole_file_takes_its_place() -> None:
    whole = add_tests("test_a.py", BEFORE, NEW)
    assert add_tests("test_a.py", BEFORE, whole) == whole


def test_javascript_and_go() -> None:
    before = 'const test = require("node:test");\n\ntest("a", () => {\n  check(1);\n});\n'
    code = (
        'const test = require("node:test");\nconst { b } = require("./b");\n\n'
        'test("b", () => {\n  b(1);\n});\n'
    )
    assert add_tests("a.test.js", before, code) == (
        'const test = require("node:test");\nconst { b } = require("./b");\n\n'
        'test("a", () => {\n  check(1);\n});\n\ntest("b", () => {\n  b(1);\n});\n'
    )
    go = 'package a\n\nimport "testing"\n\nfunc TestA(t *testing.T) {\n}\n'
    assert add_tests("a_test.go", go, go.replace("TestA", "TestB")) == (
        f"{go}\nfunc TestB(t *testing.T) {{\n}}\n"
    )


@pytest.mark.parametrize(
    ("before", "code", "said"),
    [
        (None, "x = 1\n", "no test that could stand in test_a.py"),
        (None, "", "no test"),
        (BEFORE, "def test_total():\n    pass\n", "has a test named test_total already"),
        (
            "class TestA:\n    def test_b(self): ...\n",
            "class TestA:\n    def test_c(self): ...\n",
            "defines TestA already",
        ),
    ],
)
def test_what_can_not_be_put_there(before: str | None, code: str, said: str) -> None:
    with pytest.raises(AnswerError, match=said):
        add_tests("test_a.py", before, code)


def test_names_are_those_of_tests_alone() -> None:
    source = (
        "class TestA:\n    def test_b(self): ...\n    def help(self): ...\n\ndef test_c(): ...\n"
    )
    assert names_of_tests("test_a.py", source) == ("TestA.test_b", "test_c")
    script = 'describe("a", () => {\n  it("b", () => {});\n});\ntest("c", () => {});\n'
    assert names_of_tests("a.test.ts", script) == ("a > b", "c")


BODIES = st.sampled_from(["pass", "assert True", "x = 'import this'\n    assert x"])
IMPORTS = st.sampled_from(["import os", "from a import b", "from a import (\n    c,\n    d,\n)"])


@given(
    st.lists(IMPORTS, max_size=3, unique=True),
    st.lists(BODIES, min_size=1, max_size=3),
    st.lists(IMPORTS, max_size=3, unique=True),
    st.lists(BODIES, min_size=1, max_size=3),
)
def test_nothing_is_lost(head: list[str], old: list[str], more: list[str], new: list[str]) -> None:
    def file(imports: list[str], bodies: list[str], name: str) -> str:
        tests = [f"def test_{name}{n}():\n    {body}\n" for n, body in enumerate(bodies)]
        return "\n".join(imports) + "\n\n\n" + "\n\n".join(tests)

    after = add_tests("test_a.py", file(head, old, "old"), file(more, new, "new"))
    names = [f"test_old{n}" for n in range(len(old))] + [f"test_new{n}" for n in range(len(new))]
    assert list(names_of_tests("test_a.py", after)) == names
    for statement in {*head, *more}:
        assert after.count(f"{statement}\n") == 1
    for body in {*old, *new}:
        assert after.count(f"    {body}\n") >= (old + new).count(body)
