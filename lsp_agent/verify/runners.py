"""Which program runs a project's tests, and how it is called for some of them; pure data.

A project is judged by the texts of a few files that say so: configuration, manifests, a Makefile.
"""

from __future__ import annotations

import json
import posixpath
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Read = Callable[[str], str | None]
"""Returns the text of a file relative to the root, or ``None`` where there is none."""

Name = Literal["pytest", "unittest", "jest", "vitest", "npm", "node", "go", "cargo", "make"]

PYTHON = "python" if sys.platform == "win32" else "python3"
_SCRIPTS = (".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".mts", ".cts", ".vue", ".svelte")
_SUFFIXES: Mapping[Name, tuple[str, ...]] = {
    "pytest": (".py",),
    "unittest": (".py",),
    "jest": _SCRIPTS,
    "vitest": _SCRIPTS,
    "npm": _SCRIPTS,
    "node": (".js", ".mjs", ".cjs"),
    "go": (".go",),
    "cargo": (".rs",),
    "make": (),
}
_COMMANDS: Mapping[Name, tuple[str, ...]] = {
    "pytest": (PYTHON, "-m", "pytest", "-q"),
    "unittest": (PYTHON, "-m", "unittest"),
    "jest": ("node_modules/.bin/jest",),
    "vitest": ("node_modules/.bin/vitest", "run"),
    "npm": ("npm", "test", "--silent"),
    "node": ("node", "--test"),
    "go": ("go", "test"),
    "cargo": ("cargo", "test", "--offline"),
    "make": ("make", "test"),
}
_PYTEST_MENTIONED = (
    "pyproject.toml", "setup.cfg", "tox.ini", "setup.py", "Pipfile", "noxfile.py",
    "requirements.txt", "requirements-dev.txt", "requirements_dev.txt", "dev-requirements.txt",
    "requirements-test.txt", "test-requirements.txt", "requirements/test.txt",
    "requirements/dev.txt",
)  # fmt: skip
_PYTEST_THERE = (
    "pytest.ini",
    ".pytest.ini",
    "conftest.py",
    "tests/conftest.py",
    "test/conftest.py",
)
_PYTHON_THERE = ("pyproject.toml", "setup.py", "setup.cfg", "tests/__init__.py", "test/__init__.py")
_PYTEST_STYLE = re.compile(r"^(?:import pytest|from pytest|(?:async )?def test_)", re.MULTILINE)
_NODE_STYLE = re.compile(r"[\"']node:test[\"']")
_MAKE_TARGET = re.compile(r"^test\s*:(?!=)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Runner:
    """A way of running tests. ``suffixes`` are those of the files that it can be given.

    ``env`` is what it needs in its environment, so that it ends by itself.
    """

    name: Name
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Endings of the test files that it understands; none where it runs all or nothing."""
        return _SUFFIXES[self.name]

    def argv(self, paths: Sequence[str] = (), args: Sequence[str] = ()) -> tuple[str, ...]:
        """Return the command for some tests, or for all without ``paths``.

        ``paths`` are relative to the root, also with what the runner takes behind them (pytest's
        ``::name``); those that begin with a dash are spelt so that they are no options.
        """
        spelt = [f"./{path}" if path.startswith("-") else path for path in paths]
        chosen: Sequence[str] = spelt
        if self.name == "npm":
            chosen = ["--", *args, *spelt] if args or spelt else []
            args = []
        elif self.name == "go":
            chosen = list(dict.fromkeys(_go_package(path) for path in paths)) or ["./..."]
        elif self.name == "cargo":
            # Its options for the tests stand before what is given to them.
            chosen, args = list(args), [word for path in paths for word in _cargo_target(path)]
        elif self.name == "make":
            chosen = []
        return (*_COMMANDS[self.name], *args, *chosen)


def runner_for(read: Read, paths: Sequence[str] = ()) -> Runner | None:
    """Return the runner of a project, for the given test files where there are any.

    Cost: reading about twenty files that mostly are not there.
    """
    found = runners(read, paths)
    if paths:
        endings = tuple(posixpath.splitext(path.partition("::")[0])[1] for path in paths)
        fitting = [one for one in found if set(endings) <= {*one.suffixes, ""}]
        return fitting[0] if fitting else None
    return found[0] if found else None


def runners(read: Read, paths: Sequence[str] = ()) -> list[Runner]:
    """Return all ways in which a project's tests are run, the likeliest first."""
    files = [path.partition("::")[0] for path in paths]
    node = _node_runner(read("package.json")) or _plain_node(read, files)
    python = _python_runner(read, files)
    found = [
        python if python is not None and python.name == "pytest" else None,
        node,
        Runner("go") if read("go.mod") is not None else None,
        Runner("cargo") if read("Cargo.toml") is not None else None,
        python if python is not None and python.name == "unittest" else None,
        Runner("make") if _MAKE_TARGET.search(read("Makefile") or "") else None,
    ]
    return [one for one in found if one is not None]


def _python_runner(read: Read, paths: Sequence[str]) -> Runner | None:
    if any(read(name) is not None for name in _PYTEST_THERE):
        return Runner("pytest")
    if any("pytest" in (read(name) or "") for name in _PYTEST_MENTIONED):
        return Runner("pytest")
    tests = [path for path in paths if path.endswith(".py")]
    if any(_PYTEST_STYLE.search(read(path) or "") for path in tests):
        return Runner("pytest")
    if tests or any(read(name) is not None for name in _PYTHON_THERE):
        return Runner("unittest")
    return None


def _node_runner(manifest: str | None) -> Runner | None:
    try:
        package = json.loads(manifest or "null")
    except (ValueError, RecursionError):
        return None
    if not isinstance(package, dict):
        return None
    # Without a terminal these watch for changes, and never end, unless they are told.
    env = {"CI": "1"}
    needed = {**_table(package, "dependencies"), **_table(package, "devDependencies")}
    script = str(_table(package, "scripts").get("test", ""))
    for name in ("vitest", "jest"):
        if name in needed and (not script or name in script.split()):
            return Runner(name, env)
    if script and "no test specified" not in script:
        return Runner("npm", env)
    return None


def _plain_node(read: Read, paths: Sequence[str]) -> Runner | None:
    """Return node's own runner where the tests themselves ask for it."""
    scripts = [path for path in paths if path.endswith(_SUFFIXES["node"])]
    wanted = any(_NODE_STYLE.search(read(path) or "") for path in scripts)
    return Runner("node") if wanted else None


def _table(package: Mapping[str, object], key: str) -> dict[str, object]:
    value = package.get(key)
    return value if isinstance(value, dict) else {}


def _go_package(path: str) -> str:
    folder = posixpath.dirname(path) if path.endswith(".go") else path.rstrip("/")
    return f"./{folder}" if folder not in ("", ".") else "."


def _cargo_target(path: str) -> tuple[str, ...]:
    """Return the options for an integration test; unit tests are not chosen by their file."""
    folder, name = posixpath.split(path)
    if folder == "tests" and name.endswith(".rs"):
        return ("--test", name.removesuffix(".rs"))
    return ()
