"""Real servers on small projects: what they say of unsaved text, and where things are."""

from __future__ import annotations

import pytest

from lsp_agent.language_servers.types import Diagnostic, View
from lsp_agent.workspace.edits import apply_edits
from lsp_agent.workspace.positions import Position, Range
from lsp_agent.workspace.text import Text
from tests.language_servers.conftest import Bench
from tests.support.real_servers import need_server

# Two units of UTF-16 and four bytes, one and two, before what is asked about.
ODD = "𝒳é"


def errors(found: tuple[Diagnostic, ...], server: str) -> list[tuple[str, str, Range]]:
    return [
        (one.path, one.code, one.range)
        for one in found
        if one.severity == "error" and one.server == server
    ]


def span(line: int, start: int, end: int) -> Range:
    return Range(Position(line, start), Position(line, end))


@pytest.fixture
def python(bench: Bench) -> Bench:
    need_server("basedpyright-langserver")
    need_server("ruff")
    bench.file("pyproject.toml", "")
    bench.file("lib.py", "def double(number: int) -> int:\n    return number * 2\n")
    bench.file("a.py", f'"{ODD}"; import lib; print(lib.double(2))\n')
    return bench


@pytest.fixture
def typescript(bench: Bench) -> Bench:
    need_server("typescript-language-server")
    bench.file("tsconfig.json", '{"compilerOptions": {"strict": true}}')
    bench.file("lib.ts", "export function double(n: number): number {\n  return n * 2;\n}\n")
    bench.file("a.ts", f'/* {ODD} */ import {{ double }} from "./lib"; console.log(double(2));\n')
    return bench


def test_an_unsaved_type_error_is_reported(python: Bench) -> None:
    pool = python.pool(trusted=False)
    wrong = f'import lib\n"{ODD}"; y: str = lib.double(2)\nprint(y, undefined)\n'
    found = python.ask(pool, "a.py", a_py=wrong)
    assert sorted(found.servers) == ["basedpyright", "ruff"]
    assert errors(found.diagnostics, "basedpyright") == [
        ("a.py", "reportAssignmentType", span(1, 15, 28)),
        ("a.py", "reportUndefinedVariable", span(2, 9, 18)),
    ]
    assert errors(found.diagnostics, "ruff") == [("a.py", "F821", span(2, 9, 18))]
    # Afterwards they know the disk again, and the next text is judged anew.
    assert errors(python.ask(pool, "a.py").diagnostics, "basedpyright") == []
    again = python.ask(pool, "a.py", a_py=wrong)
    assert len(errors(again.diagnostics, "basedpyright")) == 2


def test_pyright_stands_in(python: Bench) -> None:
    need_server("pyright-langserver")
    pool = python.pool({"basedpyright": {"enabled": False}})
    for _ in range(2):
        found = python.ask(pool, "a.py", a_py=f'"{ODD}"; y: str = 1\n')
        assert errors(found.diagnostics, "pyright") == [
            ("a.py", "reportAssignmentType", span(0, 15, 16))
        ]
        assert errors(python.ask(pool, "a.py").diagnostics, "pyright") == []


def test_other_unsaved_files_count(python: Bench) -> None:
    text = "def double(number: str) -> str:\n    return number * 2\n"
    found = python.ask(python.pool(), "a.py", lib_py=text)
    assert errors(found.diagnostics, "basedpyright") == [
        ("a.py", "reportArgumentType", span(0, 35, 36))
    ]


def test_a_change_on_the_disk_is_seen(python: Bench) -> None:
    pool = python.pool()
    assert errors(python.ask(pool, "a.py").diagnostics, "basedpyright") == []
    python.file("lib.py", "def triple(number: int) -> int:\n    return number * 3\n")
    found = python.ask(pool, "a.py")
    codes = [code for _, code, _ in errors(found.diagnostics, "basedpyright")]
    assert codes == ["reportAttributeAccessIssue"]


def test_python_is_found_its_way_around(python: Bench) -> None:
    pool = python.pool()
    text = f'"{ODD}"; import lib; "{ODD}"; print(lib.double(3))\n'
    view = View.of(python.overlay(a_py=text))
    assert view is not None
    place = Position(0, text.index("double"))
    definition = pool.definition(view, "a.py", place, python.cancel, 30)
    assert [(one.path, one.range) for one in definition.locations] == [("lib.py", span(0, 4, 10))]
    assert definition.server == "basedpyright"
    used = pool.references(view, "a.py", place, python.cancel, 30)
    start = text.index("double")
    assert {(one.path, one.range) for one in used.locations} == {
        ("lib.py", span(0, 4, 10)),
        ("a.py", span(0, start, start + 6)),
    }
    renamed = pool.rename(view, "a.py", place, "twice", python.cancel, 30)
    assert set(renamed.edits) == {"a.py", "lib.py"}
    assert apply_edits(Text(text), renamed.edits["a.py"]).content == text.replace("double", "twice")


def test_what_lies_elsewhere_is_marked(python: Bench) -> None:
    view = View.of(python.overlay(a_py="import os\nos.getcwd()\n"))
    assert view is not None
    found = python.pool().definition(view, "a.py", Position(1, 4), python.cancel, 30)
    assert found.locations
    assert all(one.outside and one.path.endswith(".pyi") for one in found.locations)


def test_typescript_is_checked_and_found_its_way_around(typescript: Bench) -> None:
    pool = typescript.pool()
    text = f'import {{ double }} from "./lib";\n/* {ODD} */ const x: string = double(2);\n'
    for _ in range(3):
        found = typescript.ask(pool, "a.ts", a_ts=text)
        assert errors(found.diagnostics, "typescript-language-server") == [
            ("a.ts", "2322", span(1, 15, 16))
        ]
        assert typescript.ask(pool, "a.ts").diagnostics == ()
    view = View.of(typescript.overlay(a_ts=text))
    assert view is not None
    used = pool.references(view, "a.ts", Position(1, 31), typescript.cancel, 30)
    assert {(one.path, one.range) for one in used.locations} == {
        ("lib.ts", span(0, 16, 22)),
        ("a.ts", span(0, 9, 15)),
        ("a.ts", span(1, 27, 33)),
    }
    renamed = pool.rename(view, "a.ts", Position(1, 31), "twice", typescript.cancel, 30)
    assert apply_edits(Text(text), renamed.edits["a.ts"]).content == text.replace("double", "twice")


def test_what_runs_the_folders_code_needs_trust(typescript: Bench) -> None:
    pool = typescript.pool(trusted=False)
    found = typescript.ask(pool, "a.ts", a_ts="const x: number = 'a';\n")
    assert found.diagnostics == ()
    assert "lsp-agent trust" in found.notes[0]
    assert pool.status() == []
