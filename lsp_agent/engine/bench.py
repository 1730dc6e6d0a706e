"""Timing an engine on this machine, through the protocol that everybody uses."""

from __future__ import annotations

import itertools
import sys
import time
from dataclasses import dataclass

from lsp_agent.cancel import CancelToken
from lsp_agent.engine.types import Chat, Engine, EngineError, Job, Message, Request, Sampling

_PROMPT_TOKENS, _DECODE_TOKENS = 512, 64
# Nearly every token is allowed and the end is not.
_ON_AND_ON = "root ::= [^\\x00]{1000}"
_LINE = "def area{0}(width, height):\n    return width * height + {0}\n\n"


@dataclass(frozen=True, slots=True)
class Timing:
    """What was measured. Rates are tokens a second; ``peak_rss_bytes`` is the whole process's.

    ``decode_tokens`` may be fewer than 64 where the model ended its answer before.
    """

    load_ms: float
    prompt_tokens: int
    prompt_rate: float
    first_token_ms: float
    decode_tokens: int
    decode_rate: float | None
    peak_rss_bytes: int | None


def measure(engine: Engine, cancel: CancelToken) -> Timing:
    """Load a model, evaluate 512 tokens, generate 64; the cache helps neither.

    Raises what :meth:`~lsp_agent.engine.types.Engine.generate` does.
    """
    started = time.perf_counter()
    info = engine.load(cancel)
    load_ms = 1000 * (time.perf_counter() - started)
    # What the first request of all pays for is not the model's speed.
    _generate(engine, "hello", 1, cancel)
    long = min(_PROMPT_TOKENS, info.n_ctx - 2 * _DECODE_TOKENS)
    prompt = _generate(engine, _text(engine, long), 1, cancel)
    answer = short = _generate(engine, "Count to a hundred in words.", _DECODE_TOKENS, cancel)
    if answer.tokens < _DECODE_TOKENS and info.grammar:
        # A narrow model has little to say to this.
        answer = _generate(engine, "Go on.", _DECODE_TOKENS, cancel, grammar=_ON_AND_ON)
    decoded = answer.tokens - 1
    return Timing(
        load_ms=round(load_ms, 1),
        prompt_tokens=prompt.evaluated,
        prompt_rate=round(prompt.evaluated / prompt.first, 1),
        first_token_ms=round(1000 * short.first, 1),
        decode_tokens=answer.tokens,
        decode_rate=round(decoded / answer.rest, 1) if decoded > 0 and answer.rest > 0 else None,
        peak_rss_bytes=peak_rss(),
    )


@dataclass(frozen=True, slots=True)
class _Answer:
    """Prompt tokens that were evaluated, seconds to the first token and after it, tokens."""

    evaluated: int
    first: float
    rest: float
    tokens: int


def _generate(
    engine: Engine, text: str, max_tokens: int, cancel: CancelToken, grammar: str | None = None
) -> _Answer:
    request = Request(
        Chat((Message("user", text),)),
        max_tokens=max_tokens,
        grammar=grammar,
        sampling=Sampling(temperature=0.0),
        job=Job.ACTION,
    )
    usage = None
    started = first = time.perf_counter()
    for delta in engine.generate(request, cancel):
        if first == started and (delta.text or delta.thinking or delta.finish):
            first = time.perf_counter()
        usage = delta.usage
    if usage is None:
        raise EngineError(f"the engine {engine.name!r} gave no answer to measure")
    rest = time.perf_counter() - first
    return _Answer(usage.prompt - usage.cached, first - started, rest, usage.completion)


def _text(engine: Engine, tokens: int) -> str:
    """Return code of about as many tokens, the chat's own not counted."""
    text = ""
    for number in itertools.count():
        more = text + _LINE.format(number)
        if engine.count_tokens(more) > tokens:
            return text
        text = more
    return text


def peak_rss() -> int | None:
    """Return the most memory that this process ever had, in bytes; ``None`` on Windows."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
