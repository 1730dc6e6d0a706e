"""Other language servers behind a real one: its editor hears of them, and none outlives it."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Start, remote
from tests.e2e.test_commands import plain
from tests.language_servers.conftest import FAKE, eventually, gone
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint, call

BAD = Reply(tool_calls=(call("edit_file", path="a.py", old_string="1", new_string="BAD"),))
MEND = Reply(tool_calls=(call("edit_file", path="a.py", old_string="BAD", new_string="2"),))
DONE = Reply(text="Done.")


def with_fake(url: str, log: Path, *modes: str) -> dict[str, Any]:
    """Return the options of an editor whose settings name the fake server and no other."""
    options = remote(url)
    command = [sys.executable, str(FAKE), str(log), *modes]
    known = {name: {"enabled": False} for name in ("pyright", "basedpyright", "ruff")}
    fake = {"command": command, "languages": ["python"], "untrusted": True}
    options["lspAgent"]["languageServers"] = {**known, "fake": fake}
    options["lspAgent"]["verify"] = {"diagnosticsSeconds": 60}
    return options


@pytest.fixture(autouse=True)
def _asked(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LSP_AGENT_LANGUAGE_SERVERS_ENABLED")


def pids(log: Path) -> list[int]:
    return [int(line.split()[1]) for line in log.read_text().splitlines() if "pid" in line]


async def test_an_edit_is_checked_over_unsaved_text(start_editor: Start, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with ScriptedEndpoint([BAD, DONE, MEND, DONE]) as endpoint:
        editor = await start_editor("vscode", with_fake(endpoint.base_url, log))
        uri = editor.open("a.py", "x = 1\n")
        result = plain(await editor.command("lspAgent.run", {"task": "t", "uri": uri}))
        assert result["status"] == "edited"
        assert editor.texts[uri] == "x = 2\n"
        told = endpoint.requests[2]["messages"][-1]["content"]
        assert "The diagnostics check failed:\na.py:1:5: x = BAD [fake bad] | x = BAD" in told
        (server,) = plain(await editor.command("lspAgent.status", {}))["languageServers"]
        assert (server["name"], server["state"]) == ("fake", "running")
    await editor.client.shutdown_session()
    assert eventually(lambda: gone(pids(log)[0]))


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
async def test_a_server_ends_with_a_killed_parent(start_editor: Start, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with ScriptedEndpoint([MEND, DONE]) as endpoint:
        editor = await start_editor("vscode", with_fake(endpoint.base_url, log))
        uri = editor.open("a.py", "x = BAD\n")
        await editor.command("lspAgent.run", {"task": "t", "uri": uri})
        (pid,) = pids(log)
        assert not gone(pid)
        os.kill(editor.client._server.pid, signal.SIGKILL)
        assert eventually(lambda: gone(pid))
