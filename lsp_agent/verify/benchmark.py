"""Measuring a Python function before and after an edit, in the workshop.

Both versions are run in turns, each in processes of their own, and the best pass of each counts:
what else the machine does makes a pass slower, never faster.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from lsp_agent.cancel import CancelToken
from lsp_agent.errors import LspAgentError
from lsp_agent.sandbox.types import SandboxError
from lsp_agent.verify.outcomes import last_lines
from lsp_agent.verify.runners import PYTHON
from lsp_agent.verify.timed_calls import MARK
from lsp_agent.verify.types import Verdict, Workshop
from lsp_agent.workspace.overlay import Overlay

LEAST_GAIN = 0.1
"""The share of its time that a version has to save to count as faster."""

_TURNS = 3
_MAX_SHOWN = 600
_ENV = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0", "NO_COLOR": "1"}


class BenchmarkError(LspAgentError):
    """A benchmark that does not run, or whose results can't be compared; the message says why."""

    code = "benchmark"


@dataclass(frozen=True, slots=True)
class Timed:
    """Each case's result in words, and the seconds of the best pass over all, of one process."""

    results: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What is timed: ``module`` is found below ``base``, ``source`` has the cases and the call."""

    base: str
    module: str
    source: str


def module_of(overlay: Overlay, path: str) -> tuple[str, str]:
    """Return the folder that a Python file is imported from, and its dotted name there."""
    folder, parts = posixpath.dirname(path), [posixpath.basename(path).removesuffix(".py")]
    while folder and overlay.exists(f"{folder}/__init__.py"):
        folder, name = posixpath.split(folder)
        parts.insert(0, name)
    if parts[-1] == "__init__":
        parts.pop()
    return folder or ".", ".".join(parts)


def time_once(
    benchmark: Benchmark, overlay: Overlay, workshop: Workshop, cancel: CancelToken, seconds: float
) -> Timed:
    """Run a benchmark in one process; raises :class:`BenchmarkError` where it is none.

    It is none where it fails or takes longer than ``seconds``, where all cases raise, and where a
    second call gives another result.
    """
    source = files(__package__).joinpath("timed_calls.py").read_text("utf-8")
    argv = (PYTHON, "-c", source, benchmark.base, benchmark.module)
    given = benchmark.source.encode("utf-8", "replace")
    try:
        outcome = workshop.run(argv, overlay, cancel, seconds=seconds, env=_ENV, stdin=given)
    except SandboxError as error:
        raise BenchmarkError(str(error)) from error
    cancel.check()
    if outcome.status is None:
        raise BenchmarkError(f"it did not end ({outcome.ended}, {seconds:g} s at most)")
    found = _found(outcome.output)
    if outcome.status != 0 or found is None:
        raise BenchmarkError(
            f"it failed: {last_lines(outcome.output, _MAX_SHOWN) or 'it said nothing'}"
        )
    if not found["cases"] or found["raised"] == found["cases"]:
        said = found["results"][0] if found["results"] else "there are none"
        raise BenchmarkError(f"no case of it works: {said[:_MAX_SHOWN]}")
    if not found["steady"]:
        raise BenchmarkError("its results differ from call to call")
    return Timed(tuple(map(str, found["results"])), float(found["seconds"]))


def compare(
    benchmark: Benchmark, overlay: Overlay, workshop: Workshop, cancel: CancelToken, seconds: float
) -> Verdict:
    """Time the overlay against the workspace as it was found.

    The edit has to give the same results in at least a tenth less time. Cost: six processes of at
    most ``seconds`` each. Raises :class:`BenchmarkError` where what was found does not run.
    """
    found = overlay.as_found()
    old, new = list[Timed](), list[Timed]()
    for _ in range(_TURNS):
        old.append(time_once(benchmark, found, workshop, cancel, seconds))
        try:
            new.append(time_once(benchmark, overlay, workshop, cancel, seconds))
        except BenchmarkError as error:
            return Verdict("benchmark", False, f"with the edit {error}")
        if differing := _difference(old[0], new[-1]):
            return Verdict("benchmark", False, differing)
    before, after = _best(old), _best(new)
    told = f"{_duration(before)} before, {_duration(after)} after"
    cases = f"{len(old[0].results)} cases"
    if after > before * (1 - LEAST_GAIN):
        return Verdict("benchmark", False, f"it is not faster: {told} ({cases})", by=cases)
    gain = f"{before / max(after, 1e-9):.1f} times as fast: {told} ({cases})"
    return Verdict("benchmark", True, gain, by=cases)


def _difference(old: Timed, new: Timed) -> str:
    for number, (one, other) in enumerate(zip(old.results, new.results, strict=False)):
        if one != other:
            return f"case {number + 1} gives {other[:200]} and no longer {one[:200]}"
    return "" if len(old.results) == len(new.results) else "the cases are others"


def _best(timed: Sequence[Timed]) -> float:
    return min(one.seconds for one in timed)


def _found(output: str) -> dict[str, Any] | None:
    line = next((row for row in reversed(output.splitlines()) if row.startswith(MARK)), "")
    try:
        data = json.loads(line.removeprefix(MARK)) if line else None
    except (ValueError, RecursionError):
        return None
    return data if _is_whole(data) else None


def _is_whole(data: Any) -> bool:
    """Whether the numbers are numbers: any code of the project can write such a line."""
    return (
        isinstance(data, dict)
        and isinstance(data.get("cases"), int)
        and isinstance(data.get("raised"), int)
        and isinstance(data.get("results"), list)
        and isinstance(data.get("seconds"), float)
        and data["seconds"] >= 0
        and "steady" in data
    )


def _duration(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs"
