"""The end of a larger task: what is still missing, asked for once each, and what became of it all.

The stages plan, code, tests, run, mend, summary are those of a generation pipeline; the model walks
through them by itself, and is held here when it skips one. Free tasks only: whoever asks for one
thing at the cursor gets that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lsp_agent.agent.environment import Run
from lsp_agent.agent.query import Budget
from lsp_agent.agent.todo import Todo
from lsp_agent.syntax.languages import ECMA, language_of
from lsp_agent.verify.affected import is_runnable_test
from lsp_agent.verify.words import checked
from lsp_agent.workspace.overlay import FileChange
from lsp_agent.workspace.sequences import hunks
from lsp_agent.workspace.text import first_line, split_lines

PLAN_TOOL = "update_plan"
_TESTED = frozenset({"python", "go", "rust"}) | ECMA
_LARGE, _SPARE_STEPS = 40, 3
_VERBS = {"create": "created", "modify": "changed", "delete": "deleted", "rename": "moved"}


def is_staged(run: Run) -> bool:
    """Whether a run goes through the stages of a larger task, if it turns out to be one."""
    return not run.request.action and run.request.target is None


class Finishing:
    """What is asked of a model that says it is done; for the run's thread."""

    def __init__(self, run: Run, budget: Budget, todo: Todo) -> None:
        self._run = run
        self._budget = budget
        self._todo = todo
        self._staged = is_staged(run)
        self._asked: set[str] = set()

    def missing(self) -> str:
        """Say what is still to be done, in words for the model; ``""`` where nothing is.

        Each thing is asked for once, and nothing when steps run short.
        """
        if not self._staged or self._budget.steps_left < _SPARE_STEPS:
            return ""
        said = []
        for name, words in self._lacking():
            if words and name not in self._asked:
                self._asked.add(name)
                said.append(words)
        return "\n".join(said)

    def _lacking(self) -> Iterator[tuple[str, str]]:
        left = "; ".join(self._todo.left)
        if left:
            ways = f"Do them, or leave them out of the plan with {PLAN_TOOL} and say why."
            yield "plan", f"Steps of your plan are left: {left}. {ways}"
        code = _untested(self._run.env.overlay.changes())
        if code and self._run.env.settings.verify.tests != "off":
            ways = "Write some where the project has its tests; if they make no sense, say so."
            yield (
                "tests",
                f"There are no tests yet of what you wrote in {', '.join(code[:3])}. {ways}",
            )

    def report(self, text: str) -> str:
        """Return the model's last words, and below them what was done, checked and left."""
        changes = self._run.env.overlay.changes()
        if not self._staged or not (self._todo.items or _added(changes) >= _LARGE):
            return text
        verdicts = self._run.proof.verdicts
        done = "; ".join(f"{_VERBS[one.kind]} {one.new_path or one.path}" for one in changes)
        unsure = "; ".join(
            f"{one.check} ({first_line(one.detail, 120)})" for one in verdicts if one.ok is not True
        )
        rows = [
            f"Done: {done or 'no file was changed'}.",
            f"{checked(verdicts).capitalize()}." if checked(verdicts) else "",
            f"Not checked: {unsure}." if unsure else "",
            f"Not done: {'; '.join(self._todo.left)}." if self._todo.left else "",
        ]
        return "\n\n".join(part for part in (text, "\n".join(row for row in rows if row)) if part)


def _untested(changes: Sequence[FileChange]) -> list[str]:
    """Return the files of a large change of code that comes without a test."""
    paths = [one.new_path or one.path for one in changes if one.after is not None]
    if any(map(is_runnable_test, paths)) or _added(changes) < _LARGE:
        return []
    return [path for path in paths if language_of(path) in _TESTED]


def _added(changes: Sequence[FileChange]) -> int:
    """Count the lines that are new."""
    return sum(
        hunk.new_end - hunk.new_start
        for one in changes
        for hunk in hunks(split_lines(one.before or ""), split_lines(one.after or ""))
    )
