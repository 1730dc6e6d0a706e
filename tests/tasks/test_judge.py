"""The judge: what tells that a task is solved, and what is said where nothing can tell."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from lsp_agent.tasks.judge import commands_of, judge, judge_text
from lsp_agent.tasks.load import load_tasks
from lsp_agent.tasks.spec import Task
from tests.support.open_sandbox import OpenSandbox

BUILTIN = load_tasks("builtin")
PROGRAMS = {"javascript": "node", "rust": "rustc", "java": "javac", "go": "go"}
HERE = [
    one
    for one in BUILTIN
    if one.hidden and not one.wants_text
    if one.language == "python" or shutil.which(PROGRAMS.get(one.language, "")) is not None
]
SMALL = [one for one in HERE if one.language in ("python", "javascript")]


def lay_out(folder: Path, *texts: dict[str, str | None]) -> Path:
    for path, text in (pair for files in texts for pair in files.items()):
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        if text is not None:
            file.write_text(text, "utf-8")
    return folder


@pytest.mark.parametrize("task", [one for one in HERE if one.answer], ids=lambda one: one.id)
def test_the_answer_of_a_task_solves_it(task: Task, tmp_path: Path) -> None:
    folder = lay_out(tmp_path, dict(task.files), dict(task.answer))
    found = judge(task, folder, OpenSandbox())
    assert (found.solved, found.why) == (True, "")


@pytest.mark.parametrize("task", SMALL, ids=lambda one: one.id)
def test_a_change_that_does_nothing_solves_no_task(task: Task, tmp_path: Path) -> None:
    changed = {task.path: task.files[task.path] + "\n"}
    found = judge(task, lay_out(tmp_path, dict(task.files), changed), OpenSandbox())
    assert not found.solved
    assert found.why


@pytest.mark.parametrize("task", [one for one in BUILTIN if one.says], ids=lambda one: one.id)
def test_words_are_judged_by_what_they_say(task: Task) -> None:
    assert judge_text(task, task.replies[0]).solved
    assert "does not say" in judge_text(task, "I don't know.").why


def test_untouched_files_solve_nothing(tmp_path: Path) -> None:
    found = judge(SMALL[0], lay_out(tmp_path, dict(SMALL[0].files)), OpenSandbox())
    assert (found.solved, found.why) == (False, "nothing was changed")


def test_a_text_that_does_not_parse_solves_nothing(tmp_path: Path) -> None:
    task = replace(SMALL[0], hidden={})
    found = judge(task, lay_out(tmp_path, {task.path: "def (:\n"}), OpenSandbox())
    assert not found.solved
    assert "does not parse" in found.why


def test_without_a_toolchain_the_text_decides_and_that_is_said(tmp_path: Path) -> None:
    go = next(one for one in BUILTIN if one.id == "go-fix-missing-import")
    task = replace(go, commands=(("no-such-go", "run", "check.go"),))
    right = judge(task, lay_out(tmp_path, dict(task.files), dict(task.answer)), OpenSandbox())
    assert (right.solved, right.note) == (True, "tests not run: there is no no-such-go here")
    blind = judge(replace(task, has=(), lacks=()), tmp_path, OpenSandbox())
    assert (blind.solved, blind.why) == (False, right.note)
    wrong = judge(task, lay_out(tmp_path, {task.path: "package main\n"}), OpenSandbox())
    assert (wrong.solved, wrong.note) == (False, "")


def test_without_a_sandbox_no_test_is_run(tmp_path: Path) -> None:
    task = next(one for one in SMALL if one.answer and not (one.has or one.lacks))
    found = judge(task, lay_out(tmp_path, dict(task.files), dict(task.answer)), None)
    assert (found.solved, found.why) == (False, "tests not run: there is no sandbox here")
    assert not (tmp_path / "check.py").exists()


def test_a_task_without_a_way_to_run_its_tests_says_so(tmp_path: Path) -> None:
    task = replace(SMALL[0], hidden={"test.lua": ""}, commands=())
    assert commands_of(task, tmp_path) == ([], "no way to run test.lua")
