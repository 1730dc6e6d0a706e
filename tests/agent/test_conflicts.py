"""Conflict markers: found, explained, resolved by rule or by the model, never left behind."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from lsp_agent.actions.explain_conflict import ACTION as EXPLAIN
from lsp_agent.actions.resolve_conflict import ACTION as RESOLVE
from lsp_agent.actions.spec import Place
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.workspace.conflicts import find_conflicts
from lsp_agent.workspace.positions import Position, Range
from tests.agent.conftest import Stage
from tests.support.scripted_engine import ScriptedEngine

LOCAL = {"kind": "llama-cpp", "native_tools": False, "grammar": True}
NARROW = {**LOCAL, "jobs": frozenset({"fix"}), "languages": frozenset({"python"})}


def block(ours: str, theirs: str, base: str | None = None) -> str:
    middle = f"||||||| base\n{base}" if base is not None else ""
    return f"a = 0\n<<<<<<< HEAD\n{ours}{middle}=======\n{theirs}>>>>>>> topic\nz = 0\n"


def place(text: str, line: int = 2) -> Place:
    at = Range(Position(line, 0), Position(line, 0))
    return Place("a.py", SyntaxDocument.parse(text, "python"), at)


@pytest.mark.parametrize(
    ("text", "after", "title"),
    [
        (block("x = 1\n", "x = 1\n"), "a = 0\nx = 1\nz = 0\n", "both are equal"),
        (block("x = 1\n", "x = 2\n", "x = 1\n"), "a = 0\nx = 2\nz = 0\n", "only topic changed it"),
        (block("", "x = 2\n", "x = 2\n"), "a = 0\nz = 0\n", "only HEAD changed it"),
        (
            block("x = 1\r\n", "x = 2\r\n", "x = 1\r\n"),
            "a = 0\nx = 2\r\nz = 0\n",
            "only topic changed it",
        ),
    ],
)
def test_one_rule_is_enough(stage: Stage, text: str, after: str, title: str) -> None:
    stage.folder.joinpath("a.py").write_bytes(text.encode())
    (offer,) = RESOLVE.offers(place(text))
    assert title in offer.title
    assert not offer.needs_model
    engine = ScriptedEngine(lambda _: pytest.fail("no model is needed"), **NARROW)
    result = stage.run(engine, RESOLVE.request(place(text), ""))
    assert result.status == "edited", result.summary
    assert result.changes[0].after == after


def test_a_model_that_leaves_a_marker_is_asked_again(stage: Stage) -> None:
    text = block("x = 1\n", "x = 2\n", "x = 0\n")
    stage.file("a.py", text)
    answers = ["<<<code\n<<<<<<< HEAD\nx = 1\n>>>code", "<<<code\nx = 3\n>>>code"]
    engine = ScriptedEngine(answers, **LOCAL)
    result = stage.run(engine, RESOLVE.request(place(text), ""))
    assert result.changes[0].after == "a = 0\nx = 3\nz = 0\n"
    asked = engine.requests[0].prompt.messages[1].content  # type: ignore[union-attr]
    assert "`HEAD` and `topic` changed this differently." in asked
    assert "conflict marker" in engine.requests[1].prompt.messages[-1].content  # type: ignore[union-attr]


def test_a_model_that_always_leaves_one_is_refused(stage: Stage) -> None:
    text = block("x = 1\n", "x = 2\n")
    stage.file("a.py", text)
    answer = "<<<code\nx = 1\n>>>>>>> topic\n>>>code"
    result = stage.run(ScriptedEngine([answer], **LOCAL), RESOLVE.request(place(text), ""))
    assert result.status == "rejected"
    assert stage.folder.joinpath("a.py").read_text() == text


def test_a_narrow_model_is_not_asked(stage: Stage) -> None:
    text = block("x = 1\n", "x = 2\n")
    stage.file("a.py", text)
    result = stage.run(ScriptedEngine(["no"], **NARROW), RESOLVE.request(place(text), ""))
    assert result.status == "failed"
    assert "larger model" in result.summary


@pytest.mark.parametrize(
    "text",
    [
        "x = 1\n=======\n",
        "<<<<<<< HEAD\nx = 1\n=======\n",
        "<<<<<<< HEAD\nx = 1\n>>>>>>> topic\n",
        "x = '<<<<<<< HEAD'\n",
        "Title\n=======\ntext\n>>>>>>> topic\n",
    ],
)
def test_no_conflict(text: str) -> None:
    assert find_conflicts(text) == []
    assert RESOLVE.offers(place(text, 0)) == EXPLAIN.offers(place(text, 0)) == []


def test_the_one_at_the_cursor_is_meant(stage: Stage) -> None:
    text = block("x = 1\n", "x = 1\n") + block("y = 1\n", "y = 1\n")
    stage.file("a.py", text)
    result = stage.run(ScriptedEngine(["no"], **LOCAL), RESOLVE.request(place(text, 10), ""))
    assert result.changes[0].after == block("x = 1\n", "x = 1\n") + "a = 0\ny = 1\nz = 0\n"
    assert RESOLVE.offers(place(text, 7)) == []


def git(folder: Path, *arguments: str, check: bool = True) -> None:
    base = [
        "git",
        "-c",
        "user.name=Ada",
        "-c",
        "user.email=a@b.c",
        "-c",
        "merge.conflictStyle=merge",
    ]
    subprocess.run([*base, *arguments], cwd=folder, check=check, capture_output=True)


def test_the_commits_of_a_real_merge_are_named(stage: Stage) -> None:
    folder = stage.folder
    git(folder, "init", "-q", "-b", "main")
    stage.file("a.py", "x = 0\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first")
    git(folder, "checkout", "-qb", "topic")
    stage.file("a.py", "x = 2\n")
    git(folder, "commit", "-qam", "make it two")
    git(folder, "checkout", "-q", "main")
    stage.file("a.py", "x = 1\n")
    git(folder, "commit", "-qam", "make it one")
    git(folder, "merge", "topic", check=False)
    text = folder.joinpath("a.py").read_text()
    engine = ScriptedEngine(lambda _: pytest.fail("no model is needed"), **NARROW)
    result = stage.run(engine, EXPLAIN.request(place(text, 0), ""))
    assert result.status == "answered"
    assert ": make it one) has:\n```\nx = 1\n```" in result.text
    assert ": make it two) has:\n```\nx = 2\n```" in result.text
