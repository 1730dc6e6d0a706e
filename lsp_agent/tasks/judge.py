"""Whether a task is solved: hidden tests in the sandbox, patterns, and a look at the syntax."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lsp_agent.cancel import CancelToken
from lsp_agent.sandbox.types import Command, Limits, Sandbox, SandboxError
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.issues import new_errors
from lsp_agent.tasks.spec import Task, lay_out

_LIMITS = Limits(wall_seconds=120.0, cpu_seconds=120)
_TAIL = 400
_NODE_WITH_TYPES = (22, 6)


@dataclass(frozen=True, slots=True)
class Judgement:
    """``why`` says what was wrong, ``note`` what could not be tried and stands for it."""

    solved: bool
    why: str = ""
    note: str = ""


def judge(task: Task, folder: Path, sandbox: Sandbox | None) -> Judgement:
    """Judge what lies in a task's folder.

    The hidden tests are laid into the folder and run. Where they can't be run the patterns and the
    syntax decide, and that is said; a task without patterns is not solved then.
    """
    problem = _look(task, changed_files(task, folder))
    if problem:
        return Judgement(False, problem)
    if not task.hidden:
        return Judgement(True)
    commands, missing = commands_of(task, folder)
    if missing or sandbox is None:
        note = f"tests not run: there is {missing or 'no sandbox'} here"
        told = bool(task.has or task.lacks)
        return Judgement(told, "" if told else note, note)
    lay_out(task.hidden, folder)
    return _run(commands, folder, sandbox)


def changed_files(task: Task, folder: Path) -> dict[str, str]:
    """Return the files that are new, or not as the task has them; a file that is gone is empty."""
    after = {
        path.relative_to(folder).as_posix(): path.read_bytes().decode("utf-8", "replace")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }
    gone = dict.fromkeys(task.files.keys() - after.keys(), "")
    return {path: text for path, text in (after | gone).items() if task.files.get(path) != text}


def judge_text(task: Task, text: str) -> Judgement:
    """Judge an answer that is a text."""
    for pattern in task.says:
        if not re.search(pattern, text, re.IGNORECASE):
            return Judgement(False, f"the answer does not say {pattern!r}")
    return Judgement(True)


def commands_of(task: Task, folder: Path) -> tuple[list[tuple[str, ...]], str]:
    """Return what runs a task's hidden tests, and which program is missing for it."""
    commands = list(task.commands) or _checks(task, folder)
    if not commands:
        return [], f"no way to run {', '.join(task.hidden)}"
    for command in commands:
        program = command[0]
        if program != "python" and "/" not in program and shutil.which(program) is None:
            return [], f"no {program}"
        if program == "node" and command[-1].endswith(".ts") and not _node_takes_types():
            return [], "no node that runs TypeScript"
    own = sys.executable
    return [(own, *one[1:]) if one[0] == "python" else one for one in commands], ""


def _checks(task: Task, folder: Path) -> list[tuple[str, ...]]:
    """Return how the hidden file ``check.*`` is run; nothing without one."""
    name = next((path for path in task.hidden if Path(path).stem.lower() == "check"), "")
    suffix = Path(name).suffix
    sources = sorted({one.name for one in folder.glob(f"*{suffix}")} | {name}) if name else []
    node, program, classes = ("node", name), ".check", ".classes"
    known: dict[str, list[tuple[str, ...]]] = {
        ".py": [("python", "-B", name)],
        ".js": [node],
        ".mjs": [node],
        ".ts": [("node", "--experimental-strip-types", name)],
        ".go": [("go", "run", *sources)],
        ".rs": [
            ("rustc", "--edition", "2021", "-A", "warnings", "-o", program, name),
            (f"./{program}",),
        ],
        ".java": [
            ("javac", "-d", classes, *sources),
            ("java", "-cp", classes, Path(name).stem),
        ],
    }
    return known.get(suffix, [])


def _run(commands: Sequence[tuple[str, ...]], folder: Path, sandbox: Sandbox) -> Judgement:
    for command in commands:
        try:
            outcome = sandbox.run(
                Command(command, folder=folder, place=folder, limits=_LIMITS), CancelToken()
            )
        except SandboxError as error:
            return Judgement(False, f"the hidden tests can't be started: {error}")
        if outcome.status != 0:
            how = outcome.ended or f"status {outcome.status}"
            said = outcome.output.strip()[-_TAIL:]
            return Judgement(False, f"the hidden tests fail ({how}): {said}")
    return Judgement(True)


def _look(task: Task, changed: Mapping[str, str]) -> str:
    """Say what the texts show to be wrong; ``""`` for nothing."""
    if not changed:
        return "nothing was changed"
    together = "\n".join(changed.values())
    for pattern in task.has:
        if not re.search(pattern, together, re.MULTILINE):
            return f"nothing in the files matches {pattern!r}"
    for pattern in task.lacks:
        if found := re.search(pattern, together, re.MULTILINE):
            return f"{found[0]!r} is still there"
    for path, text in changed.items():
        errors = new_errors(
            SyntaxDocument.read(path, task.files.get(path, "")), SyntaxDocument.read(path, text)
        )
        if errors:
            return f"{path} does not parse: {errors[0].message}"
    return ""


@cache
def _node_takes_types() -> bool:
    """Whether node runs TypeScript by itself, as it does from 22.6 on."""
    done = subprocess.run(["node", "--version"], capture_output=True, encoding="utf-8", check=False)
    found = re.match(r"v(\d+)\.(\d+)", done.stdout)
    return found is not None and (int(found[1]), int(found[2])) >= _NODE_WITH_TYPES
