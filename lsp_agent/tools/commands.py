"""Commands, tests and timings, run on a copy of the workspace in the sandbox."""

from __future__ import annotations

import statistics

from pydantic import Field

from lsp_agent.sandbox.types import Outcome
from lsp_agent.tools.node import local_program
from lsp_agent.tools.programs import ending, existing, printed, report, run_program, workshop_of
from lsp_agent.tools.spec import Arguments, Tool, ToolContext, ToolError
from lsp_agent.tools.words import split_words
from lsp_agent.verify.runners import runner_for
from lsp_agent.workspace.errors import UnreadableFileError
from lsp_agent.workspace.overlay import Overlay


class ExecuteCommand(Arguments):
    """Arguments of ``execute_command``."""

    command: str = Field(description="program and arguments; no shell, so no pipes and no &&")
    timeout: float | None = Field(None, gt=0, le=86_400, description="seconds")


class RunTests(Arguments):
    """Arguments of ``run_tests``."""

    paths: list[str] | None = Field(None, description="test files or folders; all without them")
    args: list[str] | None = Field(None, description="more arguments for the test runner")


class BenchmarkCode(Arguments):
    """Arguments of ``benchmark_code``."""

    command: str = Field(description="program and arguments; no shell")
    repeat: int = Field(5, ge=1, le=100, description="how often it is run")


def _words(arguments: ExecuteCommand | BenchmarkCode) -> tuple[str, ...]:
    return split_words(arguments.command)


def _execute_command(context: ToolContext, arguments: ExecuteCommand) -> str:
    argv = _words(arguments)
    return report(context, run_program(context, argv, seconds=arguments.timeout))


def _run_tests(context: ToolContext, arguments: RunTests) -> str:
    workshop_of(context)
    paths = []
    for path in arguments.paths or []:
        file, mark, name = path.partition("::")
        paths.append(existing(context, file) + mark + name)
    runner = runner_for(lambda path: _text(context.overlay, path), paths)
    if runner is None:
        raise ToolError(_no_runner(paths))
    argv = list(runner.argv(paths, arguments.args or []))
    if runner.name in ("jest", "vitest"):
        argv[0] = local_program(context, runner.name)
    outcome = run_program(context, argv, env=runner.env)
    return f"{runner.name}: {report(context, outcome)}"


def _benchmark_code(context: ToolContext, arguments: BenchmarkCode) -> str:
    argv = _words(arguments)
    outcomes: list[Outcome] = []
    for _ in range(arguments.repeat):
        outcomes.append(run_program(context, argv))
        # What fails, or was ended, is not timed again.
        if outcomes[-1].status != 0:
            break
    last = outcomes[-1]
    if last.status != 0:
        return f"run {len(outcomes)} of {arguments.repeat} failed: {report(context, last)}"
    seconds = [outcome.seconds for outcome in outcomes]
    timing = (
        f"median {statistics.median(seconds):.4f} s, min {min(seconds):.4f} s, "
        f"spread {max(seconds) - min(seconds):.4f} s (max - min) over {len(seconds)} run(s); "
        f"{ending(last)} each time"
    )
    output = printed(last)
    return f"{timing}\noutput of the last run:\n{output}" if output else timing


def _text(overlay: Overlay, path: str) -> str | None:
    try:
        return overlay.read(path) if overlay.exists(path) else None
    except UnreadableFileError:
        return None


def _no_runner(paths: list[str]) -> str:
    what = f"of {', '.join(paths)}" if paths else "of this project"
    return (
        f"no known program runs the tests {what}: there is no sign of pytest, unittest, jest, "
        "vitest, an npm test script, go, cargo or `make test`; name the command yourself with "
        "execute_command"
    )


TOOLS = (
    Tool(
        name="execute_command",
        description="Run a program on a copy of the workspace, without network; what it writes "
        "stays in the copy.",
        arguments=ExecuteCommand,
        hazard="risky",
        run=_execute_command,
        example={"command": "make check", "timeout": 60},
        runs_programs=True,
        check=_words,
    ),
    Tool(
        name="run_tests",
        description="Run the project's tests on a copy of the workspace with your edits.",
        arguments=RunTests,
        hazard="sandboxed",
        run=_run_tests,
        example={"paths": ["tests/test_app.py"]},
        runs_programs=True,
    ),
    Tool(
        name="benchmark_code",
        description="Time a program: it is run several times on a copy of the workspace.",
        arguments=BenchmarkCode,
        hazard="sandboxed",
        run=_benchmark_code,
        example={"command": "python3 bench.py", "repeat": 5},
        runs_programs=True,
        check=_words,
    ),
)
