"""What a killed process leaves, and what the next one makes of it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from lsp_agent.store.intent import Intent, Step, write_intent
from lsp_agent.store.journal import Journal
from tests.e2e.conftest import Start, remote
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint, call

CHECKOUT = Path(__file__).parents[2]
EDIT = Reply(tool_calls=(call("write_file", path="new.txt", content="new\n"),))


@pytest.mark.skipif(sys.platform != "linux", reason="it counts events of files by inotify")
def test_nothing_is_lost_wherever_a_process_is_killed() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.kill9", "--rounds", "25", "--seed", "3"],
        check=False, capture_output=True, text=True, cwd=CHECKOUT, timeout=110,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["rounds"], report["failures"]) == (25, 0)
    assert report["kills"] >= 15


async def test_a_server_undoes_what_an_apply_left_half_done(
    start_editor: Start, home: Path, tmp_path: Path
) -> None:
    target = tmp_path / "half.txt"
    target.write_bytes(b"new")
    step = Step("half.txt", target, tmp_path / ".x.tmp", b"old", b"new")
    write_intent(home / "apply.log", Intent((step,)))
    editor = await start_editor()
    await editor.command("lspAgent.status", {})
    assert target.read_bytes() == b"old"
    assert not home.joinpath("apply.log").exists()
    await editor.until(lambda: any("undid: half.txt" in message for message in editor.log()))
    journal = Journal(home / "journal.sqlite")
    (row,) = journal.audit()
    assert (row.kind, row.data["restored"]) == ("apply_rolled_back", ["half.txt"])


async def test_a_server_that_is_killed_leaves_a_run_that_can_go_on(
    start_editor: Start, home: Path
) -> None:
    with ScriptedEndpoint([EDIT, Reply(stall_after=0)]) as endpoint:
        editor = await start_editor(options=remote(endpoint.base_url))
        process = editor.client._server
        running = asyncio.ensure_future(editor.command("lspAgent.run", {"task": "make a file"}))
        await asyncio.to_thread(endpoint.wait_for_requests, 2)
        process.kill()
        await process.wait()
        assert not running.done()
        running.cancel()
    journal = Journal(home / "journal.sqlite")
    (row,) = journal.runs()
    assert (row.status, row.title) == ("interrupted", "make a file")
    assert [change.path for change in journal.working(row.id)] == ["new.txt"]
    following = await start_editor()
    await following.command("lspAgent.status", {})
    assert f"a run was cut off: {row.id}" in home.joinpath("logs", "server.log").read_text("utf-8")
    assert not any("cut off" in message for message in following.log())
