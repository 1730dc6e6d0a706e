"""Whether the project's formatters and linters agree with an edit as they did before."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from lsp_agent.cancel import CancelToken
from lsp_agent.syntax.languages import language_of
from lsp_agent.verify.programs import Programs
from lsp_agent.verify.project import Project
from lsp_agent.verify.style_tools import (
    STYLE_TOOLS,
    AbsentError,
    Finding,
    NotCheckedError,
    StyleTool,
    Surroundings,
)
from lsp_agent.verify.types import Check, Verdict, Workshop
from lsp_agent.workspace.overlay import FileChange, Overlay
from lsp_agent.workspace.sequences import Hunk, hunks
from lsp_agent.workspace.text import split_lines

_WORKERS = 4
_MAX_FINDINGS = 5
_Key = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Styled:
    """What formatters and linters say, and the texts that a formatter put into its form."""

    verdicts: tuple[Verdict, ...] = ()
    mended: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Said:
    """One check's words while it is made."""

    check: Check
    wrong: list[str] = field(default_factory=list)
    good: list[str] = field(default_factory=list)
    missing: dict[str, None] = field(default_factory=dict)
    by: dict[str, None] = field(default_factory=dict)

    def verdict(self, seconds: float) -> list[Verdict]:
        """Return the verdict; none where no tool had anything to look at."""
        missing = [f"not checked: {one}" for one in self.missing]
        if not (self.wrong or self.by or missing):
            return []
        ok = False if self.wrong else True if self.by else None
        agreed = f"{', '.join(self.by)}: as before" if self.by and not self.good else ""
        lines = self.wrong or ["; ".join(one for one in (agreed, *self.good, *missing) if one)]
        return [Verdict(self.check, ok, "\n".join(lines), seconds, ", ".join(self.by))]


class StyleChecks:
    """Asks the tools that a project has configured; remembers their answers for a run.

    ``refusal`` says why no code of the folder may run, ``""`` where it may, in ``workshop``.
    """

    def __init__(
        self, overlay: Overlay, programs: Programs, workshop: Workshop | None, refusal: str
    ) -> None:
        self._overlay = overlay
        self._programs = programs
        self._workshop = workshop
        self._refusal = refusal
        self._answers: dict[_Key, Any] = {}

    def check(self, cancel: CancelToken, seconds: float) -> Styled:
        """Look at the overlay's changes, within a time for all tools together.

        A file that was in its formatter's form has to be in it again; where the formatter changes
        nothing but what stands at the edited lines, its result is handed out as ``mended``. Of
        linters those remarks count that were not there before, wherever in the file they stood.
        Raises :class:`~lsp_agent.cancel.Cancelled`. Cost: two starts of a program for each file
        and each job, side by side, about 30 ms each for ruff.
        """
        root = self._overlay.root
        changes = [one for one in self._overlay.changes() if one.after is not None]
        if root is None or not changes:
            return Styled()
        around = Surroundings(
            self._overlay,
            root.path,
            self._programs,
            self._workshop,
            self._refusal,
            cancel,
            time.monotonic() + seconds,
            Project(self._overlay),
        )
        began = time.monotonic()
        form, lint = _Said("format"), _Said("lint")
        mended: dict[str, str] = {}
        with ThreadPoolExecutor(_WORKERS, "style") as pool:
            work = _Work(around, pool, self._answers)
            for change in changes:
                path = change.new_path or change.path
                text = change.after or ""
                tools = tools_for(around.project, path, text)
                before = [work.lint(tool, path, change.before) for tool in tools]
                for tool in tools:
                    text = _format(work, tool, change, text, form)
                if text != change.after and not form.wrong:
                    mended[path] = text
                after = [work.lint(tool, path, text) for tool in tools]
                for tool, old, new in zip(tools, before, after, strict=True):
                    _compare(tool, path, old, new, lint)
        took = round(time.monotonic() - began, 3)
        return Styled((*form.verdict(took), *lint.verdict(took)), {} if form.wrong else mended)


class _Work:
    """Asks side by side, and no question twice."""

    def __init__(
        self, around: Surroundings, pool: ThreadPoolExecutor, answers: dict[_Key, Any]
    ) -> None:
        self.around = around
        self._pool = pool
        self._answers = answers
        self._lock = threading.Lock()

    def lint(self, tool: StyleTool, path: str, text: str | None) -> Future[Any] | None:
        """Ask a linter; ``None`` where it is none, or there is no text."""
        return None if tool.lint is None else self._ask("lint", tool, tool.lint, path, text)

    def format(self, tool: StyleTool, path: str, text: str | None) -> Future[Any] | None:
        """Ask a formatter."""
        return None if tool.format is None else self._ask("format", tool, tool.format, path, text)

    def _ask(
        self,
        job: str,
        tool: StyleTool,
        function: Callable[[Surroundings, str, str], Any],
        path: str,
        text: str | None,
    ) -> Future[Any] | None:
        if text is None:
            return None
        key = (job, tool.name, path, text)

        def work() -> Any:
            with self._lock:
                if key in self._answers:
                    return self._answers[key]
            answer = function(self.around, path, text)
            with self._lock:
                self._answers[key] = answer
            return answer

        return self._pool.submit(work)


def tools_for(project: Project, path: str, text: str) -> list[StyleTool]:
    """Return the tools that a project uses on a file."""
    language = language_of(path, text=text)
    return [one for one in STYLE_TOOLS if language in one.languages and one.used(project, path)]


def _format(work: _Work, tool: StyleTool, change: FileChange, text: str, said: _Said) -> str:
    """Return a text in a formatter's form; as it is where it need not or can't be."""
    path = change.new_path or change.path
    if change.before is None and not tool.formats_new(work.around.project, path):
        return text
    old, new = work.format(tool, path, change.before), work.format(tool, path, text)
    try:
        # Where nobody keeps the file in that form, nobody misses it now.
        if new is None or (old is not None and old.result() != change.before):
            return text
        formatted = str(new.result())
    except NotCheckedError as error:
        if tool.expected or not isinstance(error, AbsentError):
            said.missing[str(error)] = None
        return text
    said.by[tool.name] = None
    if formatted == text:
        return text
    stray = _stray(change.before, text, formatted)
    if stray is None:
        said.good.append(f"{path} was put into the form of {tool.name}")
        return formatted
    rows = text.splitlines()
    source = rows[stray].strip()[:80] if stray < len(rows) else ""
    said.wrong.append(f"{path}:{stray + 1}: {tool.name} would format this otherwise | {source}")
    return text


def _stray(before: str | None, after: str, formatted: str) -> int | None:
    """Return the first line that a formatter changes away from what was edited, if any."""
    rows = split_lines(after)
    edited = hunks(split_lines(before or ""), rows)
    for one in hunks(rows, split_lines(formatted)):
        if not any(_meets(one, other) for other in edited):
            return one.start
    return None


def _meets(one: Hunk, edited: Hunk) -> bool:
    return one.start <= edited.new_end and edited.new_start <= one.end


def _compare(
    tool: StyleTool, path: str, old: Future[Any] | None, new: Future[Any] | None, said: _Said
) -> None:
    """Note what a linter says now and did not say before."""
    if new is None:
        return
    try:
        known: Sequence[Finding] = old.result() if old is not None else ()
        found: Sequence[Finding] = new.result()
    except NotCheckedError as error:
        said.missing[str(error)] = None
        return
    said.by[tool.name] = None
    said.wrong += [_remark(tool, path, one) for one in fresh(known, found)[:_MAX_FINDINGS]]


def fresh(before: Iterable[Finding], after: Iterable[Finding]) -> list[Finding]:
    """Return the remarks that were not there before: by code, message and the line's text."""
    known = Counter((one.code, one.message, one.source) for one in before)
    found = []
    for one in after:
        identity = (one.code, one.message, one.source)
        if known[identity]:
            known[identity] -= 1
        else:
            found.append(one)
    return found


def _remark(tool: StyleTool, path: str, one: Finding) -> str:
    code = f" {one.code}" if one.code else ""
    place = f"{path}:{one.line}:{one.column}"
    return f"{place}: {one.message} [{tool.name}{code}] | {one.source[:80]}"
