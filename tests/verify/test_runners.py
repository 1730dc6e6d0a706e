"""Which program runs a project's tests."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from lsp_agent.verify.runners import PYTHON, runner_for

_PYTEST = (PYTHON, "-m", "pytest", "-q")
_UNITTEST = (PYTHON, "-m", "unittest")
_VITEST = json.dumps({"devDependencies": {"vitest": "3"}, "scripts": {"test": "vitest"}})
_JEST = json.dumps({"devDependencies": {"jest": "30"}})
_OTHER = json.dumps({"devDependencies": {"jest": "30"}, "scripts": {"test": "node --test"}})
_NONE = json.dumps({"scripts": {"test": 'echo "Error: no test specified" && exit 1'}})


@pytest.mark.parametrize(
    ("files", "argv"),
    [
        ({"pytest.ini": ""}, _PYTEST),
        ({"pyproject.toml": "[tool.pytest.ini_options]"}, _PYTEST),
        ({"setup.py": "setup()"}, _UNITTEST),
        ({"package.json": _VITEST}, ("node_modules/.bin/vitest", "run")),
        ({"package.json": _JEST}, ("node_modules/.bin/jest",)),
        ({"package.json": _OTHER}, ("npm", "test", "--silent")),
        ({"go.mod": "module x"}, ("go", "test", "./...")),
        ({"Cargo.toml": "[package]"}, ("cargo", "test", "--offline")),
        ({"Makefile": "all:\n\ntest: all\n\t./check\n"}, ("make", "test")),
    ],
)
def test_all_tests(files: dict[str, str], argv: tuple[str, ...]) -> None:
    runner = runner_for(files.get)
    assert runner is not None
    assert runner.argv() == argv


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"package.json": _NONE},
        {"package.json": "[" * 100_000},
        {"package.json": '"text"'},
        {"Makefile": "test := 1\n"},
    ],
)
def test_no_runner(files: dict[str, str]) -> None:
    assert runner_for(files.get) is None


@pytest.mark.parametrize(
    ("files", "paths", "argv"),
    [
        ({"pytest.ini": ""}, ["a/test_x.py::test_y"], (*_PYTEST, "a/test_x.py::test_y")),
        ({"pytest.ini": ""}, ["-pevil"], (*_PYTEST, "./-pevil")),
        ({"test_x.py": "def test_y(): pass\n"}, ["test_x.py"], (*_PYTEST, "test_x.py")),
        ({"test_x.py": "import unittest\n"}, ["test_x.py"], (*_UNITTEST, "test_x.py")),
        ({"go.mod": ""}, ["a/x_test.go", "a/y_test.go", "z_test.go"], ("go", "test", "./a", ".")),
        ({"Cargo.toml": ""}, ["tests/it.rs"], ("cargo", "test", "--offline", "--test", "it")),
        ({"a.test.js": "import test from 'node:test'\n"}, ["a.test.js"],
            ("node", "--test", "a.test.js")),
        ({"package.json": _OTHER}, ["a.test.js"], ("npm", "test", "--silent", "--", "a.test.js")),
    ],
)  # fmt: skip
def test_some_tests(files: dict[str, str], paths: Sequence[str], argv: tuple[str, ...]) -> None:
    runner = runner_for(files.get, paths)
    assert runner is not None
    assert runner.argv(paths) == argv


def test_the_runner_is_the_one_of_the_tests_language() -> None:
    files = {"pytest.ini": "", "package.json": _JEST, "go.mod": ""}
    chosen = [runner_for(files.get, [path]) for path in ("a.py", "a.test.ts", "a_test.go", "a.rb")]
    assert [one and one.name for one in chosen] == ["pytest", "jest", "go", None]
