"""Rewrites and new files from the command line."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lsp_agent.actions.spec import load_actions
from lsp_agent.config.model import Settings
from lsp_agent.sandbox.choose import find_sandbox
from tests.cli.conftest import Command
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint

SANDBOX = find_sandbox(Settings().sandbox, os.environ)[0]
HELD = SANDBOX is not None and {"files", "network"} <= SANDBOX.abilities
UseRemote = Callable[..., None]
STUB = "def double(n):\n    pass\n"


def test_implement_and_then_why(lsp_agent: Command, use_remote: UseRemote, work: Path) -> None:
    source = work / "a.py"
    source.write_text(STUB, "utf-8")
    answer = Reply(text="```python\ndef double(n):\n    return 2 * n\n```")
    with ScriptedEndpoint([answer]) as endpoint:
        use_remote(endpoint.base_url)
        done = lsp_agent("action", "implement", "a.py:2", "--instruction", "no addition", "--apply")
        asked = json.dumps(endpoint.requests[0])
    assert done.status == 0, done.err
    assert source.read_text("utf-8") == "def double(n):\n    return 2 * n\n"
    assert "no addition" in asked
    why = lsp_agent("action", "explain_edit", "a.py:2")
    assert why.status == 0, why.err
    assert "**Implement double**" in why.out
    assert "no addition" in why.out
    assert "line 2 as of now" in why.out


def test_modernise_names_the_version(lsp_agent: Command, use_remote: UseRemote, work: Path) -> None:
    (work / "a.py").write_text('def f(a):\n    return "%s" % a\n', "utf-8")
    (work / "pyproject.toml").write_text('[project]\nrequires-python = ">=3.9"\n', "utf-8")
    answer = Reply(text='```python\ndef f(a):\n    return f"{a}"\n```')
    with ScriptedEndpoint([answer]) as endpoint:
        use_remote(endpoint.base_url)
        done = lsp_agent("action", "modernise", "a.py:1")
        asked = json.dumps(endpoint.requests[0])
    assert done.status == 0, done.err
    assert '+    return f"{a}"' in done.out
    assert "Python >=3.9" in asked


@pytest.mark.skipif(not HELD, reason="no sandbox holds files and network here")
def test_optimise_measures_in_the_sandbox(
    lsp_agent: Command, use_remote: UseRemote, work: Path
) -> None:
    action = load_actions(pytest.fail)["optimise"]
    source = work / "a.py"
    source.write_text(action.example.before.replace("$0", ""), "utf-8")
    cases = "CASES = [([],), (list(range(1500)),)]\ndef call(items):\n    return unique(items)"
    replies = [f"```python\n{cases}\n```", f"```python\n{action.example.after}```"]
    for trusted in (False, True):
        with ScriptedEndpoint([Reply(text=text) for text in replies]) as endpoint:
            use_remote(endpoint.base_url)
            done = lsp_agent("action", "optimise", "a.py:1", "--apply")
        if not trusted:
            assert done.status == 1
            assert "nothing can be measured: the folder is not trusted" in done.err
            assert lsp_agent("trust", ".").status == 0
    assert done.status == 0, done.err
    assert source.read_text("utf-8") == action.example.after
    assert "times as fast" in done.err + lsp_agent("runs", "list").out


def test_translate_prints_the_other_language(
    lsp_agent: Command, use_remote: UseRemote, work: Path
) -> None:
    (work / "a.py").write_text(STUB, "utf-8")
    with ScriptedEndpoint([Reply(text="```go\nfunc double() {}\n```")]) as endpoint:
        use_remote(endpoint.base_url)
        done = lsp_agent("action", "translate", "a.py:1-2", "--instruction", "Go")
        asked = json.dumps(endpoint.requests[0])
    assert (done.status, done.out) == (0, "```go\nfunc double() {}\n```\n")
    assert "Translate this Python code to Go." in asked


def test_types_of_a_json_file_without_any_model(lsp_agent: Command, work: Path) -> None:
    (work / "user.json").write_text('{"id": 1}\n', "utf-8")
    done = lsp_agent(
        "action", "scaffold_types", "user.json", "--instruction", "dataclass", "--apply"
    )
    assert (done.status, done.out) == (0, "user.py\n")
    text = (work / "user.py").read_text("utf-8")
    assert text == "from dataclasses import dataclass\n\n\n@dataclass\nclass User:\n    id: int\n"
    again = lsp_agent("action", "scaffold_types", "user.json", "--instruction", "dataclass")
    assert again.status == 1
    assert "user.py exists already" in again.err


def test_a_page_by_its_route(lsp_agent: Command, work: Path) -> None:
    (work / "app").mkdir()
    (work / "app" / "page.tsx").write_text("export default () => null;\n", "utf-8")
    done = lsp_agent(
        "action", "scaffold_page", "app/page.tsx", "--instruction", "/users/[id]", "--apply"
    )
    assert done.status == 0, done.err
    assert "UsersPage" in (work / "app/users/[id]/page.tsx").read_text("utf-8")


def test_what_does_not_apply_says_so(lsp_agent: Command, work: Path) -> None:
    (work / "a.py").write_text("x = 1\n", "utf-8")
    for action, words in (
        ("implement", "there is no stub to implement here"),
        ("convert", "there is no function or class here"),
        ("scaffold_types", "there is no JSON here"),
    ):
        done = lsp_agent("action", action, "a.py:1")
        assert (done.status, done.out) == (1, "")
        assert words in done.err


def test_a_commit_message_of_what_is_changed(
    lsp_agent: Command, use_remote: UseRemote, work: Path
) -> None:
    example = load_actions(pytest.fail)["commit_message"].example
    (work / "a.py").write_text("total = 1\n", "utf-8")
    done = lsp_agent("action", "commit_message", "a.py")
    assert (done.status, done.out) == (1, "")
    assert "is not in a git repository" in done.err
    for words in (("init", "-q"), ("add", "-A")):
        subprocess.run(["git", *words], cwd=work, check=True)
    with ScriptedEndpoint([Reply(text=example.after)]) as endpoint:
        use_remote(endpoint.base_url)
        done = lsp_agent("action", "commit_message", "a.py", "--json")
        assert lsp_agent("action", "commit_message", "a.py").out == f"{example.after}\n"
        asked = json.dumps(endpoint.requests[0])
    assert "+total = 1" in asked
    assert json.loads(done.out.splitlines()[-1])["tokens"] == 16
    # Without a model the files are named.
    use_remote("http://127.0.0.1:1/v1")
    assert "a.py" in lsp_agent("action", "commit_message", "a.py").out
