"""Edits that are found by rule: no model is asked, and the checks are those of every edit."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_agent.agent.requests import from_json, to_json
from lsp_agent.agent.types import FileEdits, RunRequest
from lsp_agent.workspace.edits import TextEdit
from lsp_agent.workspace.positions import Position, Range
from tests.agent.conftest import Stage
from tests.support.scripted_engine import ScriptedEngine


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def edit(line: int, start: int, end: int, new_text: str) -> TextEdit:
    return TextEdit(Range(Position(line, start), Position(line, end)), new_text)


def given(*files: FileEdits) -> RunRequest:
    return RunRequest("rename it", form="given", answer="edit", needs_model=False, edits=files)


def test_files_change_as_given(stage: Stage) -> None:
    stage.file("a.py", "x = 1\nprint(x)\n")
    stage.file("b.py", "from a import x\n")
    asked = given(
        FileEdits("a.py", (edit(1, 6, 7, "count"), edit(0, 0, 1, "count"))),
        FileEdits("b.py", (edit(0, 14, 15, "count"),)),
    )
    result = stage.run(ScriptedEngine([]), from_json(to_json(asked)))
    assert result.status == "edited"
    texts = {change.path: change.after for change in result.changes}
    assert texts == {"a.py": "count = 1\nprint(count)\n", "b.py": "from a import count\n"}


def test_a_new_syntax_error_is_refused(stage: Stage) -> None:
    stage.file("a.py", "x = 1\n")
    result = stage.run(ScriptedEngine([]), given(FileEdits("a.py", (edit(0, 0, 1, "("),))))
    assert result.status == "rejected"
    assert "syntax" in result.summary
