"""Whether tests notice faults: they are run on each of a few mutants of the code they are about."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

from lsp_agent.cancel import CancelToken
from lsp_agent.sandbox.types import Outcome, SandboxError
from lsp_agent.syntax.mutants import Mutant
from lsp_agent.verify.outcomes import failures_of, run_some
from lsp_agent.verify.runners import Runner
from lsp_agent.verify.types import Workshop
from lsp_agent.workspace.edits import apply_edits
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.text import Text

_PATIENCE, _LEAST_SECONDS = 4.0, 5.0


@dataclass(frozen=True, slots=True)
class NamedTests:
    """Some tests of a file, by their names as ``FileFacts.tests`` has them."""

    path: str
    names: tuple[str, ...]

    def arguments(self, runner: Runner) -> tuple[str, ...]:
        """Return what a runner is given to run them; the whole file, where it can't choose."""
        if runner.name != "pytest" or not self.names:
            return (self.path,)
        return tuple(f"{self.path}::{name.replace('.', '::')}" for name in self.names)

    def among(self, failed: Sequence[str]) -> list[str]:
        """Return those that are among a runner's names of tests."""
        return [one for one in self.names if any(_is_named(one, other) for other in failed)]


@dataclass(frozen=True, slots=True)
class Trial:
    """What tests made of mutants: ``idle`` tests failed on none, ``untried`` had no time."""

    killed: int
    survived: tuple[Mutant, ...]
    idle: tuple[str, ...]
    untried: int = 0

    @property
    def said(self) -> str:
        """The result in a few words, what survived last."""
        tried = self.killed + len(self.survived)
        parts = [f"killed {self.killed} of {tried}"]
        if self.untried:
            parts.append(f"{self.untried} more had no time")
        if self.survived:
            parts.append("survived: " + ", ".join(map(str, self.survived)))
        return "; ".join(parts)


def try_mutants(
    overlay: Overlay,
    path: str,
    faults: Sequence[Mutant],
    tests: NamedTests,
    runner: Runner,
    workshop: Workshop,
    cancel: CancelToken,
    seconds: float,
    usual: float,
) -> Trial:
    """Run tests, all of which pass, on each mutant of the file ``path``.

    ``usual`` is what they take without one: a mutant may take four times that, and one that does
    not end is killed. Cost: at most ``seconds`` and the last mutant's run. Raises
    :class:`~lsp_agent.cancel.Cancelled`.
    """
    ends = time.monotonic() + seconds
    patience = max(_PATIENCE * usual, _LEAST_SECONDS)
    source = Text(overlay.read(path))
    survived: list[Mutant] = []
    fell: set[str] = set()
    killed = 0
    for number, fault in enumerate(faults):
        if time.monotonic() >= ends:
            return Trial(killed, tuple(survived), _idle(tests, fell), len(faults) - number)
        tried = overlay.fork()
        tried.write(path, apply_edits(source, [fault.edit]).content)
        try:
            outcome = run_some(runner, tests.arguments(runner), tried, workshop, cancel, patience)
        except SandboxError:
            return Trial(killed, tuple(survived), _idle(tests, fell), len(faults) - number)
        failed = _failed(runner, outcome, tests)
        killed += bool(failed)
        fell.update(failed)
        if not failed:
            survived.append(fault)
    return Trial(killed, tuple(survived), _idle(tests, fell))


def _failed(runner: Runner, outcome: Outcome, tests: NamedTests) -> list[str]:
    """Return which of the tests a mutant made fail; all, where the runner names none."""
    if outcome.status == 0:
        return []
    named = list(failures_of(runner, outcome.output))
    found = tests.among(named)
    only_others = bool(named) and not found and runner.name != "pytest"
    return [] if only_others else found or list(tests.names)


def _idle(tests: NamedTests, fell: set[str]) -> tuple[str, ...]:
    return tuple(name for name in tests.names if name not in fell)


def _is_named(name: str, by_runner: str) -> bool:
    """Whether a runner's name of a failed test is that of ours."""
    if "::" in by_runner:
        own = by_runner.partition("::")[2].partition("[")[0].replace("::", ".")
        return own == name
    parts = re.split(r"\.| > ", name)
    # Some say only the test's own name, others what is around it too.
    return by_runner == parts[-1] or all(
        re.search(rf"(?<!\w){re.escape(part)}(?!\w)", by_runner) for part in parts
    )
