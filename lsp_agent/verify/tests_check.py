"""Running the tests that an edit concerns, in a copy of the workspace."""

from __future__ import annotations

import time
from collections.abc import Sequence

from lsp_agent.cancel import CancelToken
from lsp_agent.sandbox.types import Outcome, SandboxError
from lsp_agent.verify.outcomes import (
    COUNTED,
    NONE_FOUND,
    failures_of,
    last_lines,
    passed_of,
    run_some,
)
from lsp_agent.verify.runners import Runner, runner_for
from lsp_agent.verify.types import Verdict, Workshop
from lsp_agent.workspace.overlay import Overlay

_MAX_FAILURES = 5
_LEAST_SECONDS = 1.0


def check_tests(
    overlay: Overlay,
    tests: Sequence[str],
    workshop: Workshop,
    cancel: CancelToken,
    seconds: float,
) -> Verdict:
    """Run some tests; one that fails now and failed before the edit too does not count.

    ``tests`` are files, or names in them as pytest writes these. Cost: at most ``seconds``; what
    is not done by then is said. Raises :class:`~lsp_agent.cancel.Cancelled`.
    """
    began = time.monotonic()
    files = [one.partition("::")[0] for one in tests]
    runner = runner_for(overlay.text, files)
    if runner is None:
        return _unmade(f"nothing is known that would run {_listed(files)}", began)
    try:
        outcome = run_some(runner, tests, overlay, workshop, cancel, seconds)
        if outcome.status is None:
            what = f"took longer than {seconds:g} s" if outcome.ended == "timeout" else "were ended"
            why = "" if outcome.ended == "timeout" else f" ({outcome.ended})"
            return _unmade(f"{_listed(tests)} {what}{why}", began)
        if outcome.status == 0:
            return _passed(runner, tests, outcome, began)
        if outcome.status == NONE_FOUND.get(runner.name):
            return _unmade(f"there are no tests in {_listed(tests)}", began)
        left = max(seconds - (time.monotonic() - began), _LEAST_SECONDS)
        return _failed(runner, tests, outcome, _Before(overlay, workshop, cancel, left), began)
    except SandboxError as error:
        return _unmade(str(error), began)


class _Before:
    """Runs tests as they were before the edit."""

    def __init__(
        self, overlay: Overlay, workshop: Workshop, cancel: CancelToken, seconds: float
    ) -> None:
        self._overlay = overlay.as_found()
        self._workshop = workshop
        self._cancel = cancel
        self._seconds = seconds

    def failing(self, runner: Runner, tests: Sequence[str]) -> tuple[set[str], Outcome | None]:
        """Return which tests failed, and the outcome; ``None`` where none was there."""
        files = dict.fromkeys(one.partition("::")[0] for one in tests)
        there = [path for path in files if self._overlay.exists(path)]
        if not there:
            return set(), None
        outcome = run_some(
            runner, there, self._overlay, self._workshop, self._cancel, self._seconds
        )
        return set(failures_of(runner, outcome.output)), outcome


def _failed(
    runner: Runner, tests: Sequence[str], outcome: Outcome, before: _Before, began: float
) -> Verdict:
    now = failures_of(runner, outcome.output)
    # Where its output names files, no others have to be run once more.
    named = list(now) if runner.name == "pytest" and now else list(tests)
    known, old = before.failing(runner, named)
    seconds = round(time.monotonic() - began, 3)
    fresh = {test: said for test, said in now.items() if test not in known}
    passed = passed_of(runner, outcome.output)
    if old is not None and old.status is not None and old.status != 0 and not fresh:
        remark = f"{len(now) or 'some'} failed that failed before the edit too"
        return Verdict(
            "tests", True, f"{_listed(tests)}: {passed} passed; {remark}", seconds, _by(passed)
        )
    lines = [f"{test} failed{said and ': '}{said}" for test, said in fresh.items()]
    if not lines:
        lines = [f"{_listed(tests)} failed: {last_lines(outcome.output)}"]
    more = len(lines) - _MAX_FAILURES
    lines = [*lines[:_MAX_FAILURES], *([f"and {more} more"] if more > 0 else [])]
    lines.append(f"{passed} of the tests passed ({runner.name})")
    if old is not None and old.status is None:
        lines.append("there was no time to see whether they failed before the edit")
    return Verdict("tests", False, "\n".join(lines), seconds, _by(passed + len(now)))


def _passed(runner: Runner, tests: Sequence[str], outcome: Outcome, began: float) -> Verdict:
    count = passed_of(runner, outcome.output)
    if not count and runner.name in COUNTED:
        # Any code of the project can end a runner with status 0.
        return _unmade(f"{_listed(tests)}: {runner.name} said of no test that it passed", began)
    said = f"{count} passed" if count else "passed"
    seconds = round(time.monotonic() - began, 3)
    return Verdict("tests", True, f"{_listed(tests)}: {said} ({runner.name})", seconds, _by(count))


def _unmade(reason: str, began: float) -> Verdict:
    return Verdict("tests", None, f"not checked: {reason}", round(time.monotonic() - began, 3))


def _by(count: int) -> str:
    return f"{count} test{'s' * (count != 1)}" if count else "tests"


def _listed(paths: Sequence[str]) -> str:
    shown = ", ".join(paths[:3])
    return f"{shown} and {len(paths) - 3} more" if len(paths) > 3 else shown
