"""Why lines are as a run left them: from a real journal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.actions.explain_edit import ACTION
from lsp_agent.actions.spec import Place
from lsp_agent.agent.explain_edit_run import made_lines
from lsp_agent.agent.requests import to_json
from lsp_agent.agent.types import DiagnosticNote, Focus, RunRequest, RunResult
from lsp_agent.app import App
from lsp_agent.cancel import CancelToken
from lsp_agent.config.model import Settings
from lsp_agent.config.paths import Home
from lsp_agent.events import Event
from lsp_agent.store.changes import Changes, State
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.workspace.overlay import FileChange, Overlay
from lsp_agent.workspace.positions import Position, Range
from lsp_agent.workspace.roots import Root
from tests.actions.test_actions import marked

LINES = st.lists(st.sampled_from("abcd"), max_size=8).map(
    lambda rows: "".join(f"{x}\n" for x in rows)
)


class Bench:
    """A folder with a journal of runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "work"
        self.folder.mkdir()
        self.app = App(Settings(), Home.find({"LSP_AGENT_HOME": str(folder / "home")}))

    def record(
        self, run: str, request: RunRequest, change: tuple[str, str], state: State = "applied",
        events: tuple[tuple[Any, dict[str, Any]], ...] = (),
    ) -> None:  # fmt: skip
        journal = self.app.journal
        path = request.focus.path if request.focus else "a.py"
        journal.start(run, request.title, str(self.folder), request.action, to_json(request))
        started = ("run_started", {"task": request.task, "action": "fix", "engine": "local"})
        for number, (kind, data) in enumerate((started, *events), 1):
            journal.record(Event(run, number, "2026-05-04T10:00:00.000+00:00", kind, data))
        edits = [FileChange("modify", path, "file:///a.py", *change)]
        assert Changes(journal).record(run, edits, state)

    def explain(self, source: str) -> RunResult:
        text, at = marked(source)
        self.folder.joinpath("a.py").write_text(text, "utf-8")
        place = Place("a.py", SyntaxDocument.parse(text, "python"), at)
        assert ACTION.offers(place)
        return self.app.run(
            ACTION.request(place, ""),
            Overlay(Root(self.folder)),
            cancel=CancelToken(),
            listener=lambda _event: None,
            ask=lambda _question: "refuse",
        )


@pytest.fixture
def bench(tmp_path: Path) -> Any:
    made = Bench(tmp_path)
    yield made
    made.app.close()


def fix(line: int = 0) -> RunRequest:
    at = Range(Position(line, 0), Position(line, 5))
    note = DiagnosticNote(at, "Undefined name `itms`", "error", "ruff")
    return RunRequest(
        f"Fix what is reported at line {line + 1}: Undefined name `itms`.",
        focus=Focus("a.py", at, (note,)),
        target=at,
        action="fix",
        title="Fix: Undefined name `itms`",
    )


def test_the_example(bench: Bench) -> None:
    checked = ("verification", {"check": "syntax", "ok": True, "detail": ""})
    bench.record("r1", fix(), ("total = sum(itms)\n", "total = sum(items)\n"), events=(checked,))
    result = bench.explain(ACTION.example.before)
    assert (result.status, result.text) == ("answered", ACTION.example.after)


def test_lines_are_found_again_further_down_and_the_tools_are_told(bench: Bench) -> None:
    looked = ("tool_call", {"id": "1", "name": "read_file", "arguments": {"path": "b`.py"}})
    failed = ("verification", {"check": "tests", "ok": False, "detail": "test_a failed"})
    passed = ("verification", {"check": "tests", "ok": True, "detail": "3 passed"})
    asked = ("approval", {"title": "Run pytest?", "reply": "allow"})
    bench.record(
        "r1", fix(), ("x = 1\n", "x = 2\n"), events=(looked, failed, looked, passed, asked)
    )
    said = bench.explain("# new\n\nx = $02\n").text
    assert "* `a.py`, line 3 as of now" in said
    assert said.count("* `read_file` `b'.py`") == 1
    assert "* tests passed: 3 passed" in said
    assert "* Run pytest?: allow" in said


def test_the_newest_run_that_made_the_line_counts(bench: Bench) -> None:
    bench.record("r1", fix(), ("x = 1\ny = 1\n", "x = 2\ny = 1\n"))
    bench.record("r2", fix(1), ("x = 2\ny = 1\n", "x = 2\ny = 2\n"))
    bench.record("r3", fix(1), ("x = 2\ny = 2\n", "x = 3\ny = 2\n"), "undone")
    assert "run `r1`" in bench.explain("x = $02\ny = 2\n").text
    assert "run `r2`" in bench.explain("x = 2\ny = $02\n").text


def test_a_line_of_nobody_says_so_and_names_the_last_run(bench: Bench) -> None:
    bench.record("r1", fix(), ("x = 1\n", "x = 2\n"))
    said = bench.explain("x = 2\ny = 3$0\n").text
    assert said.startswith("No recorded run made line 2. The last one that changed `a.py`:")
    assert "run `r1`" in said


def test_without_a_run_it_says_so(bench: Bench) -> None:
    assert bench.explain("x = 1$0\n").text == "No recorded run of lsp-agent changed `a.py`."


def test_words_of_a_run_stay_words(bench: Bench) -> None:
    hostile = RunRequest("a\n\n# Title\n" + "x" * 900, focus=Focus("a.py"), title="t")
    bench.record("r1", hostile, ("x = 1\n", "x = 2\n"))
    said = bench.explain("x = $02\n").text
    assert "\n# Title" not in said
    assert max(map(len, said.splitlines())) < 400


@given(LINES, LINES, LINES)
def test_lines_that_are_named_are_those_of_the_edit(before: str, after: str, now: str) -> None:
    rows, current = after.splitlines(), now.splitlines()
    for at in made_lines(before, after, now):
        assert current[at] in rows


@given(LINES, LINES)
def test_an_edit_that_nobody_touched_since_is_found(before: str, after: str) -> None:
    assert bool(made_lines(before, after, after)) == (before != after and after != "")
