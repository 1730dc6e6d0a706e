"""What a model is shown of the code that it is to write tests for."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from lsp_agent.agent.environment import Run
from lsp_agent.agent.query import answer_tokens
from lsp_agent.context.builder import file_context, whole_file, workspace_facts
from lsp_agent.context.untrusted import guarded
from lsp_agent.verify.affected import is_alike, is_runnable_test
from lsp_agent.verify.runners import runner_for
from lsp_agent.workspace.positions import Range
from lsp_agent.workspace.text import Text

_SHOWN_LINES, _MAX_WALKED = 40, 5000
_SOURCES = re.compile(r"^(?:src|lib)/")


@dataclass(frozen=True, slots=True)
class Subject:
    """What is tested: ``name`` in the file ``path``, at ``target``; its tests go into ``tests``."""

    path: str
    target: Range
    name: str
    tests: str


def question(run: Run, subject: Subject) -> str:
    """Return the code, the file around it, and the tests that are there or look alike."""
    overlay = run.env.overlay
    text = Text(overlay.read(subject.path))
    count = run.env.engine.count_tokens
    piece = text.slice(subject.target)
    room = max(run.info.n_ctx - answer_tokens(run) - count(piece), 0) // 4
    parts = [
        workspace_facts(overlay, run.env.settings.style),
        file_context(subject.path, text, subject.target, room, count),
        f"The code to test, {subject.name} in {subject.path}:\n```\n{piece}\n```",
        _tests(run, subject, room),
        f"{_custom(run, subject)}\n\nTask: {run.request.task}",
    ]
    *data, asked = parts
    return "\n\n".join([guarded(part) for part in data if part] + [asked])


def _tests(run: Run, subject: Subject, room: int) -> str:
    overlay, count = run.env.overlay, run.env.engine.count_tokens
    there = overlay.text(subject.tests)
    if there is not None and there.strip():
        shown = whole_file(subject.tests, Text(there), None, room, count)
        return f"{shown}\n\nYour tests are put at its end."
    for number, path in enumerate(overlay.walk() if overlay.root else ()):
        if number > _MAX_WALKED:
            break
        if is_runnable_test(path) and is_alike(subject.path, path):
            lines = (overlay.text(path) or "").splitlines()[:_SHOWN_LINES]
            if any(line.strip() for line in lines):
                return f"So begin other tests of the project, {path}:\n" + "\n".join(lines)
    return ""


def _custom(run: Run, subject: Subject) -> str:
    """Say how tests are run, and how the code is imported there."""
    runner = runner_for(run.env.overlay.text, [subject.tests])
    script = subject.tests.endswith((".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx"))
    plain = "node --test, with node:test and node:assert" if script else ""
    program = plain if runner is None or runner.name == "npm" else runner.name
    run_by = f", and are run by {program}" if program else ""
    source = ""
    if subject.tests.endswith(".py"):
        module = _SOURCES.sub("", subject.path).rpartition(".")[0]
        module = module.removesuffix("/__init__").replace("/", ".")
        source = f" The code's module is {module}."
    elif script:
        folder = posixpath.dirname(subject.tests) or "."
        place = posixpath.relpath(subject.path, folder)
        source = f" From there the code's file is {place if place[0] == '.' else './' + place}."
    return f"The tests go into {subject.tests}{run_by}.{source}"
