"""The bench: a perfect model solves everything both ways, and anything less is counted as such."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lsp_agent.actions.spec import load_actions
from lsp_agent.config.model import Settings
from lsp_agent.tasks.bench import Bench, Way
from lsp_agent.tasks.load import load_tasks
from lsp_agent.tasks.spec import Task
from tests.cli.conftest import Done, lsp_agent, use_remote, work
from tests.support.open_sandbox import OpenSandbox
from tests.support.perfect_model import PerfectModel
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint
from tests.tasks.test_load import CAN_IT_EDIT, HUMAN_EVAL, exercise

__all__ = ["lsp_agent", "use_remote", "work"]
SETTINGS = Settings.model_validate(
    {"index": {"enabled": False}, "language_servers": {"enabled": False}}
)
QUICK = (
    "python-fix-misspelled-name",
    "python-explain-recursion",
    "python-resolve-conflict-one-side",
    "python-run-split-file",
)


def bench(way: Way, model: PerfectModel) -> Bench:
    kinds = {one.name: one.kind for one in load_actions(pytest.fail).values()}
    return Bench(SETTINGS, kinds, OpenSandbox(), way, model.begin)


def builtin(*names: str) -> list[Task]:
    return [one for one in load_tasks("builtin") if one.id in names]


@pytest.mark.parametrize("way", ["lsp", "cli"])
def test_a_perfect_model_solves_tasks_both_ways(home: Path, way: Way) -> None:
    with PerfectModel() as model:
        tasks = builtin(*QUICK)
        score = bench(way, model).measure(model.contestant(), tasks)
    assert [(one.task, one.why) for one in score.results if not one.solved] == []
    assert (score.solved, score.edits, score.applied) == (4, 3, 3)
    asked = {one.task: one.tokens > 0 for one in score.results}
    assert asked == {name: name != "python-resolve-conflict-one-side" for name in QUICK}
    assert all(one.seconds > 0 for one in score.results)


def test_other_collections_run_the_same_way(home: Path, tmp_path: Path) -> None:
    exercise(tmp_path / "tasks" / "twice")
    tests = "import unittest\nfrom twice import twice\n\n\nclass T(unittest.TestCase):\n"
    tests += "    def test_it(self):\n        self.assertEqual(twice(3), 6)\n"
    (tmp_path / "tasks" / "twice" / "twice_test.py").write_text(tests, "utf-8")
    (tmp_path / "tasks" / "edit.jsonl").write_text(json.dumps(CAN_IT_EDIT), "utf-8")
    (tmp_path / "tasks" / "fix.jsonl").write_text(json.dumps(HUMAN_EVAL), "utf-8")
    tasks = load_tasks(str(tmp_path / "tasks"))
    with PerfectModel() as model:
        score = bench("lsp", model).measure(model.contestant(), tasks)
        spoilt = [replace(one, answer={"notes.md": "x\n"}, replies=()) for one in tasks]
        nothing = bench("lsp", model).measure(model.contestant(), spoilt)
    assert [(one.task, one.why) for one in score.results if not one.solved] == []
    assert (nothing.solved, nothing.applied) == (0, 4)
    assert all("hidden tests fail" in one.why for one in nothing.results)


def test_an_edit_that_breaks_the_hidden_tests_solves_nothing(home: Path) -> None:
    (task,) = builtin("python-fix-misspelled-name")
    wrong = replace(task, answer={"basket.py": "def total(items):\n    return len(items)\n"})
    silent = replace(task, answer={}, replies=("I can't.", "No.", "No."))
    with PerfectModel() as model:
        first, second = bench("lsp", model).measure(model.contestant(), [wrong, silent]).results
    assert (first.applied, first.solved) == (True, False)
    assert "AssertionError" in first.why
    assert (second.applied, second.solved) == (False, False)
    assert second.why


@pytest.mark.skipif(sys.platform != "linux", reason="children are found in /proc")
def test_a_server_that_is_killed_costs_one_task(home: Path) -> None:
    (task,) = builtin("python-fix-misspelled-name")
    other = replace(task, id="python-again")

    def kill(task: Task) -> None:
        model.begin(task)
        if task.id != "python-again":
            for pid in _servers():
                os.kill(pid, signal.SIGKILL)

    with PerfectModel() as model:
        asked = replace(bench("lsp", model), before=kill)
        first, second = asked.measure(model.contestant(), [task, other]).results
    assert (first.solved, second.solved) == (False, True)
    assert "the server" in first.why


def _servers() -> list[int]:
    """Return the servers that this process has started."""
    threads = Path(f"/proc/{os.getpid()}/task").iterdir()
    pids = [int(pid) for path in threads for pid in _words(path / "children").split()]
    return [pid for pid in pids if b"serve" in _words(Path(f"/proc/{pid}/cmdline"))]


def _words(path: Path) -> bytes:
    """Return what the system says of a process; nothing where it has ended."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_tasks_of_unknown_actions_are_left_out(home: Path) -> None:
    with PerfectModel() as model:
        (task,) = builtin("python-fix-misspelled-name")
        odd = replace(task, action="juggle")
        assert bench("lsp", model).known([task, odd]) == ([task], ["juggle"])


def _lines(done: Done) -> str:
    return f"{done.out}\n{done.err}"


def test_the_verb_prints_a_table_or_json(
    lsp_agent: Callable[..., Done], use_remote: Callable[..., None]
) -> None:
    with ScriptedEndpoint([Reply("It flattens nested lists, by recursion.")]) as endpoint:
        use_remote(endpoint.base_url, "[index]\nenabled = false\n")
        words = ("models", "bench", "--tasks", "--action", "explain", "--language", "python")
        done = lsp_agent(*words, "--json")
        assert done.status == 0, _lines(done)
        (row,) = json.loads(done.out)
        assert (row["model"], row["profile"], row["solved"]) == ("scripted", "auto", row["tasks"])
        assert row["tokens"] == 16 * row["tasks"]
        table = lsp_agent(*words, "--profile", "direct", "--profile", "tools")
    assert table.status == 0, _lines(table)
    assert "100%" in table.out
    assert [name for name in ("direct", "tools") if name in table.out] == ["direct", "tools"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--tasks", "builtin", "--action", "juggle"), "there are tasks of add_logging"),
        (("--tasks", "nowhere"), "there is no file or folder nowhere"),
        (("--tasks", "builtin", "--profile", "fast"), "'fast' is not one of"),
    ],
)
def test_what_is_not_there_is_a_usage_error(
    lsp_agent: Callable[..., Done], words: tuple[str, ...], said: str
) -> None:
    done = lsp_agent("models", "bench", *words)
    assert done.status == 2
    assert said in done.err
    assert done.out == ""
