"""A run that makes a function faster, and shows it: no edit leaves that a benchmark does not prove.

The model writes the benchmark's cases first, on the code as it is, then the faster function. Both
are run in the workshop; the way of measuring is ours, not the model's.
"""

from __future__ import annotations

from dataclasses import replace

from lsp_agent.agent.asking import ask_until
from lsp_agent.agent.conversation import Conversation
from lsp_agent.agent.direct import Piece, piece_of, run_direct
from lsp_agent.agent.environment import RejectedError, Run, RunFailedError
from lsp_agent.agent.formats import extract_code
from lsp_agent.agent.query import Answer, Budget, answer_tokens
from lsp_agent.agent.verify import refusal_of, tell
from lsp_agent.context.builder import whole_file
from lsp_agent.context.untrusted import guarded, unguarded
from lsp_agent.engine.types import Message
from lsp_agent.verify.benchmark import (
    Benchmark,
    BenchmarkError,
    compare,
    module_of,
    time_once,
)
from lsp_agent.verify.types import Workshop

_FRAME_TOKENS = 512
_MAX_SHOWN = 3_000


def run_optimise(run: Run, budget: Budget) -> str:
    """Make the target faster; return one line on what was measured, ``""`` for no change.

    Raises ``RunFailedError`` where nothing can be run here, and :class:`RejectedError` where the
    model writes no benchmark that runs, or no version that is faster with the same results.
    """
    workshop, refused = run.env.workshop, refusal_of(run)
    if workshop is None or refused:
        raise RunFailedError(f"nothing can be measured: {refused}", "no-sandbox")
    piece = piece_of(run)
    benchmark, milliseconds = _benchmark(run, budget, piece, workshop)
    task = (
        f"{run.request.task}\nIt takes {milliseconds:.3g} ms for these cases, and has to give the "
        f"same results in less time:\n{benchmark.source[:_MAX_SHOWN]}"
    )
    clean = run.env.overlay.snapshot()
    said = ""
    for _ in range(run.env.settings.agent.refine_passes + 1):
        run.env.overlay.restore(clean)
        words = f"{task}\nA version before this one was refused: {said}" if said else task
        # The benchmark is no form of its own: what is asked is a plain rewrite.
        run_direct(replace(run, request=replace(run.request, task=words, form="rewrite")), budget)
        if not run.env.overlay.changes():
            return ""
        run.env.progress("measuring", None)
        try:
            verdict = compare(benchmark, run.env.overlay, workshop, run.cancel, _seconds(run))
        except BenchmarkError as error:
            raise RejectedError(f"the benchmark does not run any more: {error}") from error
        tell(run, verdict)
        if verdict.ok:
            return verdict.detail
        said = verdict.detail
    run.env.overlay.restore(clean)
    raise RejectedError(f"no version was better; the last one: {said}")


def _benchmark(
    run: Run, budget: Budget, piece: Piece, workshop: Workshop
) -> tuple[Benchmark, float]:
    """Ask for cases until they run on the code as it is; return them and what they take in ms."""
    overlay = run.env.overlay
    base, module = module_of(overlay, piece.path)
    count = run.env.engine.count_tokens
    room = run.info.n_ctx - answer_tokens(run) - _FRAME_TOKENS
    shown = whole_file(piece.path, piece.text, piece.range.start.line, room // 2, count)
    question = f"{shown}\n\nThe function:\n{piece.content}"
    asked = f"Write the benchmark of {run.request.argument}."
    conversation = Conversation(
        run,
        Message("system", run.prompt("benchmark")),
        Message("user", f"{guarded(question)}\n\n{asked}"),
    )

    def take(answer: Answer) -> tuple[Benchmark, float]:
        code = extract_code(answer.text)
        if code is None:
            raise BenchmarkError("Your answer holds no block of Python.")
        benchmark = Benchmark(base, module, unguarded(code))
        run.env.progress("measuring", None)
        try:
            timed = time_once(benchmark, overlay, workshop, run.cancel, _seconds(run))
        except BenchmarkError as error:
            raise BenchmarkError(f"The benchmark is none: {error}") from error
        return benchmark, timed.seconds * 1000

    return ask_until(
        run,
        budget,
        conversation,
        take,
        refusal=BenchmarkError,
        again="Answer again, with the whole block.",
        failure="no benchmark of the model ran",
    )


def _seconds(run: Run) -> float:
    return run.env.settings.verify.tests_seconds
