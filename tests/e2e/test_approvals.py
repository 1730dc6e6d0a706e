"""Questions before what is risky, as an editor shows and answers them."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from lsprotocol import types as T

from tests.e2e.conftest import Start, remote
from tests.e2e.test_commands import plain
from tests.support.editor import Editor
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint, call

WRITE = Reply(tool_calls=(call("write_file", path="Dockerfile", content="FROM scratch\n"),))
DONE = Reply(text="Done.")


def trusted(url: str) -> dict:
    return {**remote(url), "trusted": True}


async def run(editor: Editor) -> dict:
    return plain(await editor.command("lspAgent.run", {"task": "t"}))


async def _verb(name: str, folder: Path) -> str:
    command = (sys.executable, "-m", "lsp_agent", name, str(folder))
    done = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    _, said = await done.communicate()
    return said.decode()


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ("Allow", "edited"),
        ("Allow in this run", "edited"),
        ("Always allow here", "edited"),
        ("Refuse", "answered"),
        (None, "answered"),
        ("Something else", "answered"),
    ],
)
async def test_every_answer(start_editor: Start, answer: str | None, status: str) -> None:
    with ScriptedEndpoint([WRITE, DONE, WRITE, DONE]) as endpoint:
        editor = await start_editor("vscode", trusted(endpoint.base_url))
        editor.answer = lambda _: answer
        assert (await run(editor))["status"] == status
        titles = [action.title for action in editor.questions[0].actions or []]
        assert titles == ["Allow", "Allow in this run", "Always allow here", "Refuse"]
        assert "Dockerfile is a list of dependencies" in editor.questions[0].message
        if status == "answered":
            assert "the user refused" in endpoint.requests[1]["messages"][-1]["content"]
        (editor.folder / "Dockerfile").unlink(missing_ok=True)
        await run(editor)
        assert len(editor.questions) == (1 if answer == "Always allow here" else 2)


async def test_untrust_forgets_what_is_always_allowed(start_editor: Start) -> None:
    with ScriptedEndpoint([WRITE, DONE, WRITE, DONE]) as endpoint:
        editor = await start_editor("neovim", trusted(endpoint.base_url))
        editor.answer = lambda _: "Always allow here"
        assert (await run(editor))["status"] == "edited"
        assert "1 answer(s)" in await _verb("untrust", editor.folder)
        (editor.folder / "Dockerfile").unlink()
        await run(editor)
        assert len(editor.questions) == 2


async def test_untrust_takes_effect_in_a_server_that_runs(
    start_editor: Start, home: Path, tmp_path: Path
) -> None:
    with ScriptedEndpoint([WRITE, DONE, WRITE, DONE]) as endpoint:
        folder = tmp_path / "wörk spaß 0"
        folder.mkdir()
        (folder / "lsp-agent.toml").write_text('[safety]\napprove = "never"\n')
        await _verb("trust", folder)
        folder.rename(tmp_path / "kept")
        editor = await start_editor("vscode", remote(endpoint.base_url))
        (tmp_path / "kept" / "lsp-agent.toml").rename(editor.folder / "lsp-agent.toml")
        assert (await run(editor))["status"] == "edited"
        assert editor.questions == []
        await _verb("untrust", editor.folder)
        (editor.folder / "Dockerfile").unlink()
        assert (await run(editor))["status"] == "answered"
        assert len(editor.questions) == 1


async def test_a_folder_that_is_not_trusted_gets_no_lasting_answer(start_editor: Start) -> None:
    with ScriptedEndpoint([WRITE, DONE]) as endpoint:
        editor = await start_editor("helix", remote(endpoint.base_url))
        editor.answer = lambda _: "Always allow here"
        assert (await run(editor))["status"] == "answered"
        titles = [action.title for action in editor.questions[0].actions or []]
        assert titles == ["Allow", "Allow in this run", "Refuse"]


async def test_a_client_without_questions_refuses(start_editor: Start) -> None:
    with ScriptedEndpoint([WRITE, DONE]) as endpoint:
        editor = await start_editor("vscode", remote(endpoint.base_url))
        del editor.client.protocol.fm._features[T.WINDOW_SHOW_MESSAGE_REQUEST]
        assert (await run(editor))["status"] == "answered"
        assert not (editor.folder / "Dockerfile").exists()


async def test_cancelling_ends_the_wait_for_an_answer(start_editor: Start) -> None:
    with ScriptedEndpoint([WRITE, DONE]) as endpoint:
        editor = await start_editor("vscode", remote(endpoint.base_url))
        waiting = asyncio.Event()

        async def never(_: T.ShowMessageRequestParams) -> None:
            await waiting.wait()

        editor.answer = never
        task = asyncio.ensure_future(run(editor))
        await editor.until(lambda: editor.questions)
        await editor.command("lspAgent.cancel", {})
        assert (await asyncio.wait_for(task, 10))["status"] == "cancelled"
        waiting.set()


async def test_two_runs_ask_at_once(start_editor: Start) -> None:
    def script(body: dict) -> Reply:
        return DONE if body["messages"][-1]["role"] == "tool" else WRITE

    with ScriptedEndpoint(script) as endpoint:
        editor = await start_editor("vscode", remote(endpoint.base_url))
        both = asyncio.Event()

        async def together(_: T.ShowMessageRequestParams) -> str:
            if len(editor.questions) == 2:
                both.set()
            await both.wait()
            return "Refuse"

        editor.answer = together
        found = await asyncio.wait_for(asyncio.gather(run(editor), run(editor)), 30)
        assert [one["status"] for one in found] == ["answered", "answered"]


def test_two_processes_remember_at_once(home: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from lsp_agent.config.paths import Home\n"
        "from lsp_agent.store.approvals import Grant, RememberedApprovals\n"
        f"memory = RememberedApprovals(Home.find({{'LSP_AGENT_HOME': {str(home)!r}}}), "
        f"Path({str(tmp_path)!r}))\n"
        "for n in range(30): memory.remember(Grant('t', 'k', sys.argv[1] + str(n)))\n"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, name]) for name in ("a", "b")]
    assert [one.wait(60) for one in both] == [0, 0]
    (rows,) = json.loads((home / "approvals.json").read_text()).values()
    assert len(rows) == 60


@pytest.mark.parametrize(
    ("command", "said"),
    [("ls | cat", "a pipe"), ("", "is empty"), ("cd /", "a part of shells"), ("'", "has no end")],
)
async def test_nobody_is_asked_about_a_command_that_can_not_be_run(
    start_editor: Start, command: str, said: str
) -> None:
    asks = Reply(tool_calls=(call("execute_command", command=command),))
    with ScriptedEndpoint([asks, DONE]) as endpoint:
        editor = await start_editor("vscode", trusted(endpoint.base_url))
        await run(editor)
        assert editor.questions == []
        assert said in endpoint.requests[1]["messages"][-1]["content"]
