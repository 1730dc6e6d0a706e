"""Running tests, and reading what their runner says of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lsp_agent.cancel import CancelToken
from lsp_agent.errors import LspAgentError
from lsp_agent.sandbox.types import Outcome, SandboxError
from lsp_agent.verify.runners import Name, Runner, runner_for
from lsp_agent.verify.types import Workshop
from lsp_agent.workspace.overlay import Overlay

_MAX_MESSAGE = 300
_MOST_FAILING = 10
_ENV = {"PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "400", "NO_COLOR": "1"}
_ARGUMENTS: dict[Name, tuple[str, ...]] = {
    "pytest": (
        f"--maxfail={_MOST_FAILING}", "--tb=short", "-p", "no:cacheprovider", "-rfE", "--color=no",
    ),
    "go": ("-count=1",),
}  # fmt: skip
# The test that failed, and what is said of it on the same line.
_FAILED: dict[Name, str] = {
    "pytest": r"^(?:FAILED|ERROR) (?P<test>\S+(?:\[.*?\])?)(?: - (?P<said>.*))?$",
    "unittest": r"^(?:FAIL|ERROR): (?P<test>.+)$",
    "go": r"^\s*--- FAIL: (?P<test>\S+)",
    "cargo": r"^test (?P<test>\S+) \.\.\. FAILED$",
    "jest": r"^\s+● (?P<test>.+)$",
    "vitest": r"^\s*(?:FAIL|×)\s+(?P<test>.+)$",
    # What node's own runner says where nobody watches, also by way of npm.
    "node": r"^\s*not ok \d+ - (?P<test>.+)$",
    "npm": r"^\s*not ok \d+ - (?P<test>.+)$",
}
# The test, or the file, that could not even be run.
_BROKEN: dict[Name, str] = {
    "pytest": r"^ERROR (?P<test>\S+(?:\[.*?\])?)(?: - .*)?$",
    "unittest": r"^ERROR: (?P<test>.+_FailedTest.*)$",
}
COUNTED: dict[Name, str] = {
    "pytest": r"(?P<count>\d+) passed",
    "unittest": r"^Ran (?P<count>\d+) tests?",
    "cargo": r"(?P<count>\d+) passed",
    "jest": r"^Tests:.*?(?P<count>\d+) passed",
    "vitest": r"^\s*Tests\s.*?(?P<count>\d+) passed",
    "node": r"^# pass (?P<count>\d+)",
}
"""How many passed, by the runners that say so."""
NONE_FOUND: dict[Name, int] = {"pytest": 5, "unittest": 5}
"""The exit statuses of runners that found no tests."""
_CONTROLS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class TestsRun:
    """What came of running some tests.

    ``failed`` are those that did, with what is said of each, as far as the runner names them, and
    ``broken`` those of them that could not be run, files among them. ``good`` is whether all
    passed, and ``None`` where that is not known: ``reason`` says why, and ``began`` whether they
    were run at all.
    """

    __test__ = False

    runner: Runner | None = None
    good: bool | None = None
    passed: int = 0
    failed: Mapping[str, str] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()
    output: str = ""
    reason: str = ""
    seconds: float = 0.0
    began: bool = True


def run_tests(
    overlay: Overlay,
    tests: Sequence[str],
    workshop: Workshop,
    cancel: CancelToken,
    seconds: float,
) -> TestsRun:
    """Run tests, files or pytest's names in them, by the project's runner.

    Raises :class:`~lsp_agent.cancel.Cancelled`. Cost: at most ``seconds``.
    """
    files = list(dict.fromkeys(one.partition("::")[0] for one in tests))
    runner = runner_for(lambda path: text_of(overlay, path), files)
    if runner is None:
        return TestsRun(reason=f"nothing is known that would run {', '.join(files)}", began=False)
    try:
        outcome = run_some(runner, tests, overlay, workshop, cancel, seconds)
    except SandboxError as error:
        return TestsRun(runner, reason=str(error), began=False)
    output = _CONTROLS.sub("", outcome.output)
    if outcome.status is None:
        late = f"they took longer than {seconds:g} s"
        reason = late if outcome.ended == "timeout" else f"they were ended ({outcome.ended})"
        return TestsRun(runner, None, output=output, reason=reason, seconds=outcome.seconds)
    if outcome.status and f"No module named {runner.name}" in output:
        return TestsRun(runner, reason=f"{runner.name} is not there", began=False)
    passed, failed = passed_of(runner, output), failures_of(runner, output)
    reason = ""
    if outcome.status == NONE_FOUND.get(runner.name) and not failed:
        reason = f"{runner.name} finds no tests in {', '.join(files)}"
    elif outcome.status == 0 and not passed and runner.name in COUNTED:
        # Any code of the project can end a runner with status 0.
        reason = f"{runner.name} said of no test that it passed"
    good = None if reason else outcome.status == 0
    broken = frozenset(re.findall(_BROKEN.get(runner.name, r"(?!)"), output, re.MULTILINE))
    return TestsRun(runner, good, passed, failed, broken, output, reason, outcome.seconds)


def run_some(
    runner: Runner,
    tests: Sequence[str],
    overlay: Overlay,
    workshop: Workshop,
    cancel: CancelToken,
    seconds: float,
) -> Outcome:
    """Run tests by a given runner; raises ``SandboxError`` and ``Cancelled``."""
    outcome = workshop.run(
        runner.argv(tests, _ARGUMENTS.get(runner.name, ())),
        overlay,
        cancel,
        seconds=seconds,
        env={**_ENV, **runner.env},
    )
    cancel.check()
    return outcome


def failures_of(runner: Runner, output: str) -> dict[str, str]:
    """Return the tests that failed, with what is said of each, cut short."""
    pattern = _FAILED.get(runner.name)
    found: dict[str, str] = {}
    clean = _CONTROLS.sub("", output)
    for match in re.finditer(pattern, clean, re.MULTILINE) if pattern else ():
        said = match.groupdict().get("said") or _said_after(clean, match.end())
        found.setdefault(match["test"].strip(), said.strip()[:_MAX_MESSAGE])
    return found


def _said_after(output: str, at: int) -> str:
    """Return the first lines behind a place: what most runners say of a failure stands there."""
    rows = (row.strip() for row in output[at : at + 2000].splitlines())
    return "; ".join([row for row in rows if row.strip("-=^~ ")][:4])


def passed_of(runner: Runner, output: str) -> int:
    """Return how many tests passed, as far as the runner says so."""
    pattern = COUNTED.get(runner.name)
    counts = re.findall(pattern, _CONTROLS.sub("", output), re.MULTILINE) if pattern else []
    return sum(map(int, counts))


def last_lines(output: str, most: int = _MAX_MESSAGE) -> str:
    """Return the end of what a program printed, on one line of at most so many characters."""
    rows = [row.strip() for row in _CONTROLS.sub("", output).splitlines() if row.strip()]
    return "; ".join(rows[-4:])[-most:]


def text_of(overlay: Overlay, path: str) -> str | None:
    """Return a file's text; ``None`` where there is none that can be read."""
    try:
        return overlay.read(path) if overlay.exists(path) else None
    except LspAgentError:
        return None
