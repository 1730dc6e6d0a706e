"""All reports of a kind: by the linter's own fix, else by the model; each file by itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lsp_agent.actions.fix_all import FILE, WORKSPACE
from lsp_agent.actions.spec import Action, Place
from lsp_agent.agent.types import RunResult
from lsp_agent.cancel import CancelToken
from lsp_agent.engine.types import Delta, Request
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.verify.programs import Programs
from lsp_agent.workspace.positions import Position, Range
from tests.agent.conftest import Stage
from tests.agent.test_verified_edits import DIRECT, ENV
from tests.support.scripted_engine import ScriptedEngine

A = "import os\nimport re\nimport sys\n\nprint(sys.path)\n"
B = "import json\n\nx: int = 1\n"
BAD = "def total(items):\n    return sum(itms)\n"
START = Range(Position(0, 0), Position(0, 0))


@pytest.fixture
def project(stage: Stage) -> Stage:
    stage.programs = Programs(ENV, lambda _: True)
    stage.file("ruff.toml", 'lint.select = ["F", "UP"]\ntarget-version = "py311"\n')
    return stage


def run(
    stage: Stage, action: Action, code: str, engine: ScriptedEngine, path: str, **agent: object
) -> RunResult:
    text = (stage.folder / path).read_text()
    place = Place(path, SyntaxDocument.read(path, text), START)
    return stage.run(engine, action.request(place, code), refine_passes=0, **agent)


def test_the_linter_fixes_what_it_can_without_a_model(project: Stage) -> None:
    project.file("a.py", A)
    project.file("b.py", B)
    engine = ScriptedEngine([])
    result = run(project, FILE, "F401", engine, "a.py")
    assert result.status == "edited", result.summary
    assert [(one.path, one.after) for one in result.changes] == [
        ("a.py", "import sys\n\nprint(sys.path)\n")
    ]
    assert result.summary == "fixed 2 of F401 in 1 file"
    result = run(project, WORKSPACE, "code:F401", engine, "a.py")
    assert [one.path for one in result.changes] == ["a.py", "b.py"]
    assert result.changes[1].after == "x: int = 1\n"
    assert not engine.requests


def test_a_file_of_nothing_else_becomes_empty(project: Stage) -> None:
    project.file("a.py", "import os\nimport sys\n")
    result = run(project, FILE, "F401", ScriptedEngine([]), "a.py")
    assert result.summary == "fixed 2 of F401 in 1 file"
    assert result.changes[0].after == ""


def test_a_file_that_the_linter_leaves_out_stays_as_it_is(project: Stage) -> None:
    project.file("ruff.toml", 'extend-exclude = ["a.py"]\n')
    project.file("a.py", "import os\n")
    result = run(project, FILE, "", ScriptedEngine([]), "a.py")
    assert (result.status, result.changes) == ("no_change", ())


def test_without_a_code_all_safe_fixes_are_made(project: Stage) -> None:
    project.file("a.py", "import os\nfrom typing import List\n\nx: List[int] = []\ny = undefined\n")
    result = run(project, FILE, "", ScriptedEngine([]), "a.py")
    assert result.status == "edited", result.summary
    assert result.changes[0].after == "x: list[int] = []\ny = undefined\n"


def test_the_model_does_the_rest_and_what_fails_is_left_out_and_named(project: Stage) -> None:
    for name in ("a.py", "b.py", "c.py"):
        project.file(name, BAD)

    def answer(_request: object) -> str:
        count = len(engine.requests)
        body = ["sum(items)", "summed(items)", "sum(items)"][count - 1]
        return f"<<<code\ndef total(items):\n    return {body}\n>>>code"

    engine = ScriptedEngine(answer, **DIRECT)
    result = run(project, WORKSPACE, "F821", engine, "a.py")
    assert result.status == "edited", result.summary
    assert [one.path for one in result.changes] == ["a.py", "c.py"]
    assert len(engine.requests) == 3
    assert result.summary.startswith("fixed 2 of F821 in 2 files; left: b.py (")
    steps = [event.data for event in project.of("verification") if event.data["check"] == "lint"]
    assert not all(step["ok"] for step in steps)


def test_without_a_model_that_can_it_says_so(project: Stage) -> None:
    project.file("a.py", BAD)
    engine = ScriptedEngine([], kind="llama-cpp", model="tiny.gguf", jobs=("document",))
    result = run(project, FILE, "F821", engine, "a.py")
    assert result.status == "rejected"
    assert "fix needs a larger model than tiny.gguf" in result.summary


class _Slow(ScriptedEngine):
    """Writes on and on."""

    def generate(self, request: Request, cancel: CancelToken) -> Iterator[Delta]:
        self.requests.append(request)
        while not cancel.wait(0.01):
            yield Delta(text="and on ")


def test_the_time_of_a_run_is_that_of_all_its_files(project: Stage) -> None:
    for name in ("a.py", "b.py", "c.py"):
        project.file(name, BAD)
    engine = _Slow([], **DIRECT)
    result = run(project, WORKSPACE, "F821", engine, "a.py", max_seconds=0.2)
    assert result.status == "rejected"
    assert result.summary.count("used its 0.2 seconds") == 3
    assert len(engine.requests) < 2


def test_each_report_has_all_the_steps(project: Stage) -> None:
    for name in ("a.py", "b.py"):
        project.file(name, BAD)
    good = "<<<code\ndef total(items):\n    return sum(items)\n>>>code"
    engine = ScriptedEngine([good], **DIRECT)
    result = run(project, WORKSPACE, "F821", engine, "a.py", max_steps=1)
    assert result.summary == "fixed 2 of F821 in 2 files"


def test_nothing_to_fix(project: Stage) -> None:
    project.file("a.py", "x = 1\n")
    result = run(project, FILE, "F401", ScriptedEngine([]), "a.py")
    assert (result.status, result.summary) == ("no_change", "nothing reports F401 here")


def test_cancelled_between_files(project: Stage) -> None:
    for name in ("a.py", "b.py"):
        project.file(name, BAD)

    def answer(_request: object) -> str:
        project.cancel.cancel()
        return f"<<<code\n{BAD}>>>code"

    result = run(project, WORKSPACE, "F821", ScriptedEngine(answer, **DIRECT), "a.py")
    assert (result.status, result.changes) == ("cancelled", ())
