"""A run that fixes all diagnostics of one kind, file by file.

Where a linter has a safe fix of its own, that is made; what is left is the model's, one place after
the other. Each file is checked by itself, and one that fails stays as it was and is named.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from lsp_agent.agent.abilities import check_ability
from lsp_agent.agent.environment import RejectedError, Run
from lsp_agent.agent.profile_run import run_by_profile
from lsp_agent.agent.query import Budget
from lsp_agent.agent.refactoring import check, counted, place_of
from lsp_agent.agent.types import DiagnosticNote, Focus
from lsp_agent.agent.verify import describe, refusal_of, verify
from lsp_agent.context.builder import target_for
from lsp_agent.errors import LspAgentError
from lsp_agent.language_servers.types import View
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.verify.lint import tools_for
from lsp_agent.verify.project import Project
from lsp_agent.verify.style_tools import NotCheckedError, StyleTool, Surroundings
from lsp_agent.workspace.errors import UnreadableFileError
from lsp_agent.workspace.positions import Position, Range

_SECONDS = 600.0
_SERVER_SECONDS = 10.0
_MAX_ASKED = 20
_SHOWN = 5


@dataclass
class _Sum:
    """What came of the files so far: their new texts, how many reports went, who was left out."""

    texts: dict[str, str] = field(default_factory=dict)
    fixed: int = 0
    left: dict[str, str] = field(default_factory=dict)


def run_fix_all(run: Run, budget: Budget) -> str:
    """Fix all reports of the request's code, or make all safe fixes without one; tell of both.

    Raises :class:`RejectedError` where nothing could be asked or all files failed.
    """
    (path, _), code, overlay = place_of(run), run.request.argument, run.env.overlay
    clean = overlay.snapshot()
    around = _surroundings(run)
    workspace = run.request.scope is None
    paths = list(overlay.walk()) if workspace else [path]
    done = _Sum()
    for number, one in enumerate(paths):
        run.cancel.check()
        run.env.progress(f"{one} ({number + 1} of {len(paths)})", number / len(paths))
        overlay.restore(clean)
        _file(run, budget, around, one, done)
    overlay.restore(clean)
    for one, text in done.texts.items():
        overlay.write(one, text)
    if done.texts:
        check(run)
    elif done.left:
        raise RejectedError(f"nothing is fixed; left: {_left(done)}")
    what = code or "what has a safe fix"
    if not done.texts:
        return f"nothing reports {what} here"
    count = f"{done.fixed} of {code}" if code else counted(done.fixed, "report")
    where = counted(len(done.texts), "file")
    return f"fixed {count} in {where}" + (f"; left: {_left(done)}" if done.left else "")


def _left(done: _Sum) -> str:
    rows = [f"{path} ({reason})" for path, reason in sorted(done.left.items())]
    more = f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
    return "; ".join(rows[:_SHOWN]) + more


def _surroundings(run: Run) -> Surroundings | None:
    env = run.env
    if env.programs is None or env.overlay.root is None:
        return None
    return Surroundings(
        env.overlay,
        env.overlay.root.path,
        env.programs,
        env.workshop,
        refusal_of(run),
        run.cancel,
        time.monotonic() + _SECONDS,
        Project(env.overlay),
    )


def _file(run: Run, budget: Budget, around: Surroundings | None, path: str, done: _Sum) -> None:
    """Fix one file in the overlay and check it; note its new text, or why it has none."""
    overlay, code = run.env.overlay, run.request.argument
    try:
        before = overlay.read(path)
    except UnreadableFileError:
        return
    try:
        reports = _Reports(run, around, path, code)
        count = len(reports.of(before))
        told = [] if count else _told(run, path)
        if not count and not told:
            return
        text = reports.safely_fixed(before)
        if text != before:
            overlay.write(path, text)
        why = _by_model(run, budget, reports, path, told) if code else ""
        after = overlay.read(path)
        left = len(reports.of(after))
        count = count or len(told)
        if after != before:
            failures = describe(verify(run))
            if failures:
                why = failures.replace("\n", " ")
                left, after = count, before
        if after != before:
            done.texts[path] = after
            done.fixed += max(count - left, 0)
        if left and (code or why):
            done.left[path] = why or f"{left} remain"
    except NotCheckedError as error:
        done.left[path] = str(error)


class _Reports:
    """What linters and language servers say of a file, as far as it is of the wanted code."""

    def __init__(self, run: Run, around: Surroundings | None, path: str, code: str) -> None:
        self._run, self._around, self._path, self._code = run, around, path, code
        self._tools: list[StyleTool] = []
        if around is not None:
            tools = tools_for(around.project, path, run.env.overlay.read(path))
            self._tools = [one for one in tools if one.lint is not None]

    def of(self, text: str) -> list[DiagnosticNote]:
        """Return the reports on a text, in order; raises :class:`NotCheckedError`."""
        return sorted(self._said(text), key=lambda one: one.range.start)

    def safely_fixed(self, text: str) -> str:
        """Return the text with the linters' own safe fixes."""
        for tool in self._tools:
            if tool.fix is not None and self._around is not None:
                text = tool.fix(self._around, self._path, text, self._code)
        return text

    def _said(self, text: str) -> Iterator[DiagnosticNote]:
        for tool in self._tools:
            for one in (
                tool.lint(self._around, self._path, text) if tool.lint and self._around else ()
            ):
                if self._code in ("", one.code):
                    at = Position(max(one.line - 1, 0), max(one.column - 1, 0))
                    yield DiagnosticNote(Range(at, at), one.message, "warning", tool.name, one.code)
        if self._code and not self._workspace:
            yield from self._by_servers()

    @property
    def _workspace(self) -> bool:
        return self._run.request.scope is None

    def _by_servers(self) -> Iterator[DiagnosticNote]:
        """Yield what language servers say of the overlay's text; linters among them said it."""
        env = self._run.env
        view = View.of(env.overlay)
        if env.instruments is None or view is None:
            return
        found = env.instruments.diagnostics(view, [self._path], self._run.cancel, _SERVER_SECONDS)
        known = {tool.name for tool in self._tools}
        for one in found.diagnostics:
            if one.code == self._code and one.source.lower() not in known:
                yield DiagnosticNote(one.range, one.message, one.severity, one.source, one.code)


def _told(run: Run, path: str) -> list[DiagnosticNote]:
    """Return what the client itself says of a file, where nobody here can be asked."""
    focus, code = run.request.focus, run.request.argument
    if focus is None or path != run.env.overlay.spelling(focus.path) or not code:
        return []
    return [one for one in focus.diagnostics if one.code == code]


def _by_model(
    run: Run, budget: Budget, reports: _Reports, path: str, told: list[DiagnosticNote]
) -> str:
    """Have the model fix what is left of a file; return why some of it still is.

    ``told`` are reports that nobody here can repeat: they are taken from the last one up.
    """
    overlay, tried = run.env.overlay, set[tuple[str, str]]()
    waiting = sorted(told, key=lambda one: one.range.start)
    for _ in range(_MAX_ASKED):
        text = overlay.read(path)
        document = SyntaxDocument.read(path, text)
        left = waiting[-1:] or [
            one
            for one in reports.of(text)
            if (one.message, document.text.line(one.range.start.line)) not in tried
        ]
        if not left:
            return ""
        waiting = waiting[:-1]
        tried.add((left[0].message, document.text.line(left[0].range.start.line)))
        state = overlay.snapshot()
        try:
            _ask(run, budget, document, path, left[0])
        except LspAgentError as error:
            overlay.restore(state)
            return str(error).replace("\n", " ")
    return ""


def _ask(
    run: Run, budget: Budget, document: SyntaxDocument, path: str, note: DiagnosticNote
) -> None:
    """Have one report fixed as the action ``fix`` does."""
    info = run.info if run.info.loaded else run.env.engine.load(run.cancel)
    request = replace(
        run.request,
        task=note.fix_task,
        focus=Focus(path, note.range, (note,)),
        target=target_for(document, note.range, "statement"),
        scope=frozenset({path}),
        form="changes",
        action="fix",
    )
    check_ability(request, info)
    budget.begin_part()
    run_by_profile(replace(run, request=request, info=info), budget)
