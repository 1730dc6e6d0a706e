"""The guards in front of llama.cpp: none of these calls may reach it, or kill the process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from lsp_agent.cancel import CancelToken
from lsp_agent.engine.llama.context import (
    Aborted,
    Context,
    ContextRefusedError,
    DecodeError,
    Part,
)
from lsp_agent.engine.llama.library import load_log
from tests.support.llama import Parts, PatchedLibrary, llama_parts


@pytest.fixture
def parts(any_model: Path) -> Iterator[Parts]:
    with llama_parts(any_model, n_ctx=512) as parts:
        yield parts


@pytest.fixture
def context(parts: Parts) -> Context:
    return parts.context


def feed(context: Context, tokens: list[int], seq: int = 0) -> int:
    """Append tokens in as many batches as it takes; return the row of the last one's logits."""
    row = 0
    for at in range(0, len(tokens), context.n_batch):
        batch = tokens[at : at + context.n_batch]
        (first,) = context.decode([Part(seq, batch, outputs=1)])
        row = first + len(batch) - 1
    return row


def test_a_batch_must_have_one_to_n_batch_tokens(context: Context) -> None:
    size = context.n_batch
    bad = ([], [Part(0, [])], [Part(0, [1] * (size + 1))], [Part(0, [1] * size), Part(1, [1])])
    for parts in bad:
        with pytest.raises(ValueError, match="batch"):
            context.decode(parts)
    with pytest.raises(ValueError, match="twice"):
        context.decode([Part(0, [1]), Part(0, [2])])
    with pytest.raises(ValueError, match="outputs"):
        context.decode([Part(0, [1] * size, outputs=size)])
    context.decode([Part(0, [1] * size)])
    assert len(context.tokens[0]) == size


@pytest.mark.parametrize("token", [-1, 10**6])
def test_a_token_outside_the_vocabulary_is_refused(context: Context, token: int) -> None:
    with pytest.raises(ValueError, match="vocabulary"):
        context.decode([Part(0, [1, token, 2])])
    assert context.tokens[0] == []


def test_a_full_context_takes_no_more(context: Context) -> None:
    feed(context, [1] * context.n_ctx)
    with pytest.raises(ValueError, match="full"):
        context.decode([Part(0, [1])])


def test_there_is_no_sampling_without_logits(parts: Parts, context: Context) -> None:
    chain = parts.lib.llama_sampler_init_greedy()

    def refused(row: int) -> None:
        with pytest.raises(ValueError, match="no logits"):
            context.logits(row)
        with pytest.raises(ValueError, match="no logits"):
            context.sample(chain, row)

    refused(0)
    context.decode([Part(0, [1, 2])])
    refused(1)
    context.decode([Part(0, [3]), Part(1, [4, 5], outputs=1)])
    for row in (-1, 0, 1, 3):
        refused(row)
    assert 0 <= context.sample(chain, 2) < parts.vocab.size
    context.clear(1)
    refused(2)
    parts.lib.llama_sampler_free(chain)


def test_logits_are_gone_after_going_back(plain_model: Path) -> None:
    with llama_parts(plain_model, n_ctx=512) as parts:
        row = feed(parts.context, [1, 2, 3])
        assert parts.context.truncate(0, 2)
        assert parts.context.tokens[0] == [1, 2]
        with pytest.raises(ValueError, match="no logits"):
            parts.context.logits(row)


def test_recurrent_memory_does_not_go_back(hybrid_model: Path) -> None:
    with llama_parts(hybrid_model, n_ctx=512) as parts:
        feed(parts.context, [1, 2, 3])
        assert not parts.context.truncate(0, 2)
        assert parts.context.tokens[0] == [1, 2, 3]


def test_a_fork_goes_on_as_its_source_would(parts: Parts, context: Context) -> None:
    tokens = [token % 200 for token in range(60)]
    feed(context, tokens)
    context.copy(0, 2, 60)
    expected = context.logits(feed(context, [7, 8])).copy()
    np.testing.assert_allclose(context.logits(feed(context, [7, 8], 2)), expected, atol=1e-3)
    feed(context, [9])
    assert context.tokens[2] == [*tokens, 7, 8]


def test_sequences_in_one_batch_do_not_see_each_other(parts: Parts, context: Context) -> None:
    one, two = [1, 2, 3, 4], [9, 8, 7]
    alone = [context.logits(feed(context, tokens, 3)).copy() for tokens in (one,)]
    context.clear(3)
    alone.append(context.logits(feed(context, two, 3)).copy())
    firsts = context.decode([Part(0, one, outputs=1), Part(1, two, outputs=2)])
    rows = [firsts[0] + 3, firsts[1] + 2]
    for row, expected in zip(rows, alone, strict=True):
        np.testing.assert_allclose(context.logits(row), expected, atol=1e-3)


def test_a_splice_changes_the_text_and_evaluates_only_what_is_new(plain_model: Path) -> None:
    old = [token % 200 for token in range(100)]
    with llama_parts(plain_model, n_ctx=512) as parts:
        context, spare = parts.context, parts.context.n_seq - 1
        for cut, new in ((range(40, 40), [5, 6]), (range(30, 35), []), (range(10, 20), [1] * 3)):
            context.clear(0)
            feed(context, old)
            context.splice(0, spare, cut, new)
            want = [*old[: cut.start], *new, *old[cut.stop :]]
            assert context.tokens[0] == want
            # Consecutive positions, or llama.cpp would refuse to go on.
            feed(context, [3])
            assert context.tokens[spare] == []


def test_a_whole_state_is_put_into_another_sequence(parts: Parts, context: Context) -> None:
    tokens = [token % 200 for token in range(60)]
    feed(context, tokens)
    state = context.save(0, whole=True)
    expected = context.logits(feed(context, [7])).copy()
    assert context.load(3, state, tokens)
    np.testing.assert_allclose(context.logits(feed(context, [7], 3)), expected, atol=1e-5)
    assert not context.load(2, state[:40], tokens)
    assert context.tokens[2] == []


def test_a_file_brings_a_sequence_back(parts: Parts, context: Context, tmp_path: Path) -> None:
    tokens, path = [token % 200 for token in range(60)], tmp_path / "a.state"
    feed(context, tokens)
    assert context.save_file(0, path)
    expected = context.logits(feed(context, [7])).copy()
    context.clear(0)
    assert context.load_file(1, path, tokens)
    np.testing.assert_allclose(context.logits(feed(context, [7], 1)), expected, atol=1e-5)
    for other in (tokens[:-1], [*tokens, 1], [3, *tokens[1:]]):
        assert not context.load_file(2, path, other)
    path.write_bytes(path.read_bytes()[:100])
    assert not context.load_file(2, path, tokens)
    assert context.tokens[2] == []


def test_a_set_flag_stops_a_decode_natively(parts: Parts, context: Context) -> None:
    tokens = [token % 200 for token in range(300)]
    stop = CancelToken()
    stop.cancel()
    feed(context, tokens[:100])
    with parts.abort.follow([stop]), pytest.raises(Aborted):
        context.decode([Part(0, tokens[100:200])])
    assert not parts.abort.is_set


def test_after_an_abort_plain_memory_continues_as_if_nothing_had_been(plain_model: Path) -> None:
    tokens = [token % 200 for token in range(300)]
    stop = CancelToken()
    stop.cancel()
    with llama_parts(plain_model, n_ctx=512) as parts:
        context = parts.context
        expected = context.logits(feed(context, tokens)).copy()
        context.clear(0)
        feed(context, tokens[:100])
        with parts.abort.follow([stop]), pytest.raises(Aborted):
            context.decode([Part(0, tokens[100:200])])
        assert context.tokens[0] == tokens[:100]
        feed(context, tokens[100:128])
        np.testing.assert_allclose(context.logits(feed(context, tokens[128:])), expected, atol=1e-3)


def test_saved_recurrent_state_brings_the_same_logits_back(hybrid_model: Path) -> None:
    tokens = [token % 200 for token in range(90)]
    with llama_parts(hybrid_model, n_ctx=512) as parts:
        context = parts.context
        feed(context, tokens[:60])
        state = context.save(0)
        expected = context.logits(feed(context, tokens[60:])).copy()
        assert context.restore(0, state, 60)
        assert context.tokens[0] == tokens[:60]
        row = feed(context, tokens[60:])
        np.testing.assert_allclose(context.logits(row), expected, atol=1e-5)


def test_a_cancellation_that_comes_late_hits_nothing(parts: Parts, context: Context) -> None:
    stop = CancelToken()
    with parts.abort.follow([stop]):
        feed(context, [1])
    stop.cancel()
    assert not parts.abort.is_set
    feed(context, [2])


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
            parts.context.decode([Part(0, [1] * 128)])
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
                parts.context.decode([Part(0, [1] * 128)])

        thread = threading.Thread(target=cancel)
        thread.start()
        with parts.abort.follow([stop]), pytest.raises(Aborted):
            decode_until_stopped()
        thread.join()
        assert len(parts.context.tokens[0]) % 128 == 0
        # The log is quiet about it: to the user a cancellation is no error.
        assert load_log.lines == []


def test_a_refusal_by_llama_cpp_is_an_error(parts: Parts, context: Context) -> None:
    for code, words in ((1, "memory is full"), (-1, "answered -1"), (-3, "answered -3")):
        context._lib = PatchedLibrary(parts.lib, llama_decode=lambda *_, code=code: code)
        with pytest.raises(DecodeError, match=words):
            feed(context, [1])


def test_missing_logits_are_noticed_before_sampling(parts: Parts, context: Context) -> None:
    row = feed(context, [1])
    context._lib = PatchedLibrary(parts.lib, llama_get_logits_ith=lambda *_: None)
    with pytest.raises(ValueError, match="no logits"):
        context.sample(None, row)


def test_freeing_twice_is_fine(parts: Parts, context: Context) -> None:
    context.free()
    context.free()


def test_a_context_that_is_not_made_says_why(parts: Parts) -> None:
    params = parts.lib.llama_context_default_params()
    params.type_v, params.flash_attn_type = 8, 0
    with pytest.raises(ContextRefusedError, match="flash_attn"):
        Context(parts.lib, parts.model.model, params, parts.vocab.size, parts.abort)
