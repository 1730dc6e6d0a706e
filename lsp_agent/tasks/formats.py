"""Other people's tasks, read from disk: Exercism's folders, CanItEdit's and HumanEvalFix's lines.

Nothing is downloaded, and none of them ships. The formats are those of their public descriptions:
Exercism's ``.meta/config.json`` (``files.solution``, ``files.test``, ``files.example`` or
``files.exemplar``) with ``.docs/instructions.md``; CanItEdit's fields ``before``, ``after``,
``tests``, ``instruction_descriptive`` and ``instruction_lazy``; HumanEvalPack's ``declaration``,
``canonical_solution``, ``buggy_solution``, ``test`` and ``entry_point``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lsp_agent.syntax.languages import language_of
from lsp_agent.tasks.spec import RUN, Task, TaskError
from lsp_agent.workspace.positions import Position, Range

_START = Range(Position(0, 0), Position(0, 0))
# What the tracks' own test runners call.
_EXERCISM = {
    "go": (("go", "test"),),
    "rust": (("cargo", "test", "--offline", "--", "--include-ignored"),),
    "java": (("gradle", "--offline", "test"),),
}
_HUMAN_EVAL = {"python": "python", "js": "javascript", "javascript": "javascript"}
_DESCRIBED = "instruction_descriptive"
# A script has require, and its console.assert only prints.
_JS_FRAME = """globalThis.require = require;
console.assert = (ok, ...words) => {
  if (!ok) throw new Error(words.join(" "));
};
"""


def is_exercise(folder: Path) -> bool:
    """Whether a folder is an exercise of Exercism."""
    return (folder / ".meta" / "config.json").is_file()


def read_exercise(folder: Path) -> Task:
    """Return the task of an exercise: its stub implemented as its instructions say.

    Raises :class:`TaskError` where a file is missing or is none of those that it needs.
    """
    where = folder / ".meta" / "config.json"
    try:
        named = json.loads(where.read_text("utf-8"))["files"]
        solution, tests = list(named["solution"]), list(named["test"])
        examples = list(named.get("example") or named.get("exemplar") or ())
        kept = [*solution, *named.get("editor", ()), *_project_files(folder)]
        files = {path: _text(folder, path) for path in kept}
        hidden = {path: _text(folder, path) for path in tests}
        good = [_text(folder, path) for path in examples]
        instructions = [
            _text(folder, f".docs/{name}")
            for name in ("introduction.md", "instructions.md", "instructions.append.md")
            if (folder / ".docs" / name).is_file()
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TaskError(f"{where}: {error!r}") from error
    if not solution or not tests:
        raise TaskError(f"{where} names no solution or no test")
    language = language_of(solution[0]) or Path(solution[0]).suffix.lstrip(".")
    names = ", ".join(solution)
    words = "\n\n".join((f"Implement {names} as described. Add no other file.", *instructions))
    return Task(
        id=f"{language}/{folder.name}",
        language=language,
        action=RUN,
        files=files,
        path=solution[0],
        range=_START,
        words=words,
        hidden=hidden,
        commands=_exercise_commands(language, tests),
        answer=dict(zip(solution, good, strict=False)),
    )


def read_lines(path: Path, text: str) -> list[Task]:
    """Return the tasks of a file with one JSON object a line, of either collection.

    Raises :class:`TaskError` for a line that is of neither.
    """
    tasks: list[Task] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        try:
            row = json.loads(line)
            if "buggy_solution" in row:
                tasks.append(_human_eval(row, where))
            else:
                tasks += _can_it_edit(row)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise TaskError(
                f"{where} is no task of CanItEdit or HumanEvalFix: {error!r}"
            ) from error
    return tasks


def _can_it_edit(row: Mapping[str, Any]) -> list[Task]:
    """Return one task for each of the two instructions, as the collection counts them."""
    name = row.get("full_name") or f"{row['id']}_{row['name']}"
    # The tests are run as part of the program that they are about.
    hidden = {"check.py": f"from program import *\n\n{row['tests']}\n"}
    return [
        Task(
            id=f"{name}/{kind.removeprefix('instruction_')}",
            language="python",
            action=RUN,
            files={"program.py": row["before"]},
            path="program.py",
            range=_START,
            words=row[kind],
            hidden=hidden,
            answer={"program.py": row["after"]},
        )
        for kind in (_DESCRIBED, "instruction_lazy")
        if row.get(kind)
    ]


def _human_eval(row: Mapping[str, Any], where: str) -> Task:
    """Return the task of mending a function whose tests fail."""
    language = _HUMAN_EVAL.get(str(row["task_id"]).partition("/")[0].lower())
    if language is None:
        raise TaskError(f"{where}: {row['task_id']} is in a language whose tests are not run here")
    head = row["declaration"]
    path, check = ("program.py", "check.py") if language == "python" else ("program.js", "check.js")
    tests, entry = row["test"], row["entry_point"]
    setup = row.get("test_setup") or ""
    if language == "python":
        called = "" if f"check({entry})" in tests else f"\ncheck({entry})\n"
        hidden = f"from program import *\n{setup}\n{tests}{called}"
    else:
        hidden = _evaluated(setup, tests)
    return Task(
        id=row["task_id"],
        language=language,
        action=RUN,
        files={path: head + row["buggy_solution"]},
        path=path,
        range=_START,
        words=f"Fix the bug in {entry}. What it is to do: {row.get('docstring') or row['prompt']}",
        hidden={check: hidden},
        answer={path: head + row["canonical_solution"]},
    )


def _evaluated(setup: str, tests: str) -> str:
    """Run a script and its tests as one, as the collection does: it exports nothing."""
    program = 'require("fs").readFileSync("program.js", "utf8")'
    rest = json.dumps(f"\n{setup}\n{tests}\n")
    return f"{_JS_FRAME}(0, eval)({program} + {rest});\n"


def _exercise_commands(language: str, tests: list[str]) -> tuple[tuple[str, ...], ...]:
    if language == "python":
        modules = [path.removesuffix(".py").replace("/", ".") for path in tests]
        return (("python", "-m", "unittest", *modules),)
    if language in ("javascript", "typescript"):
        return (("npx", "--no-install", "jest", *tests),)
    return _EXERCISM.get(language, ())


def _project_files(folder: Path) -> list[str]:
    """Return what the tests need besides: the files that describe the project."""
    names = ("go.mod", "Cargo.toml", "build.gradle", "package.json", "babel.config.js")
    return [name for name in names if (folder / name).is_file()]


def _text(folder: Path, path: str) -> str:
    """Read a file that an exercise names; one outside its folder is none of it."""
    file = (folder / path).resolve()
    if not file.is_relative_to(folder.resolve()):
        raise ValueError(f"{path} lies outside the exercise")
    return file.read_text("utf-8")
