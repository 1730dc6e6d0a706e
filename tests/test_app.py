"""What one process keeps, and lets go of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lsp_agent.agent.types import RunRequest, RunResult
from lsp_agent.app import App
from lsp_agent.cancel import CancelToken
from lsp_agent.config.load import Sources, load_settings
from lsp_agent.config.model import Settings
from lsp_agent.config.paths import Home
from lsp_agent.events import Event
from lsp_agent.sandbox.types import Sandbox
from lsp_agent.store.journal import Journal
from lsp_agent.tools import commands
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.roots import Root
from tests.support.open_sandbox import OpenSandbox
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint, call


def test_a_folder_that_leaves_takes_all_that_is_known_of_it(tmp_path: Path) -> None:
    app = App(Settings(), Home.find({"LSP_AGENT_HOME": str(tmp_path / "home")}))
    kept, left = (Root(tmp_path / name) for name in ("kept", "left"))
    before = {root: (app.folders.index(root), app.folders.knowledge(root)) for root in (kept, left)}
    assert before[left] == (app.folders.index(left), app.folders.knowledge(left))
    app.folders.close({kept.path})
    assert before[kept] == (app.folders.index(kept), app.folders.knowledge(kept))
    # What is known of a closed index would never hear of a change again.
    assert app.folders.index(left) is not before[left][0]
    assert app.folders.knowledge(left) is not before[left][1]
    app.close()


def _run(
    tmp_path: Path, sandbox: Sandbox | None, replies: list[Reply]
) -> tuple[RunResult, list[Event], list[dict[str, Any]]]:
    """Run a task in the folder ``work`` with a model that says what the test chose."""
    events: list[Event] = []
    with ScriptedEndpoint(replies) as endpoint:
        values = {"engines.e.kind": "openai", "engines.e.base_url": endpoint.base_url}
        values |= {"engines.e.model": "m", "routes.agent": "e", "safety.approve": "never"}
        if sandbox is None:
            values["sandbox.kind"] = "none"
        loaded = load_settings(Sources(cli=values))
        assert not loaded.problems
        home = Home.find({"LSP_AGENT_HOME": str(tmp_path / "home")})
        app = App(loaded.settings, home, sandbox=sandbox)
        app.tools |= {tool.name: tool for tool in commands.TOOLS}
        result = app.run(
            RunRequest("do it"),
            Overlay(Root(tmp_path / "work")),
            cancel=CancelToken(),
            listener=events.append,
            ask=lambda _: "refuse",
        )
        app.close()
        return result, events, endpoint.requests


def test_a_runs_commands_share_one_copy_that_goes_with_it(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "a.txt").write_text("1\n")
    sandbox = OpenSandbox()
    replies = [
        Reply(tool_calls=[call("read_file", path="a.txt")]),
        Reply(tool_calls=[call("write_file", path="a.txt", content="2\n")]),
        Reply(tool_calls=[call("execute_command", command="cp a.txt b.txt")]),
        Reply(tool_calls=[call("execute_command", command="cat b.txt")]),
        Reply("done"),
    ]
    result, events, _ = _run(tmp_path, sandbox, replies)
    assert result.status == "edited"
    assert [change.path for change in result.changes] == ["a.txt"]
    previews = [event.data["preview"] for event in events if event.type == "tool_result"]
    assert "\n2\n" in previews[3]
    assert len({command.folder for command in sandbox.commands}) == 1
    assert not sandbox.commands[0].folder.exists()
    assert (tmp_path / "work" / "a.txt").read_text() == "1\n"
    assert list((tmp_path / "home" / "cache" / "copies").iterdir()) == []


def test_tools_that_run_programs_need_a_sandbox(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    for sandbox in (None, OpenSandbox()):
        _, _, requests = _run(tmp_path, sandbox, [Reply("nothing to do")])
        offered = {tool["function"]["name"] for tool in requests[-1]["tools"]}
        assert "read_file" in offered
        assert ("execute_command" in offered) == (sandbox is not None)
        assert not (tmp_path / "home" / "cache" / "copies").exists()


def test_changed_settings_are_audited_by_name_and_taken_by_the_journal(tmp_path: Path) -> None:
    home = Home.find({"LSP_AGENT_HOME": str(tmp_path / "home")})
    app = App(Settings(), home, env={"SECRET": "word"})
    changed = Settings.model_validate(
        {"journal": {"passphrase_env": "SECRET"}, "safety": {"network": True}, "exclude": ["x"]}
    )
    app.reconfigure(changed)
    app.reconfigure(changed)
    app.close()
    (row,) = Journal(home.journal, env={"SECRET": "word"}).audit()
    assert row.kind == "settings_changed"
    assert sorted(row.data["keys"]) == ["exclude", "journal.passphrase_env", "safety.network"]
    (blind,) = Journal(home.journal, env={}).audit()
    assert "keys" not in blind.data
