"""A run that writes tests: they are run, and have to notice faults put into what they are about.

Whether they do is told by mutation testing, see :mod:`lsp_agent.syntax.mutants`: tests that pass
on every mutant go back to the model with the mutants' names. A test that fails is offered with its
reason, since it may be the code that is wrong.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from lsp_agent.agent.conversation import Conversation
from lsp_agent.agent.direct import take_calls
from lsp_agent.agent.environment import Run, RunFailedError
from lsp_agent.agent.formats import extract_code
from lsp_agent.agent.forms.spec import AnswerError
from lsp_agent.agent.query import Answer, Budget, answer_tokens, ask_engine
from lsp_agent.agent.tests_prompt import Subject, question
from lsp_agent.agent.verify import describe, give_up, refusal_of_tests, tell, verify
from lsp_agent.agent.written_tests import add_tests, names_of_tests
from lsp_agent.context.untrusted import guarded, unguarded
from lsp_agent.engine.types import Message
from lsp_agent.resources import resource
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.facts import file_facts
from lsp_agent.syntax.languages import language_of
from lsp_agent.syntax.mutants import mutants
from lsp_agent.verify.mutation import NamedTests, Trial, try_mutants
from lsp_agent.verify.outcomes import TestsRun, last_lines, run_tests
from lsp_agent.verify.test_files import file_of_tests, is_tested
from lsp_agent.verify.types import Verdict, Workshop
from lsp_agent.workspace.overlay import OverlayState

_MOST_MUTANTS, _MOST_LISTED = 12, 8
# Such a failure is one of the test, not of what it is about.
_OWN_FAULT = re.compile(r"(?:Name|Import|ModuleNotFound|Syntax|Indentation|Reference)Error|fixture")


def run_tests_form(run: Run, budget: Budget) -> str:
    """Write tests of the request's target; return what they proved, the first line a summary.

    Raises :class:`RejectedError` when no answer held tests that may be offered.
    """
    subject = _subject(run)
    inner = replace(
        run,
        request=replace(run.request, scope=frozenset({subject.tests}), target=None),
        env=run.env.without_tests(),
    )
    writing = _Writing(inner, subject)
    conversation = Conversation(
        run, Message("system", run.prompt("tests")), Message("user", question(run, subject))
    )
    clean, last, problem = run.env.overlay.snapshot(), "", ""
    for _ in range(run.env.settings.agent.refine_passes + 1):
        conversation.fit()
        answer = ask_engine(
            run,
            budget,
            conversation.messages,
            grammar=resource("direct.gbnf"),
            max_tokens=answer_tokens(run),
        )
        if writing.stood_by and answer.said.content == last:
            break
        run.env.overlay.restore(clean)
        problem = writing.take(answer)
        if not problem:
            return writing.said
        last = answer.said.content
        conversation.answer(last, answer.said.tool_calls)
        conversation.observe(problem)
    if not writing.settle():
        run.env.overlay.restore(clean)
        give_up(run, f"no tests of the model's may be offered; of the last ones: {problem}")
    return writing.said


def _subject(run: Run) -> Subject:
    request, overlay = run.request, run.env.overlay
    if request.focus is None or request.target is None:
        raise RunFailedError("tests are written for a place in a file; name one", "no-place")
    path = request.focus.path
    if not is_tested(path):
        raise RunFailedError(f"it is not known where tests of {path} go", "no-place")
    tests = file_of_tests(path, overlay.walk() if overlay.root else ())
    return Subject(path, request.target, request.argument or path, overlay.spelling(tests))


@dataclass(frozen=True, slots=True)
class _Kept:
    """Tests that may be offered, with what was said of them; better ones pass."""

    passes: bool
    state: OverlayState
    verdicts: tuple[Verdict, ...]
    said: str


@dataclass(slots=True)
class _Writing:
    """The tests of one run: what was tried, and the best so far.

    ``stood_by``: the last ones fail for a reason that may be the code's, so that the same answer
    once more means that they are right.
    """

    run: Run
    subject: Subject
    said: str = ""
    stood_by: bool = False
    _best: _Kept | None = None
    _refusal: str | None = None
    _known: tuple[str, ...] = ()

    def take(self, answer: Answer) -> str:
        """Put an answer's tests into the overlay and try them; return what is wrong with them."""
        overlay, path = self.run.env.overlay, self.subject.tests
        before = overlay.text(path)
        self.stood_by = False
        self._known = file_facts(before or "", language_of(path)).tests
        called = take_calls(self.run, answer, path, before or "")
        if called:
            return called
        if called is None:
            code = extract_code(answer.text)
            if code is None:
                return "Your answer holds no block between <<<code and >>>code."
            if answer.cut_off:
                return "Your answer was cut off before its end; write fewer tests."
            try:
                overlay.write(path, add_tests(path, before, unguarded(code)))
            except AnswerError as error:
                return f"{error}\nAnswer again."
        failures = describe(verify(self.run))
        return f"{failures}\nAnswer again, with all the tests." if failures else self._try()

    def settle(self) -> bool:
        """Go back to the best tests, if there are any that may be offered."""
        if self._best is None:
            return False
        self.run.proof.verdicts, self.said = self._best.verdicts, self._best.said
        self.run.env.overlay.restore(self._best.state)
        return True

    def _try(self) -> str:
        path = self.subject.tests
        named = names_of_tests(path, self.run.env.overlay.text(path) or "")
        tests = NamedTests(path, tuple(one for one in named if one not in self._known))
        workshop = self.run.env.workshop
        if self._refusal is None:
            self._refusal = refusal_of_tests(self.run, [path])
        if workshop is None or self._refusal:
            return self._unmade(f"not run: {self._refusal}")
        self.run.env.progress("running tests", None)
        seconds = self.run.env.settings.verify.tests_seconds
        ran = run_tests(self.run.env.overlay, [path], workshop, self.run.cancel, seconds)
        if ran.runner is None or not ran.began:
            return self._unmade(f"not run: {ran.reason}")
        if ran.good is None:
            tell(self.run, Verdict("tests", ok=False, detail=ran.reason))
            return f"The tests were run: {ran.reason}.\nAnswer again."
        failed = tests.among(list(ran.failed))
        if failed or (not ran.good and not self._are_others(ran)):
            return self._failed(ran, failed, tests)
        count = len(tests.names)
        detail = f"{path}: {count} passed ({ran.runner.name})"
        by = f"{count} test{'s' * (count != 1)}"
        tell(self.run, Verdict("tests", ok=True, detail=detail, seconds=ran.seconds, by=by))
        return self._tried(ran, tests, workshop)

    def _are_others(self, ran: TestsRun) -> bool:
        """Whether what failed were tests that were there before."""
        others = NamedTests(self.subject.tests, self._known)
        return bool(ran.failed) and all(others.among([one]) for one in ran.failed)

    def _failed(self, ran: TestsRun, failed: list[str], tests: NamedTests) -> str:
        """Tell of tests that fail; keep them, where it may be the code that is wrong."""
        rows = {name: f"{name}: {why}" for name, why in ran.failed.items()}
        said = [row for name, row in rows.items() if tests.among([name])]
        lines = said or list(rows.values())
        detail = "\n".join(lines[:_MOST_LISTED]) or last_lines(ran.output)
        tell(self.run, Verdict("tests", ok=False, detail=detail, seconds=ran.seconds))
        if failed and not ran.broken and not any(_OWN_FAULT.search(one) for one in said):
            self.stood_by = True
            count = f"{len(failed)} of {len(tests.names)} fail{'s' * (len(failed) == 1)}"
            words = f"tests of {self.subject.name} in {tests.path}: {count}"
            self._keep(words, passes=False)
        return (
            f"The tests were run, and these failed:\n{guarded(detail)}\n\nThe end of what was "
            f"printed:\n{guarded(ran.printed)}\n\nMend each that is wrong, and answer with all the "
            "tests. If it is the code that is wrong, give the same answer again."
        )

    def _tried(self, ran: TestsRun, tests: NamedTests, workshop: Workshop) -> str:
        """Run tests that pass on mutants; what notices none is worth nothing."""
        run, subject = self.run, self.subject
        document = SyntaxDocument.read(subject.path, run.env.overlay.read(subject.path))
        faults = mutants(document, subject.target, _MOST_MUTANTS)
        passed = f"tests of {subject.name} in {tests.path}: {len(tests.names)} passed"
        if not faults or ran.runner is None:
            tell(run, Verdict("mutants", None, "not checked: there are no faults to put in here"))
            self.said = passed
            return ""
        run.env.progress("trying the tests on faults", None)
        seconds = run.env.settings.verify.tests_seconds
        found = try_mutants(
            run.env.overlay, subject.path, faults, tests, ran.runner, workshop, run.cancel,
            seconds, ran.seconds,
        )  # fmt: skip
        idle = f"; no use: {', '.join(found.idle)}" if found.idle else ""
        by = f"{found.killed} of {len(faults) - found.untried} mutants"
        unknown = not found.killed and not found.survived
        ok = None if unknown else found.killed > 0
        tell(run, Verdict("mutants", ok=ok, detail=found.said + idle, by=by))
        self.said = f"{passed}, {found.said.partition(';')[0]} mutants\n{found.said}{idle}"
        if ok and found.idle:
            self._keep(self.said, passes=True)
        return "" if unknown or (ok and not found.idle) else _idle(found)

    def _keep(self, said: str, *, passes: bool) -> None:
        if passes or self._best is None or not self._best.passes:
            state = self.run.env.overlay.snapshot()
            self._best = _Kept(passes, state, self.run.proof.verdicts, said)

    def _unmade(self, reason: str) -> str:
        tell(self.run, Verdict("tests", None, reason))
        self.said = f"tests of {self.subject.name} in {self.subject.tests}, {reason}"
        return ""


def _idle(found: Trial) -> str:
    faults = "\n".join(f"- {one}" for one in found.survived[:_MOST_LISTED])
    told = f"Faults were put into the code, one at a time. The tests {found.said.partition(';')[0]}"
    if found.killed:
        idle = ", ".join(found.idle)
        told += f". These fail on none, and prove nothing: {idle}. Sharpen them or leave them out"
    still = f"\nWith each of these faults all the tests pass:\n{faults}" if faults else ""
    return f"{told}.{still}\nAnswer again, with all the tests."
