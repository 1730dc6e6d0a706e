"""A cancellation ends the work within 250 ms wherever it waits, and the server sees it go."""

from __future__ import annotations

import gc
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.config.model import OpenAISettings
from lsp_agent.engine.openai import OpenAIEngine
from lsp_agent.engine.types import Chat, EngineUnavailableError, Message, Request
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint

WAIT_SECONDS = 20.0
LIMIT_SECONDS = 0.25
REQUEST = Request(Chat((Message("user", "hello"),)))


class Work:
    """One generation in a thread; ``seconds`` from a moment to its end."""

    def __init__(self, engine: OpenAIEngine, cancel: CancelToken) -> None:
        self._engine, self._cancel = engine, cancel
        self.first = threading.Event()
        self.outcome: BaseException | None = None
        self.ended = 0.0
        self._thread = threading.Thread(target=self._consume)
        self._thread.start()

    def _consume(self) -> None:
        try:
            for _ in self._engine.generate(REQUEST, self._cancel):
                self.first.set()
        except BaseException as error:  # noqa: BLE001 - also what must not happen is to be seen
            self.outcome = error
        self.ended = time.monotonic()

    def seconds_since(self, moment: float) -> float:
        self._thread.join(WAIT_SECONDS)
        assert not self._thread.is_alive()
        return self.ended - moment


@contextmanager
def engine_at(url: str, **fields: object) -> Iterator[OpenAIEngine]:
    settings = OpenAISettings(**{"kind": "openai", "base_url": url, "model": "m", **fields})  # type: ignore[arg-type]
    engine = OpenAIEngine("remote", settings, {})
    try:
        yield engine
    finally:
        engine.close()


def assert_stops(engine: OpenAIEngine, cancel: CancelToken, work: Work) -> None:
    moment = time.monotonic()
    cancel.cancel()
    assert work.seconds_since(moment) <= LIMIT_SECONDS
    assert isinstance(work.outcome, Cancelled)


def test_while_waiting_for_the_first_byte() -> None:
    cancel = CancelToken()
    with (
        ScriptedEndpoint([Reply(stall_after=0)]) as endpoint,
        engine_at(endpoint.base_url) as engine,
    ):
        work = Work(engine, cancel)
        assert endpoint.arrived.wait(WAIT_SECONDS)
        assert_stops(engine, cancel, work)
        assert endpoint.closed_by_client.wait(WAIT_SECONDS)


def test_in_mid_answer() -> None:
    cancel = CancelToken()
    with (
        ScriptedEndpoint([Reply("one two three", stall_after=2)]) as endpoint,
        engine_at(endpoint.base_url) as engine,
    ):
        work = Work(engine, cancel)
        assert work.first.wait(WAIT_SECONDS)
        assert_stops(engine, cancel, work)
        assert endpoint.closed_by_client.wait(WAIT_SECONDS)


def test_between_two_tries() -> None:
    cancel = CancelToken()
    busy = Reply("busy", status=429, headers={"retry-after": "25"})
    with ScriptedEndpoint([busy]) as endpoint, engine_at(endpoint.base_url) as engine:
        work = Work(engine, cancel)
        assert endpoint.arrived.wait(WAIT_SECONDS)
        assert_stops(engine, cancel, work)


def test_while_waiting_for_a_slot() -> None:
    with ScriptedEndpoint([Reply("one two", stall_after=2)]) as endpoint:
        with engine_at(endpoint.base_url, max_concurrency=1) as engine:
            first, second = CancelToken(), CancelToken()
            busy = Work(engine, first)
            assert busy.first.wait(WAIT_SECONDS)
            waiting = Work(engine, second)
            wait_until(lambda: engine.info().detail["queue"] == 1)
            assert_stops(engine, second, waiting)
            assert engine.info().detail["running"] == 1
            assert_stops(engine, first, busy)
            wait_until(lambda: engine.info().detail["running"] == 0)
        assert len(endpoint.requests) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's way with a full backlog")
def test_while_connecting() -> None:
    cancel = CancelToken()
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        address = listener.getsockname()
        for _ in range(3):
            # These fill the backlog, so that a further connection gets no answer at all.
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(address)
        engine = stack.enter_context(engine_at(f"http://127.0.0.1:{address[1]}/v1"))
        work = Work(engine, cancel)
        wait_until(lambda: engine.info().detail["running"] == 1)
        assert_stops(engine, cancel, work)


def test_no_connection_in_time_is_told() -> None:
    if sys.platform != "linux":
        pytest.skip("needs Linux's way with a full backlog")
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        address = listener.getsockname()
        for _ in range(3):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(address)
        engine = stack.enter_context(
            engine_at(f"http://127.0.0.1:{address[1]}/v1", connect_timeout=0.1)
        )
        with pytest.raises(EngineUnavailableError, match=r"no connection within 0\.1 s"):
            list(engine.generate(REQUEST, CancelToken()))


def test_before_the_first_step_of_the_work() -> None:
    """A task that is cancelled before it ran must still end the wait for it."""
    with (
        ScriptedEndpoint([Reply(stall_after=0)]) as endpoint,
        engine_at(endpoint.base_url) as engine,
    ):
        for _ in range(50):
            cancel = CancelToken()
            work = Work(engine, cancel)
            assert_stops(engine, cancel, work)


def test_what_came_before_is_not_given_out_after() -> None:
    cancel = CancelToken()
    with (
        ScriptedEndpoint([Reply("x" * 50, chunk=1)]) as endpoint,
        engine_at(endpoint.base_url) as engine,
    ):
        deltas = engine.generate(REQUEST, cancel)
        next(deltas)
        cancel.cancel()
        with pytest.raises(Cancelled):
            next(deltas)


def test_dropping_the_iterator_frees_the_server() -> None:
    with (
        ScriptedEndpoint([Reply("one two three", stall_after=2)]) as endpoint,
        engine_at(endpoint.base_url) as engine,
    ):
        deltas = engine.generate(REQUEST, CancelToken())
        next(deltas)
        del deltas
        gc.collect()
        assert endpoint.closed_by_client.wait(WAIT_SECONDS)


def test_closing_ends_waiting_requests_and_the_thread() -> None:
    before = set(threading.enumerate())
    with (
        ScriptedEndpoint([Reply(stall_after=0)]) as endpoint,
        engine_at(endpoint.base_url) as engine,
    ):
        work = Work(engine, CancelToken())
        assert endpoint.arrived.wait(WAIT_SECONDS)
        moment = time.monotonic()
        engine.close()
        assert work.seconds_since(moment) <= LIMIT_SECONDS
        assert isinstance(work.outcome, EngineUnavailableError)
        assert "closed" in str(work.outcome)
    left = {thread.name for thread in set(threading.enumerate()) - before}
    assert "engine-remote" not in left


def test_no_more_requests_at_once_than_allowed() -> None:
    with ScriptedEndpoint([Reply("hi", delay=0.05)]) as endpoint:
        with engine_at(endpoint.base_url, max_concurrency=2) as engine:
            works = [Work(engine, CancelToken()) for _ in range(6)]
            for work in works:
                work.seconds_since(0)
                assert work.outcome is None
        assert len(endpoint.requests) == 6
        assert endpoint.most_at_once == 2


def wait_until(condition: object) -> None:
    """Wait for a state that nothing announces; the loop only bounds the wait."""
    assert callable(condition)
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)
