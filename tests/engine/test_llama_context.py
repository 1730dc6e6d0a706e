"""The guards in front of llama.cpp: none of these calls may reach it, or kill the process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from lsp_agent.cancel import CancelToken
from lsp_agent.engine.llama.context import Aborted, Context, ContextRefusedError, DecodeError
from lsp_agent.engine.llama.library import load_log
from tests.support.llama import Parts, PatchedLibrary, llama_parts


@pytest.fixture
def parts(any_model: Path) -> Iterator[Parts]:
    with llama_parts(any_model, n_ctx=512) as parts:
        yield parts


@pytest.fixture
def context(parts: Parts) -> Context:
    return parts.context


def feed(context: Context, tokens: list[int]) -> None:
    """Append tokens in as many batches as it takes."""
    for at in range(0, len(tokens), context.n_batch):
        batch = tokens[at : at + context.n_batch]
        context.decode(batch, logits=at + context.n_batch >= len(tokens))


def test_a_batch_must_have_one_to_n_batch_tokens(context: Context) -> None:
    for count in (0, context.n_batch + 1):
        with pytest.raises(ValueError, match="batch"):
            context.decode([1] * count, logits=True)
    context.decode([1] * context.n_batch, logits=True)
    assert len(context.tokens) == context.n_batch


@pytest.mark.parametrize("token", [-1, 10**6])
def test_a_token_outside_the_vocabulary_is_refused(context: Context, token: int) -> None:
    with pytest.raises(ValueError, match="vocabulary"):
        context.decode([1, token, 2], logits=True)
    assert context.tokens == []


def test_a_full_context_takes_no_more(context: Context) -> None:
    feed(context, [1] * context.n_ctx)
    with pytest.raises(ValueError, match="full"):
        context.decode([1], logits=True)


def test_there_is_no_sampling_without_logits(parts: Parts, context: Context) -> None:
    chain = parts.lib.llama_sampler_init_greedy()

    def refused() -> None:
        with pytest.raises(ValueError, match="no logits"):
            context.logits()
        with pytest.raises(ValueError, match="no logits"):
            context.sample(chain)

    refused()
    context.decode([1, 2], logits=False)
    refused()
    context.decode([3], logits=True)
    assert 0 <= context.sample(chain) < parts.vocab.size
    context.clear()
    refused()
    parts.lib.llama_sampler_free(chain)


def test_logits_are_gone_after_going_back(plain_model: Path) -> None:
    with llama_parts(plain_model, n_ctx=512) as parts:
        parts.context.decode([1, 2, 3], logits=True)
        assert parts.context.truncate(2)
        assert parts.context.tokens == [1, 2]
        with pytest.raises(ValueError, match="no logits"):
            parts.context.logits()


def test_recurrent_memory_does_not_go_back(hybrid_model: Path) -> None:
    with llama_parts(hybrid_model, n_ctx=512) as parts:
        parts.context.decode([1, 2, 3], logits=True)
        assert not parts.context.truncate(2)
        assert parts.context.tokens == [1, 2, 3]


def test_a_set_flag_stops_a_decode_natively(parts: Parts, context: Context) -> None:
    tokens = [token % 200 for token in range(300)]
    stop = CancelToken()
    stop.cancel()
    feed(context, tokens[:100])
    with parts.abort.follow(stop), pytest.raises(Aborted):
        context.decode(tokens[100:200], logits=True)
    assert not parts.abort.is_set


def test_after_an_abort_plain_memory_continues_as_if_nothing_had_been(plain_model: Path) -> None:
    tokens = [token % 200 for token in range(300)]
    stop = CancelToken()
    stop.cancel()
    with llama_parts(plain_model, n_ctx=512) as parts:
        feed(parts.context, tokens)
        expected = parts.context.logits().copy()
        parts.context.clear()
        parts.context.decode(tokens[:100], logits=False)
        with parts.abort.follow(stop), pytest.raises(Aborted):
            parts.context.decode(tokens[100:200], logits=True)
        assert parts.context.tokens == tokens[:100]
        parts.context.decode(tokens[100:128], logits=False)
        feed(parts.context, tokens[128:])
        np.testing.assert_allclose(parts.context.logits(), expected, atol=1e-3)


def test_saved_recurrent_state_brings_the_same_logits_back(hybrid_model: Path) -> None:
    tokens = [token % 200 for token in range(90)]
    with llama_parts(hybrid_model, n_ctx=512) as parts:
        context = parts.context
        context.decode(tokens[:60], logits=False)
        state = context.save()
        context.decode(tokens[60:], logits=True)
        expected = context.logits().copy()
        assert context.restore(state, 60)
        assert context.tokens == tokens[:60]
        context.decode(tokens[60:], logits=True)
        np.testing.assert_allclose(context.logits(), expected, atol=1e-5)


def test_a_cancellation_that_comes_late_hits_nothing(parts: Parts, context: Context) -> None:
    stop = CancelToken()
    with parts.abort.follow(stop):
        context.decode([1], logits=True)
    stop.cancel()
    assert not parts.abort.is_set
    context.decode([2], logits=True)


def test_the_interpreter_runs_on_during_a_decode(slow_model: Path) -> None:
    """Beats are counted inside a single C call: holding the GIL there would leave none."""
    beats: list[float] = []
    done = threading.Event()

    def heart() -> None:
        while not done.wait(0.001):
            beats.append(time.perf_counter())

    with llama_parts(slow_model, n_ctx=1024) as parts:
        thread = threading.Thread(target=heart)
        thread.start()
        try:
            start = time.perf_counter()
            parts.context.decode([1] * 128, logits=True)
            end = time.perf_counter()
        finally:
            done.set()
            thread.join()
    assert len([beat for beat in beats if start < beat < end]) >= 3


def test_a_decode_that_runs_is_stopped_from_another_thread(slow_model: Path) -> None:
    with llama_parts(slow_model, n_ctx=8192, n_ubatch=128) as parts:
        stop, running = CancelToken(), threading.Event()

        def cancel() -> None:
            running.wait(10)
            stop.cancel()

        def decode_until_stopped() -> None:
            while True:
                running.set()
                parts.context.decode([1] * 128, logits=False)

        thread = threading.Thread(target=cancel)
        thread.start()
        with parts.abort.follow(stop), pytest.raises(Aborted):
            decode_until_stopped()
        thread.join()
        assert len(parts.context.tokens) % 128 == 0
        # The log is quiet about it: to the user a cancellation is no error.
        assert load_log.lines == []


def test_a_refusal_by_llama_cpp_is_an_error(parts: Parts, context: Context) -> None:
    for code, words in ((1, "memory is full"), (-1, "answered -1"), (-3, "answered -3")):
        context._lib = PatchedLibrary(parts.lib, llama_decode=lambda *_, code=code: code)
        with pytest.raises(DecodeError, match=words):
            context.decode([1], logits=True)


def test_missing_logits_are_noticed_before_sampling(parts: Parts, context: Context) -> None:
    context.decode([1], logits=True)
    context._lib = PatchedLibrary(parts.lib, llama_get_logits_ith=lambda *_: None)
    with pytest.raises(ValueError, match="no logits"):
        context.sample(None)


def test_freeing_twice_is_fine(parts: Parts, context: Context) -> None:
    context.free()
    context.free()


def test_a_context_that_is_not_made_says_why(parts: Parts) -> None:
    params = parts.lib.llama_context_default_params()
    params.type_v, params.flash_attn_type = 8, 0
    with pytest.raises(ContextRefusedError, match="flash_attn"):
        Context(parts.lib, parts.model.model, params, parts.vocab.size, parts.abort)
