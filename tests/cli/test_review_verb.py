"""``lsp-agent review``: what is printed in each format, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Command
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint

OLD = "def area(w, h):\n    return w * h\n"
NEW = "def area(w, h):\n    spare = 1\n    return w + h\n"
ROWS = [
    {
        "quote": "w + h", "severity": "warning", "category": "bug",
        "message": "An area is 100% a product:\nnot a sum, ever.", "confidence": 0.9,
        "fix": "w * h",
    },
    {
        "quote": "spare = 1", "severity": "warning", "category": "unused",
        "message": "`spare` is never used.", "confidence": 0.8, "fix": None,
    },
    {
        "quote": "w - h", "severity": "warning", "category": "bug", "message": "Made up.",
        "confidence": 1, "fix": None,
    },
]  # fmt: skip
ANSWER = Reply(text=json.dumps(ROWS))
NAME = "a, é.py"


def git(folder: Path, *arguments: str) -> None:
    base = ["git", "-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "init.defaultBranch=main"]
    subprocess.run([*base, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def changed(work: Path) -> Path:
    """Return a repository with one changed file."""
    git(work, "init", "-q")
    (work / NAME).write_text(OLD, "utf-8")
    git(work, "add", "-A")
    git(work, "commit", "-qm", "first")
    (work / NAME).write_text(NEW, "utf-8")
    return work


@pytest.fixture
def review(
    lsp_agent: Command, use_remote: Callable[..., None], changed: Path
) -> Callable[..., Any]:
    def run(*arguments: str, reply: Reply = ANSWER) -> Any:
        with ScriptedEndpoint([reply]) as endpoint:
            use_remote(endpoint.base_url)
            done = lsp_agent("review", *arguments)
            return done, endpoint.requests

    return run


def test_lines_as_compilers_print_them(review: Callable[..., Any]) -> None:
    done, asked = review()
    assert done.status == 0
    assert done.out == (
        f"{NAME}:2:5: warning: `spare` is never used. [unused, confirmed by the scopes]\n"
        f"{NAME}:3:12: information: An area is 100% a product: not a sum, ever. [bug]\n"
    )
    assert done.err == ""
    again, more = review()
    assert again.out == done.out
    assert (len(asked), more) == (1, [])


def test_json_has_all_of_it(review: Callable[..., Any]) -> None:
    done, _ = review("--format", "json")
    found = json.loads(done.out)
    assert {key: found[key] for key in ("asked", "known", "dropped", "dismissed")} == {
        "asked": 1, "known": 0, "dropped": 1, "dismissed": 0,
    }  # fmt: skip
    unused, bug = found["findings"]
    assert bug["range"] == {"start": {"line": 3, "column": 12}, "end": {"line": 3, "column": 17}}
    assert (bug["fix"], bug["quote"], bug["confirmedBy"]) == ("w * h", "w + h", None)
    assert unused["confirmedBy"] == "the scopes"
    assert bug["id"] != unused["id"]


def test_github_gets_its_commands_escaped(review: Callable[..., Any]) -> None:
    done, _ = review("--format", "github")
    place = "file=a%2C é.py,line=3,endLine=3,col=12,endColumn=17"
    assert done.out.splitlines()[1] == (
        f"::notice {place},title=lsp-agent%3A bug::An area is 100%25 a product: not a sum, ever."
    )
    assert done.out.startswith("::warning file=")


# The parts of the OASIS schema that a log of ours uses: names, types, and what must be there.
SHAPES: dict[str, dict[str, str]] = {
    "log": {"$schema": "text!", "version": "text!", "runs": "[run]!"},
    "run": {
        "tool": "tool!", "columnKind": "text", "originalUriBaseIds": "bases", "results": "[result]",
    },
    "bases": {"%SRCROOT%": "base"},
    "base": {"uri": "text", "description": "message"},
    "tool": {"driver": "driver!"},
    "driver": {"name": "text!", "version": "text", "semanticVersion": "text", "rules": "[rule]"},
    "rule": {
        "id": "text!", "name": "text", "shortDescription": "message", "defaultConfiguration": "on",
    },
    "on": {"level": "text"},
    "message": {"text": "text!"},
    "result": {
        "ruleId": "text", "ruleIndex": "number", "level": "text", "message": "message!",
        "locations": "[location]", "partialFingerprints": "texts", "rank": "number",
        "properties": "bag", "fixes": "[fix]",
    },
    "location": {"physicalLocation": "physical"},
    "physical": {"artifactLocation": "artifact!", "region": "region"},
    "artifact": {"uri": "text", "uriBaseId": "text"},
    "region": {
        "startLine": "number", "startColumn": "number", "endLine": "number",
        "endColumn": "number", "snippet": "message",
    },
    "fix": {"description": "message", "artifactChanges": "[change]!"},
    "change": {"artifactLocation": "artifact!", "replacements": "[replacement]!"},
    "replacement": {"deletedRegion": "region!", "insertedContent": "message"},
}  # fmt: skip


def check_shape(value: Any, shape: str) -> None:
    """Check a part of a log against the schema's names and types."""
    if shape.startswith("["):
        assert isinstance(value, list)
        for one in value:
            check_shape(one, shape.strip("[]"))
    elif shape in SHAPES:
        parts = SHAPES[shape]
        assert set(value) <= set(parts), shape
        assert {name for name, kind in parts.items() if kind.endswith("!")} <= set(value)
        for name, one in value.items():
            check_shape(one, parts[name].rstrip("!"))
    elif shape in ("texts", "bag"):
        assert all(isinstance(one, str) for one in value.values())
    else:
        assert isinstance(value, {"text": str, "number": (int, float)}[shape])


def test_sarif_has_the_shape_of_its_schema(review: Callable[..., Any]) -> None:
    done, _ = review("--format", "sarif")
    log = json.loads(done.out)
    check_shape(log, "log")
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == ["unused", "bug"]
    assert run["columnKind"] == "unicodeCodePoints"
    for one in run["results"]:
        assert rules[one["ruleIndex"]] == one["ruleId"]
        assert one["level"] in ("error", "warning", "note")
        assert 0 <= one["rank"] <= 100
    physical = run["results"][1]["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"]["uri"] == "a%2C%20%C3%A9.py"
    assert physical["region"]["snippet"]["text"] == "w + h"
    (change,) = run["results"][1]["fixes"][0]["artifactChanges"]
    assert change["replacements"][0]["insertedContent"]["text"] == "w * h"


def test_nothing_found_is_an_empty_log(review: Callable[..., Any]) -> None:
    done, _ = review("--format", "sarif", reply=Reply(text="[]"))
    log = json.loads(done.out)
    check_shape(log, "log")
    assert log["runs"][0]["results"] == []
    assert review()[0].out == ""


def test_it_fails_only_on_what_it_is_told_to(review: Callable[..., Any]) -> None:
    assert review("--fail-on", "error")[0].status == 0
    assert review("--fail-on", "warning")[0].status == 1
    done = review("--fail-on", "information", "--set", "review.confidence=0.85")[0]
    assert done.status == 1
    assert done.out.count("\n") == 1


def test_syntax_errors_are_found_without_a_model(lsp_agent: Command, changed: Path) -> None:
    (changed / NAME).write_text("def area(w, h):\n    return (w\n", "utf-8")
    done = lsp_agent("review", "--fail-on", "error")
    assert ": error: " in done.out
    assert "confirmed by the parser]" in done.out
    assert done.status == 3
    assert "only syntax was checked: review needs a larger model" in done.err


def test_a_base_and_what_can_not_be_reviewed(
    review: Callable[..., Any], lsp_agent: Command, changed: Path, tmp_path: Path
) -> None:
    git(changed, "checkout", "-qb", "topic")
    git(changed, "commit", "-qam", "second")
    assert review()[0].out == ""
    assert review("--base", "main")[0].out.count("\n") == 2
    wrong = review("--base", "nothing")[0]
    assert (wrong.status, wrong.out) == (2, "")
    assert wrong.err.startswith("lsp-agent: 'nothing' names no commit here; give a branch")
    assert lsp_agent("review", "--format", "xml").status == 2
    bare = tmp_path / "bare"
    bare.mkdir()
    done = lsp_agent("review", "--workspace", str(bare))
    assert done.status == 2
    assert "is not in a git repository" in done.err


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for another process")
def test_a_signal_cancels_and_what_was_answered_is_kept(
    lsp_agent: Command, use_remote: Callable[..., None], changed: Path
) -> None:
    (changed / "b.py").write_text(NEW, "utf-8")
    with ScriptedEndpoint([ANSWER, Reply(stall_after=0), Reply(text="[]")]) as endpoint:
        use_remote(endpoint.base_url)
        process = subprocess.Popen(
            [sys.executable, "-m", "lsp_agent", "review"],
            cwd=changed,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        deadline = time.monotonic() + 30
        while len(endpoint.requests) < 2 and time.monotonic() < deadline:
            endpoint.arrived.wait(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out, err) == (130, b"", b"cancelled\n")
        assert lsp_agent("review").out.count(NAME) == 2
        assert len(endpoint.requests) == 3


def test_a_model_that_is_not_there(
    lsp_agent: Command, use_remote: Callable[..., None], changed: Path
) -> None:
    use_remote("http://127.0.0.1:9/v1")
    done = lsp_agent("review")
    assert done.status == 3
    assert done.out == ""
    assert lsp_agent("runs", "list").out.count("failed") == 1
