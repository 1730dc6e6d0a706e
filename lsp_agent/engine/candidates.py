"""Several answers to one prompt, for a verifier to choose from."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.engine.types import Engine, Request


def candidates(engine: Engine, request: Request, count: int, cancel: CancelToken) -> list[str]:
    """Return ``count`` answers, drawn with the request's seed and those after it.

    They are asked for at once: in the in-process engine they are forked from one evaluated prefix
    and decoded in the same batches, on a server they share its prefix cache. Without a temperature
    all are alike. Raises what ``generate`` raises for any of them; the others are cancelled then.
    """
    together = CancelToken()
    forget = cancel.on_cancel(together.cancel)
    seed = request.sampling.seed

    def ask(index: int) -> str:
        sampling = request.sampling
        if seed is not None:
            sampling = replace(sampling, seed=seed + index)
        try:
            deltas = engine.generate(replace(request, sampling=sampling), together)
            return "".join(delta.text for delta in deltas)
        except BaseException:
            together.cancel()
            raise

    try:
        with ThreadPoolExecutor(count, thread_name_prefix="candidate") as pool:
            futures = [pool.submit(ask, index) for index in range(count)]
            errors = [error for one in futures if (error := one.exception()) is not None]
            for error in sorted(errors, key=lambda one: isinstance(one, Cancelled)):
                raise error
            return [one.result() for one in futures]
    finally:
        forget()
