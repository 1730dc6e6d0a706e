"""Cancelling the engine, a thousand times if need be."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace

import pytest

from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.engine.llama.engine import LlamaEngine
from tests.support.llama import (
    ENDLESS,
    LONG_PROMPT,
    SHORT,
    complete,
    wait_until,
)


def test_a_prompt_s_evaluation_is_cancelled_half_way(engine: LlamaEngine) -> None:
    cancel = CancelToken()
    deltas = engine.generate(LONG_PROMPT, cancel)
    assert (next(deltas).progress or 1.0) < 0.5
    cancel.cancel()
    with pytest.raises(Cancelled):
        list(deltas)
    total = engine.count_tokens("a long text " * 1200)
    assert engine.info().detail["prompt_tokens_evaluated"] < total
    assert complete(engine, SHORT)[1].completion


def test_a_request_that_waits_is_cancelled_at_once(one_by_one: LlamaEngine) -> None:
    plain = one_by_one
    busy_cancel, cancel = CancelToken(), CancelToken()
    busy = plain.generate(ENDLESS, busy_cancel)
    next(busy)
    failed = threading.Event()

    def wait() -> None:
        with pytest.raises(Cancelled):
            complete_with(plain, cancel)
        failed.set()

    thread = threading.Thread(target=wait)
    thread.start()
    wait_until(lambda: plain.info().detail["queue"] == 1)
    cancel.cancel()
    assert failed.wait(20), "although the other request is still being served"
    busy_cancel.cancel()
    thread.join(20)


def complete_with(engine: LlamaEngine, cancel: CancelToken) -> None:
    list(engine.generate(SHORT, cancel))


def test_a_thousand_cancels_leave_the_engine_as_it_was(engine: LlamaEngine) -> None:
    expected = complete(engine, SHORT)[0]
    requests = [ENDLESS, LONG_PROMPT, replace(SHORT, max_tokens=100), SHORT]
    for index in range(1000):
        cancel = CancelToken()
        deltas = engine.generate(requests[index % len(requests)], cancel)
        if index % 5 == 0:
            cancel.cancel()
        elif index % 5 == 4:
            threading.Thread(target=cancel.cancel).start()
        else:
            next(deltas)
            if index % 5 == 1:
                deltas.close()  # type: ignore[attr-defined]
                continue
            cancel.cancel()
        # A cancellation that comes too late finds an answer that has ended.
        try:
            last = list(deltas)[-1]
        except Cancelled:
            continue
        assert last.finish
    assert complete(engine, SHORT)[0] == expected
    assert engine.info().detail["queue"] == 0


def test_cancelling_is_no_error_in_the_log(
    engine: LlamaEngine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    for _ in range(20):
        cancel = CancelToken()
        deltas = engine.generate(LONG_PROMPT, cancel)
        next(deltas)
        cancel.cancel()
        with pytest.raises(Cancelled):
            list(deltas)
    complete(engine, SHORT)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
