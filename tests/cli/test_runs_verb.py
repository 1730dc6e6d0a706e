from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint, call

EDIT = Reply(tool_calls=(call("write_file", path="new.txt", content="größe\n"),))


@pytest.fixture
def two_runs(lsp_agent: Command, use_remote: Callable[..., None]) -> None:
    with ScriptedEndpoint([EDIT, Reply(text="Made it."), Reply(text="An answer.")]) as endpoint:
        use_remote(endpoint.base_url)
        assert lsp_agent("run", "make a file").status == 0
        assert lsp_agent("run", "say something\nin two lines").status == 0


def test_lists_the_newest_first(lsp_agent: Command, two_runs: None) -> None:
    rows = json.loads(lsp_agent("runs", "list", "--json").out)
    assert [row["title"] for row in rows] == ["say something", "make a file"]
    assert [row["status"] for row in rows] == ["answered", "edited"]
    listed = lsp_agent("runs", "list").out.splitlines()
    assert [line.split()[0] for line in listed] == [row["id"] for row in rows]
    assert listed[0].endswith("say something")
    assert len(lsp_agent("runs", "list", "--limit", "1").out.splitlines()) == 1


def test_the_list_says_what_became_of_an_edit(
    lsp_agent: Command, use_remote: Callable[..., None]
) -> None:
    other = Reply(tool_calls=(call("write_file", path="b.txt", content="b\n"),))
    done = Reply(text="Made it.")
    with ScriptedEndpoint([EDIT, done, EDIT, done, other, done]) as endpoint:
        use_remote(endpoint.base_url)
        for options in ((), ("--apply",), ("--apply",)):
            assert lsp_agent("run", "make a file", *options).status == 0
    assert lsp_agent("runs", "undo").status == 0
    rows = json.loads(lsp_agent("runs", "list", "--json").out)
    assert [row["changes"] for row in rows] == ["applied", "undone", "applied", ""]
    listed = lsp_agent("runs", "list").out.splitlines()
    states = ["edited, applied", "edited, undone", "edited, applied", "edited  "]
    for line, state in zip(listed, states, strict=True):
        assert f"  {state}" in line


def test_a_prefix_is_enough(lsp_agent: Command, two_runs: None) -> None:
    newest, oldest = json.loads(lsp_agent("runs", "list", "--json").out)
    prefix = next(
        oldest["id"][:size] for size in range(1, 14) if oldest["id"][:size] != newest["id"][:size]
    )
    shown = json.loads(lsp_agent("runs", "show", prefix, "--json").out)
    assert shown["id"] == oldest["id"]
    assert shown["events"][0]["type"] == "run_started"
    assert shown["events"][-1] == {
        **shown["events"][-1],
        "type": "run_finished",
        "status": "edited",
    }
    words = lsp_agent("runs", "show", prefix).out
    assert "write_file" in words
    assert "+größe" in words


def test_what_is_not_there(lsp_agent: Command) -> None:
    empty = lsp_agent("runs", "list")
    assert (empty.status, empty.out, empty.err) == (0, "", "no runs yet\n")
    assert lsp_agent("runs", "list", "--json").out == "[]\n"
    audit = lsp_agent("runs", "audit")
    assert (audit.status, audit.out, audit.err) == (0, "", "no audit rows yet\n")
    export = lsp_agent("runs", "export", "--audit")
    assert (export.status, export.out, export.err) == (0, "", "")
    nothing = lsp_agent("runs", "undo")
    assert (nothing.status, nothing.out, nothing.err.count("\n")) == (1, "", 1)


@pytest.mark.parametrize("words", [["show"], ["undo"], ["resume"], ["export"], ["purge", "--yes"]])
def test_a_run_that_is_not_there(lsp_agent: Command, words: list[str]) -> None:
    none = lsp_agent("runs", *words, "zzz")
    assert (none.status, none.out) == (2, "")
    assert none.err == "lsp-agent: no run starts with 'zzz'; see: lsp-agent runs list\n"


@pytest.mark.parametrize(
    "words",
    [["list"], ["show", "1"], ["undo"], ["undo", "1"], ["resume", "1"], ["export"], ["audit"],
     ["audit", "--verify"], ["purge", "--all", "--yes"]],
    ids=" ".join,
)  # fmt: skip
def test_a_journal_of_a_newer_version_is_left_alone(
    lsp_agent: Command, home: Path, words: list[str]
) -> None:
    path = home / "journal.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("pragma user_version = 99")
    before = path.read_bytes()
    done = lsp_agent("runs", *words)
    assert (done.status, done.out) == (1, "")
    assert done.err.count("\n") == 1
    assert "written by a newer lsp-agent; update this one" in done.err
    assert path.read_bytes()[100:] == before[100:]


def test_a_broken_journal_is_said(lsp_agent: Command, home: Path) -> None:
    home.joinpath("journal.sqlite").write_bytes(b"no database, but long enough to be read" * 9)
    done = lsp_agent("runs", "list")
    assert "journal was corrupt" in done.err
    assert done.status == 0
