"""Tests that are generated through a real server and run in the real sandbox."""

from __future__ import annotations

import os
from typing import Any

import pytest
from lsprotocol import types as T

from lsp_agent.config.model import SandboxSettings
from lsp_agent.sandbox.choose import find_sandbox
from tests.e2e.conftest import Start, remote
from tests.e2e.test_commands import plain
from tests.support.editor import Editor
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint

FEE = "def fee(age):\n    if age < 18:\n        return 0\n    return 12\n"
HEAD = "import unittest\n\nfrom fee import fee\n\n\nclass FeeTest(unittest.TestCase):\n"
GOOD = (
    f"{HEAD}    def test_children(self):\n        self.assertEqual(fee(17), 0)\n\n"
    "    def test_the_others(self):\n        self.assertEqual(fee(18), 12)\n"
)
IDLE = f"{HEAD}    def test_it_runs(self):\n        fee(3)\n"
WRONG = GOOD.replace("12)", "13)")
# What a hostile model might have a test do.
OUTSIDE = (
    "import pathlib\n" + HEAD + "    def test_it(self):\n"
    "        pathlib.Path({path!r}).write_text('x')\n        self.assertEqual(fee(17), 0)\n"
)


@pytest.fixture(autouse=True)
def _held() -> None:
    sandbox, remarks = find_sandbox(SandboxSettings(), os.environ)
    if sandbox is None:
        pytest.skip("; ".join(remarks))


def block(code: str) -> Reply:
    return Reply(text=f"<<<code\n{code}>>>code")


def options(url: str, *, trusted: bool = True) -> dict[str, Any]:
    found = remote(url, refinePasses=1)
    found["lspAgent"]["verify"] = {"lint": False, "diagnostics": False, "testsSeconds": 600}
    return {**found, "trusted": trusted}


async def generate(editor: Editor, token: str | None = None) -> dict[str, Any]:
    uri = editor.open("fee.py", FEE)
    (editor.folder / "fee.py").write_text(FEE)
    place = {"start": {"line": 0, "character": 5}, "end": {"line": 0, "character": 5}}
    return plain(
        await editor.command("lspAgent.generateTests", {"uri": uri, "range": place}, token)
    )


async def test_tests_are_run_tried_and_applied(start_editor: Start) -> None:
    with ScriptedEndpoint([block(IDLE), block(GOOD)]) as endpoint:
        editor = await start_editor("vscode", options(endpoint.base_url))
        result = await generate(editor, "t1")
        assert result["status"] == "edited", result
        assert result["summary"] == (
            "tests of fee in tests/test_fee.py: 2 passed, killed 5 of 5 mutants"
        )
        assert result["runId"]
        assert result["edit"]
        assert (editor.folder / "tests" / "test_fee.py").read_text() == GOOD
        reports = [one.message for one in editor.client.progress_reports["t1"][1:-1]]
        assert "running tests" in reports
        assert "trying the tests on faults" in reports
        assert isinstance(editor.client.progress_reports["t1"][-1], T.WorkDoneProgressEnd)
        told = endpoint.requests[1]["messages"][-1]["content"]
        assert "killed 0 of 5" in told


async def test_a_test_that_shows_a_bug_asks_first(start_editor: Start) -> None:
    with ScriptedEndpoint([block(WRONG)]) as endpoint:
        editor = await start_editor("vscode", options(endpoint.base_url))
        editor.answer = lambda _: "Allow"
        result = await generate(editor)
        (question,) = editor.questions
        assert "not verified, it fails tests" in question.message
        assert "1 of 2 fails" in result["summary"]
        assert (editor.folder / "tests" / "test_fee.py").read_text() == WRONG


@pytest.mark.parametrize("answer", ["Allow", "Refuse"])
async def test_an_untrusted_folder_s_code_runs_with_leave_only(
    start_editor: Start, answer: str
) -> None:
    with ScriptedEndpoint([block(GOOD)]) as endpoint:
        editor = await start_editor("neovim", options(endpoint.base_url, trusted=False))
        editor.answer = lambda _: answer
        result = await generate(editor)
        assert "Allow run_tests?" in editor.questions[0].message
        assert result["status"] == "edited"
        said = "killed 5 of 5" if answer == "Allow" else "not run: the folder is not trusted"
        assert said in result["summary"]


async def test_a_test_writes_nothing_outside(start_editor: Start) -> None:
    target: list[str] = [""]
    with ScriptedEndpoint(lambda _: block(OUTSIDE.format(path=target[0]))) as endpoint:
        editor = await start_editor("vscode", options(endpoint.base_url))
        target[0] = str(editor.folder.parent / "written")
        result = await generate(editor)
        assert not (editor.folder.parent / "written").exists()
        # It ran, whatever came of it.
        assert "not run" not in result["summary"]


async def test_it_is_listed_and_resolved(start_editor: Start) -> None:
    with ScriptedEndpoint([block(GOOD)]) as endpoint:
        editor = await start_editor("vscode", options(endpoint.base_url))
        uri = editor.open("fee.py", FEE)
        kind = "refactor.rewrite.lspAgent.generateTests"
        (action,) = await editor.actions(uri, editor.at(uri, "fee"), [], [kind])
        assert action.title == "Generate tests for fee"
        (editor.folder / "fee.py").write_text(FEE)
        resolved = await editor.client.code_action_resolve_async(action)
        if resolved.edit is None:
            # It took longer than a client waits.
            await editor.command(resolved.command.command, resolved.command.arguments[0])
        else:
            editor.carry_out(resolved.edit)
        path = editor.folder / "tests" / "test_fee.py"
        await editor.until(path.exists)
        assert path.read_text() == GOOD
