"""Several answers to one prompt, side by side: the first in order that passes the checks is taken.

Best of N with a verifier as the judge: Chen et al., "Evaluating Large Language Models Trained on
Code" (2021), chose among samples by tests as well. The prompt is evaluated once where the engine
shares prefixes; what each further answer costs is its own tokens, in batches with the others'. The
first is drawn as the settings say, greedily by default, the others by sampling with fixed seeds.
Which one is taken depends on their order, never on which came first.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

from lsp_agent.agent.environment import Run
from lsp_agent.agent.profiles import SMALL
from lsp_agent.agent.query import Answer, Budget, Heard, answer_of, listen
from lsp_agent.agent.sampling import sampling_of
from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.engine.types import Request, Sampling
from lsp_agent.errors import LspAgentError

TEMPERATURE = 0.7
_AUTO = 3
_log = logging.getLogger(__name__)


def candidate_count(run: Run) -> int:
    """Return how many answers are tried at once for one edit.

    By itself more than one for a small model in this process whose memory holds several sequences.
    A narrow model's tries follow one another: the first is nearly always the one.
    """
    asked, info = run.env.settings.agent.candidates, run.info
    if asked:
        return asked
    small = info.n_params is not None and info.n_params < SMALL and not info.jobs
    several = int(info.detail.get("n_seq_max", 1)) > 1
    return _AUTO if info.kind == "llama-cpp" and small and several else 1


def samplings(run: Run, round_: int) -> list[Sampling]:
    """Return how the answers of a round (from 0) are drawn; never two alike in a run."""
    base = sampling_of(run.env.settings, run.env.job)
    count = candidate_count(run)
    first = (base.seed or 0) + round_ * count
    warm = replace(base, temperature=max(base.temperature, TEMPERATURE))
    return [base, *(replace(warm, seed=first + at) for at in range(1, count))]


@contextmanager
def ask_candidates(
    run: Run, budget: Budget, request: Request, drawn: Sequence[Sampling]
) -> Iterator[Iterator[Answer]]:
    """Ask for an answer for each sampling, all at once; give them in order, each when it is there.

    Together they are one step of the budget. On leaving, those still under way are cancelled and
    waited for. Raises what the first one raises; a later one that fails is left out.
    """
    budget.step()
    run.env.progress("asking the model", None)
    requests = [replace(request, sampling=one) for one in drawn]
    if len(requests) == 1:
        yield iter([answer_of(run, listen(run, budget, requests[0], run.cancel))])
        return
    tokens = [CancelToken() for _ in requests]
    undo = [run.cancel.on_cancel(token.cancel) for token in tokens]
    quiet = replace(run, env=replace(run.env, progress=lambda _step, _share: None))
    with ThreadPoolExecutor(len(requests), "candidate") as pool:
        try:
            heard = [
                pool.submit(listen, quiet if at else run, budget, one, token)
                for at, (one, token) in enumerate(zip(requests, tokens, strict=True))
            ]
            yield _in_order(run, heard)
        finally:
            for token in tokens:
                token.cancel()
            for forget in undo:
                forget()


def first_good(answers: Iterable[Answer], take: Callable[[Answer], str]) -> tuple[Answer, str]:
    """Return the first answer that ``take`` finds no problem with, and ``""``.

    Without one: the first of all, with its problem. An answer that was given before is not taken
    again.
    """
    failed: list[tuple[Answer, str]] = []
    for answer in answers:
        if any(answer.said == known.said for known, _ in failed):
            continue
        problem = take(answer)
        if not problem:
            return answer, ""
        failed.append((answer, problem))
    return failed[0]


def _in_order(run: Run, heard: Sequence[Future[Heard]]) -> Iterator[Answer]:
    for at, one in enumerate(heard):
        try:
            answer = answer_of(run, one.result())
        except Cancelled:
            raise
        except LspAgentError as error:
            if at == 0:
                raise
            _log.info("candidate %d of run %s failed: %s", at + 1, run.env.run_id, error)
            continue
        yield answer
