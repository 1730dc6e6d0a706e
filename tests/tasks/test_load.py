"""Tasks from disk: our own files, and other people's collections."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from lsp_agent.actions.spec import load_actions
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.tasks.load import load_tasks
from lsp_agent.tasks.spec import RUN, Task, TaskError
from lsp_agent.workspace.positions import Position, Range

BUILTIN = load_tasks("builtin")
LANGUAGES = {"python", "javascript", "typescript", "go", "rust", "java"}


def write(folder: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")


def test_a_selection_is_read_from_its_marks(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "a.toml": """
language = "python"
[[task]]
id = "one"
action = "fix"
check = "import m"
answer = "x = 2\\n"
[task.files]
"m.py" = "y = 1\\nx = «one»\\n"
"""
        },
    )
    (task,) = load_tasks(str(tmp_path))
    assert task.files == {"m.py": "y = 1\nx = one\n"}
    assert (task.path, task.range) == ("m.py", Range(Position(1, 4), Position(1, 7)))
    assert task.hidden == {"check.py": "import m"}
    assert task.answer == {"m.py": "x = 2\n"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[task]]\nid = 'a'\n", "'files'"),
        ("[[task]]\nid = 'a'\naction = 'fix'\nwrods = 'x'\n", "no key 'wrods'"),
        ("[[task]]\nid = 'a'\naction = 'fix'\n[task.files]\n'a.py' = 'x'\n", "0 have one"),
        ("[[task]]\nid = 'a'\naction = 'fix'\n[task.files]\n'a.py' = '$0 $0'\n", "one $0"),
        ("[[task]]\nid = 'a'\naction = 'fix'\n[task.files]\n'../a.py' = '$0'\n", "outside"),
        (
            "[[task]]\nid = 'a'\naction = 'fix'\nhidden = { '/a' = '' }\nfiles = { 'a' = '$0' }\n",
            "outside",
        ),
        ("[[task]\n", "a.toml"),
        ("", "holds no tasks"),
    ],
)  # fmt: skip
def test_a_task_that_is_none_says_why(tmp_path: Path, text: str, words: str) -> None:
    write(tmp_path, {"a.toml": text})
    with pytest.raises(TaskError, match=re.escape(words)):
        load_tasks(str(tmp_path))


def exercise(folder: Path, key: str = "example") -> None:
    files = {"solution": ["twice.py"], "test": ["twice_test.py"], key: [".meta/example.py"]}
    write(folder, {
        ".meta/config.json": json.dumps({"authors": [], "files": files}),
        ".meta/example.py": "def twice(n):\n    return 2 * n\n",
        ".docs/instructions.md": "# Instructions\n\nDouble a number.\n",
        "twice.py": "def twice(n):\n    pass\n",
        "twice_test.py": "import unittest\nfrom twice import twice\n",
    })  # fmt: skip


@pytest.mark.parametrize("key", ["example", "exemplar"])
def test_an_exercise_is_a_stub_with_instructions_and_hidden_tests(tmp_path: Path, key: str) -> None:
    exercise(tmp_path / "practice" / "twice", key)
    (task,) = load_tasks(str(tmp_path))
    assert task.id == "python/twice"
    assert task.action == RUN
    assert task.files == {"twice.py": "def twice(n):\n    pass\n"}
    assert "Double a number." in task.words
    assert task.hidden.keys() == {"twice_test.py"}
    assert task.commands == (("python", "-m", "unittest", "twice_test"),)
    assert task.answer == {"twice.py": "def twice(n):\n    return 2 * n\n"}


def test_an_exercise_reads_nothing_outside_its_folder(tmp_path: Path) -> None:
    exercise(tmp_path / "twice")
    write(tmp_path, {"secret.py": "KEY = 1\n"})
    files = {"solution": ["../secret.py"], "test": ["twice_test.py"]}
    write(tmp_path / "twice", {".meta/config.json": json.dumps({"files": files})})
    with pytest.raises(TaskError, match="outside"):
        load_tasks(str(tmp_path / "twice"))


CAN_IT_EDIT = {
    "id": 1,
    "name": "twice",
    "full_name": "1_twice",
    "before": "def twice(n):\n    return n\n",
    "after": "def twice(n):\n    return 2 * n\n",
    "tests": "assert twice(3) == 6",
    "instruction_descriptive": "Have twice return twice its argument.",
    "instruction_lazy": "double it",
    "taxonomy": {},
}
HUMAN_EVAL = {
    "task_id": "Python/0",
    "prompt": 'def twice(n):\n    """Return twice n."""\n',
    "declaration": "def twice(n):\n",
    "canonical_solution": "    return 2 * n\n",
    "buggy_solution": "    return n\n",
    "entry_point": "twice",
    "test_setup": "",
    "test": "def check(twice):\n    assert twice(3) == 6\n\ncheck(twice)",
}


def test_lines_of_can_it_edit_are_two_tasks_each(tmp_path: Path) -> None:
    write(tmp_path, {"edit.jsonl": json.dumps(CAN_IT_EDIT) + "\n"})
    tasks = load_tasks(str(tmp_path / "edit.jsonl"))
    assert [one.id for one in tasks] == ["1_twice/descriptive", "1_twice/lazy"]
    assert [one.words for one in tasks] == ["Have twice return twice its argument.", "double it"]
    assert tasks[0].files == {"program.py": CAN_IT_EDIT["before"]}
    assert tasks[0].answer == {"program.py": CAN_IT_EDIT["after"]}
    assert CAN_IT_EDIT["tests"] in tasks[0].hidden["check.py"]


def test_lines_of_human_eval_fix_hold_a_bug(tmp_path: Path) -> None:
    write(tmp_path, {"fix.jsonl": json.dumps(HUMAN_EVAL) + "\n\n"})
    (task,) = load_tasks(str(tmp_path))
    assert task.files == {"program.py": "def twice(n):\n    return n\n"}
    assert task.answer == {"program.py": "def twice(n):\n    return 2 * n\n"}
    assert "twice" in task.words
    assert task.hidden["check.py"].count("check(twice)") == 2


@pytest.mark.parametrize("line", ["{", "[]", '{"before": "x"}', '{"buggy_solution": ""}'])
def test_a_line_of_neither_is_named(tmp_path: Path, line: str) -> None:
    write(tmp_path, {"odd.jsonl": f"\n{line}\n"})
    with pytest.raises(TaskError, match=r"odd\.jsonl:2"):
        load_tasks(str(tmp_path))


def test_at_least_sixty_tasks_in_six_languages_ship() -> None:
    assert len(BUILTIN) >= 60
    assert {one.language for one in BUILTIN} == LANGUAGES
    assert all(sum(one.language == name for one in BUILTIN) >= 6 for name in LANGUAGES)


def _told(task: Task) -> bool:
    """Whether texts alone tell a solution, as they have to where a toolchain may be missing."""
    return bool(task.has or task.lacks or task.says) or task.language in ("python", "javascript")


@pytest.mark.parametrize("check", [_told], ids=["judged"])
@pytest.mark.parametrize("task", BUILTIN, ids=lambda one: one.id)
def test_a_task_that_ships_is_whole(task: Task, check: Callable[[Task], bool]) -> None:
    assert task.id.startswith(f"{task.language}-")
    assert check(task)
    assert task.says or task.hidden
    for path, text in task.answer.items():
        assert text is None or not SyntaxDocument.read(path, text).errors(), path
        assert text != task.files.get(path), f"{path} is answered as it is"
    for pattern in (*task.has, *task.lacks, *task.says):
        re.compile(pattern)


def test_every_action_that_ships_has_a_task() -> None:
    # They need what a task has not: a linter of the folder, an earlier run, a repository.
    without = {"fix_file", "fix_workspace", "explain_edit", "commit_message"}
    known = {one.action for one in BUILTIN}
    assert set(load_actions(pytest.fail)) - without - known == set()
