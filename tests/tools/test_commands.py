"""Commands of the model on a real copy, by tools; the sandbox of these tests holds nothing."""

from __future__ import annotations

import json
import shutil
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.config.model import Settings
from lsp_agent.tools import commands, node
from lsp_agent.tools.call import ToolOutcome, call_tool
from lsp_agent.tools.spec import ToolContext
from lsp_agent.verify.types import Workshop
from lsp_agent.verify.workshop import SandboxedWorkshop
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.roots import Root
from tests.support.files import write_files
from tests.support.open_sandbox import OpenSandbox

_TOOLS = {tool.name: tool for tool in (*commands.TOOLS, *node.TOOLS)}


class Desk:
    def __init__(self, folder: Path, workshop: Workshop | None) -> None:
        self.folder = folder
        self.workshop = workshop
        self.overlay = Overlay(Root(folder))
        self.cancel = CancelToken()

    def call(self, name: str, /, **arguments: object) -> ToolOutcome:
        context = ToolContext(self.overlay, self.cancel, workshop=self.workshop)
        return call_tool(_TOOLS, name, arguments, context)

    def answer(self, name: str, /, **arguments: object) -> str:
        outcome = self.call(name, **arguments)
        assert outcome.ok, outcome.text
        return outcome.text

    def error(self, name: str, /, **arguments: object) -> str:
        outcome = self.call(name, **arguments)
        assert not outcome.ok, outcome.text
        return outcome.text


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    folder = tmp_path / "work"
    folder.mkdir()
    workshop = SandboxedWorkshop(Root(folder), OpenSandbox(), Settings(), tmp_path / "copies")
    yield Desk(folder, workshop)
    workshop.close()


def _program(folder: Path, name: str, code: str, modules: str = "node_modules") -> None:
    """Install a node tool that is a few lines."""
    path = folder / modules / ".bin" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/usr/bin/env node\n{code}\n")
    path.chmod(0o755)


needs_node = pytest.mark.skipif(shutil.which("npm") is None, reason="node and npm are needed")


def test_without_a_workshop_every_tool_says_what_to_do(tmp_path: Path) -> None:
    desk = Desk(tmp_path, None)
    for tool in _TOOLS.values():
        assert "lsp-agent doctor" in desk.error(tool.name, **tool.example), tool.name
        assert tool.runs_programs


def test_a_command_and_what_it_changed(desk: Desk) -> None:
    write_files(desk.folder, {"a.txt": "old\n"})
    code = "import sys; open('a.txt', 'w').write('new'); print('out'); sys.exit('err')"
    said = desk.answer("execute_command", command=f'{sys.executable} -c "{code}"')
    assert said.startswith("exit status 1, after ")
    assert "\nout\nerr\n" in said
    assert said.endswith("the workspace is as it was: a.txt")
    assert (desk.folder / "a.txt").read_text() == "old\n"
    assert desk.overlay.changes() == ()


def test_a_command_is_no_shell(desk: Desk) -> None:
    assert "make several calls" in desk.error("execute_command", command="true && touch made")
    assert "no-such-program" in desk.error("execute_command", command="no-such-program")
    assert desk.workshop is not None
    assert desk.workshop.written() == []
    assert "made" in desk.answer("execute_command", command="sh -c 'true && touch made'")


def test_any_name_of_a_file_can_be_told(desk: Desk) -> None:
    code = "open(b'x\\xff', 'w'); open('a\\nfiles: b', 'w')"
    said = desk.answer("execute_command", command=f'{sys.executable} -c "{code}"')
    assert said.encode().endswith(b"'a\\nfiles: b', 'x\\udcff'")


def test_a_command_that_is_ended(desk: Desk) -> None:
    said = desk.answer("execute_command", command="sleep 60", timeout=0.1)
    assert said.startswith("ended by the sandbox: it ran too long, after ")
    assert desk.answer("execute_command", command="sh -c 'kill -9 $$'").startswith(
        "ended by signal 9"
    )


def test_a_cancelled_command_ends_the_run(desk: Desk) -> None:
    code = "import os; os.mkfifo('p'); open('p')"
    timer = threading.Timer(0.3, desk.cancel.cancel)
    timer.start()
    with pytest.raises(Cancelled):
        desk.call("execute_command", command=f'{sys.executable} -c "{code}"')
    timer.join()


def test_long_output_loses_its_middle_and_its_colours(desk: Desk) -> None:
    code = "print('\\x1b[31mfirst\\x1b[0m'); print('x' * 50000); print('last')"
    write_files(desk.folder, {"p.py": code})
    said = desk.answer("execute_command", command=f"{sys.executable} p.py")
    assert "\nfirst\n" in said
    assert "characters left out" in said
    assert said.endswith("\nlast")
    assert len(said) < 20_000


def test_tests_see_the_edits(desk: Desk) -> None:
    write_files(
        desk.folder,
        {"a.py": "x = 1\n", "test_a.py": "def test_a():\n import a\n assert a.x == 2\n"},
    )
    paths = ["test_a.py::test_a"]
    assert "pytest: exit status 1" in desk.answer("run_tests", paths=paths)
    desk.overlay.write("a.py", "x = 2\n")
    said = desk.answer("run_tests", paths=paths, args=["-p", "no:cacheprovider"])
    assert "pytest: exit status 0" in said
    assert "1 passed" in said


@pytest.mark.parametrize(
    ("paths", "reason"),
    [
        (["nowhere.py"], "nowhere.py"),
        (["../x.py"], "leaves the workspace"),
        (["--rootdir=x"], "--rootdir=x does not exist"),
        (None, "no known program"),
        (["a.rb"], "no known program runs the tests of a.rb"),
    ],
)
def test_tests_that_can_not_be_run(desk: Desk, paths: list[str] | None, reason: str) -> None:
    write_files(desk.folder, {"a.rb": ""})
    assert reason in desk.error("run_tests", paths=paths)


def test_a_benchmark_says_how_long_it_took(desk: Desk) -> None:
    said = desk.answer("benchmark_code", command="echo done", repeat=3)
    assert said.startswith("median 0.")
    assert "over 3 run(s); exit status 0 each time\noutput of the last run:\ndone" in said
    said = desk.answer("benchmark_code", command="false", repeat=3)
    assert said.startswith("run 1 of 3 failed: exit status 1")


def test_node_tools_that_are_not_installed(desk: Desk) -> None:
    write_files(desk.folder, {"a.ts": "", "package.json": '{"devDependencies": {"jest": "1"}}'})
    for name, arguments, package in (
        ("typescript_check", {}, "typescript"),
        ("eslint_check", {"paths": ["a.ts"]}, "eslint"),
        ("prettier_format", {"path": "a.ts"}, "prettier"),
        ("run_tests", {}, "jest"),
        ("npm_command", {"command": "exec tsc --version"}, "typescript"),
    ):
        assert f"npm install --save-dev {package}" in desk.error(name, **arguments)


@needs_node
def test_prettier_edits_the_overlay(desk: Desk) -> None:
    code = """
        const fs = require('fs'), path = process.argv.at(-1), text = fs.readFileSync(path, 'utf8');
        if (text.includes('broken')) { console.error('SyntaxError'); process.exit(2); }
        fs.writeFileSync(path, text.replace(/ +/g, ' '));
    """
    _program(desk.folder, "prettier", code)
    write_files(desk.folder, {"src/a.ts": "let a  =  1\n", "b.ts": "broken\n"})
    assert desk.answer("prettier_format", path="./src/a.ts") == "formatted src/a.ts"
    assert desk.overlay.read("src/a.ts") == "let a = 1\n"
    assert (desk.folder / "src/a.ts").read_text() == "let a  =  1\n"
    assert "as prettier wants it" in desk.answer("prettier_format", path="src/a.ts")
    assert "SyntaxError" in desk.error("prettier_format", path="b.ts")
    assert "does not exist" in desk.error("prettier_format", path="c.ts")


@needs_node
def test_checkers_get_the_paths_and_the_nearest_program(desk: Desk) -> None:
    show = "console.log(JSON.stringify(process.argv.slice(2))); process.exit(1)"
    _program(desk.folder, "tsc", show)
    _program(desk.folder, "eslint", f"console.log('inner'); {show}", "packages/one/node_modules")
    write_files(
        desk.folder, {"packages/one/src/a.ts": "", "packages/one/package.json": "{}", "-o.ts": ""}
    )
    assert '["--noEmit","--pretty","false"]' in desk.answer("typescript_check")
    assert '"--project","packages/one"]' in desk.answer("typescript_check", path="packages/one")
    said = desk.answer("eslint_check", paths=["packages/one/src/a.ts", "-o.ts"])
    assert said.startswith("exit status 1")
    assert 'inner\n["--no-color","packages/one/src/a.ts","./-o.ts"]' in said


@needs_node
def test_npm_runs_what_the_project_has(desk: Desk) -> None:
    scripts = {"show": "node show.js", "test": "node show.js tested"}
    write_files(
        desk.folder,
        {
            "package.json": json.dumps({"scripts": scripts}),
            "show.js": "console.log(process.argv.slice(2))",
        },
    )
    _program(desk.folder, "tool", "console.log('tool', process.argv[2])")
    assert "[ 'a b' ]" in desk.answer("npm_command", command="run show -- 'a b'")
    assert "tested" in desk.answer("npm_command", command="npm test")
    assert "tool x" in desk.answer("npm_command", command="exec tool x")
    assert "tested" in desk.answer("run_tests")
    assert "it has ['show', 'test']" in desk.error("npm_command", command="run other")
    for command in ("install left-pad", "i", "ci", "", "publish", "config set x y", "-v"):
        assert "only run, test and exec" in desk.error("npm_command", command=command)
