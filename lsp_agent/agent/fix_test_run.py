"""A run that mends what a failing test is about: done when it passes and no other fails anew."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, replace

from lsp_agent.agent.blame import blamed
from lsp_agent.agent.environment import Run, RunFailedError
from lsp_agent.agent.profile_run import profile_of, run_by_profile
from lsp_agent.agent.query import Budget
from lsp_agent.agent.types import Focus
from lsp_agent.agent.verify import concerned_tests, refusal_of_tests
from lsp_agent.cancel import CancelToken
from lsp_agent.context.untrusted import guarded
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.verify.affected import is_runnable_test
from lsp_agent.verify.mutation import NamedTests
from lsp_agent.verify.outcomes import TestsRun, last_lines, run_tests
from lsp_agent.verify.runners import runner_for
from lsp_agent.verify.tests_check import check_tests
from lsp_agent.verify.types import Verdict, Workshop
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.positions import Range


def run_fix_test(run: Run, budget: Budget) -> str:
    """Mend the code that makes the request's test fail; return what was said of it.

    ``RunRequest.argument`` names the test as ``PATH::NAME``. With a ``target`` the user wants the
    test itself changed: that is what stands there. Raises :class:`RunFailedError` where the test
    can't be run, and :class:`RejectedError` when nothing made it pass.
    """
    path, _, name = run.request.argument.partition("::")
    if not name or not run.env.overlay.exists(path):
        raise RunFailedError("the test is not there any more", "no-place")
    refusal = refusal_of_tests(run, [path])
    if refusal or run.env.workshop is None:
        raise RunFailedError(f"{name} can't be run: {refusal}", "not-run")
    goal = _Goal(run, NamedTests(path, (name,)), run.env.workshop)
    run.env.progress("running the test", None)
    first = goal.tried(run.env.overlay, run.cancel)
    if first.good is None:
        raise RunFailedError(f"{name} can't be run: {first.reason}", "not-run")
    if not goal.fails(first):
        return f"{name} passes: there is nothing to fix"
    run.proof.goal = goal.reached
    said = run_by_profile(_aimed(run, first, path, name), budget)
    return said or f"{name} passes now"


def _aimed(run: Run, first: TestsRun, path: str, name: str) -> Run:
    """Point a run at the code that a test is about, and show it the failure."""
    request = run.request
    test = _text_of_test(run.env.overlay, path, name)
    whose = "Change the test." if request.target else "Change what it tests, never a test."
    shown = guarded(f"The test, in {path}:\n{test}\n\nIt fails:\n{first.printed}")
    task = f"{request.task}\n\n{shown}\n\n{whose}"
    request = replace(request, task=task, form="rewrite", bounded=False)
    if request.target is None:
        found = blamed(run.env.overlay, first.output, path, test, run.cancel.check)
        if found is not None:
            focus = Focus(found.path, Range(found.range.start, found.range.start))
            request = replace(request, focus=focus, target=found.range)
        elif profile_of(replace(run, request=request)) == "direct":
            raise RunFailedError(f"nothing shows what code {name} is about", "no-place")
    return replace(run, request=request, env=run.env.without_tests())


@dataclass(frozen=True, slots=True)
class _Goal:
    """What has to hold at the end of a run."""

    run: Run
    tests: NamedTests
    workshop: Workshop

    def tried(self, overlay: Overlay, cancel: CancelToken) -> TestsRun:
        """Run the test."""
        runner = runner_for(overlay.text, [self.tests.path])
        arguments = self.tests.arguments(runner) if runner else (self.tests.path,)
        seconds = self.run.env.settings.verify.tests_seconds
        return run_tests(overlay, arguments, self.workshop, cancel, seconds)

    def fails(self, ran: TestsRun) -> bool:
        """Whether it failed, or could not even be begun."""
        if ran.good:
            return False
        named = bool(self.tests.among(list(ran.failed)))
        return named or not ran.failed or (ran.runner is not None and ran.runner.name == "pytest")

    def reached(self) -> tuple[Verdict, ...]:
        """Say whether the test passes with the edit, and what passed before."""
        run, overlay = self.run, self.run.env.overlay
        kept = self._kept()
        if kept:
            return (Verdict("scope", ok=False, detail=kept),)
        run.env.progress("running the test", None)
        ran, name = self.tried(overlay, run.cancel), self.tests.names[0]
        if ran.good is None or self.fails(ran):
            said = "\n".join(ran.failed.values()) or last_lines(ran.output)
            detail = f"{name} still fails: {ran.reason or said}\n{ran.printed}"
            return (Verdict("tests", ok=False, detail=detail, seconds=ran.seconds),)
        seconds = run.env.settings.verify.tests_seconds
        passes = Verdict("tests", ok=True, detail=f"{name} passes now", seconds=ran.seconds)
        others = list(dict.fromkeys([self.tests.path, *concerned_tests(run)]))
        run.env.progress("running tests", None)
        return (passes, check_tests(overlay, others, self.workshop, run.cancel, seconds))

    def _kept(self) -> str:
        """Say which test was changed that may not be; ``""`` if none."""
        run, path, name = self.run, self.tests.path, self.tests.names[0]
        if run.request.target is not None:
            return ""
        for change in run.env.overlay.changes():
            for one in (change.path, change.new_path or change.path):
                if is_runnable_test(one) or posixpath.basename(one) == "conftest.py":
                    return f"{one} may not change: mend what {name} tests, not the tests"
        before = _text_of_test(run.env.overlay.as_found(), path, name)
        if _text_of_test(run.env.overlay, path, name) != before:
            return f"{name} may not change: mend what it tests"
        return ""


def _text_of_test(overlay: Overlay, path: str, name: str) -> str:
    """Return a test's own lines; its file's, where they are not found by its name."""
    document = SyntaxDocument.read(path, overlay.text(path) or "")
    for symbol in document.symbols():
        if symbol.qualified_name == name:
            return document.text.slice(symbol.range)
    return document.text.content
