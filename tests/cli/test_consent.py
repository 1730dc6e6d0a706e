"""``--yes`` and ``--dry-run``: what is answered beforehand, and what never is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint, call

ASK = '[safety]\napprove = "always"\n'
DONE = Reply(text="Made it.")


def writes(path: str) -> list[Reply]:
    return [Reply(tool_calls=(call("write_file", path=path, content="x = 1\n"),)), DONE]


@pytest.mark.parametrize(("path", "written"), [("a.py", True), (".envrc", False)])
def test_yes_answers_for_ordinary_edits(
    lsp_agent: Command, use_remote: Callable[..., None], work: Path, path: str, written: bool
) -> None:
    with ScriptedEndpoint([*writes(path), *writes(path)]) as endpoint:
        use_remote(endpoint.base_url, ASK)
        assert "no terminal to ask on" in lsp_agent("run", "make a file", "--apply").err
        assert not work.joinpath(path).exists()
        lsp_agent("run", "make a file", "--apply", "--yes")
        assert work.joinpath(path).exists() is written


def test_yes_is_in_the_events(lsp_agent: Command, use_remote: Callable[..., None]) -> None:
    with ScriptedEndpoint(writes("a.py")) as endpoint:
        use_remote(endpoint.base_url, ASK)
        done = lsp_agent("run", "make a file", "--json", "--yes")
    events = [json.loads(line) for line in done.out.splitlines()]
    (approval,) = [event for event in events if event["type"] == "approval"]
    assert (approval["approved"], approval["source"]) == (True, "--yes")


@pytest.mark.parametrize("path", ["a.py", ".envrc"])
def test_a_dry_run_writes_nothing(
    lsp_agent: Command, use_remote: Callable[..., None], work: Path, path: str
) -> None:
    with ScriptedEndpoint(writes(path)) as endpoint:
        use_remote(endpoint.base_url, ASK)
        done = lsp_agent("run", "make a file", "--apply", "--dry-run")
    assert done.status == 0, done.err
    assert "+x = 1" in done.out
    assert "dry run" in done.err
    assert list(work.iterdir()) == []


def test_an_action_takes_both(
    lsp_agent: Command, use_remote: Callable[..., None], work: Path
) -> None:
    work.joinpath("a.py").write_text("x = 1\n")
    edit = Reply(text="<<<code\nx = 2\n>>>code")
    with ScriptedEndpoint([edit, edit]) as endpoint:
        use_remote(endpoint.base_url, ASK)
        arguments = ("action", "edit", "a.py:1", "--instruction", "two", "--apply", "--yes")
        assert lsp_agent(*arguments, "--dry-run").status == 0
        assert work.joinpath("a.py").read_text() == "x = 1\n"
        assert lsp_agent(*arguments).status == 0
        assert work.joinpath("a.py").read_text() == "x = 2\n"


@pytest.mark.parametrize(
    ("options", "allowed", "ran"),
    [((), '["true"]', True), ((), "[]", False), (("--dry-run",), '["true"]', False)],
)
def test_the_audit_names_a_command_only_if_it_ran(
    lsp_agent: Command,
    use_remote: Callable[..., None],
    options: tuple[str, ...],
    allowed: str,
    ran: bool,
) -> None:
    settings = f'[safety]\nallowed_commands = {allowed}\n[sandbox]\nkind = "none"\n'
    calls = Reply(tool_calls=(call("execute_command", command="true"),))
    with ScriptedEndpoint([calls, DONE]) as endpoint:
        use_remote(endpoint.base_url, f"{settings}unprotected = true\n")
        assert lsp_agent("trust", ".").status == 0
        assert lsp_agent("run", "run it", *options).status == 0
    rows = json.loads(lsp_agent("runs", "audit", "--json").out)
    assert ("command_run" in [row["kind"] for row in rows]) is ran
    (answer,) = [row["data"] for row in rows if row["kind"] == "approval"]
    source = "--dry-run" if options else "policy" if ran else "user"
    assert answer == {
        "title": "Allow execute_command?",
        "approved": ran,
        "decision": "allow" if ran else "refuse",
        "source": source,
        "tool": "execute_command",
    }
