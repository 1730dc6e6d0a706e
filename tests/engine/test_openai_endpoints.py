"""Several servers behind one engine, all of them real: shared load, failover, recovery."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.config.model import OpenAISettings
from lsp_agent.engine.openai import OpenAIEngine
from lsp_agent.engine.types import (
    Chat,
    EngineError,
    EngineUnavailableError,
    Message,
    Request,
)
from tests.support.llama import wait_until
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint

DOWN = "http://127.0.0.1:9/v1"


def question(text: str = "hello") -> Request:
    return Request(Chat((Message("user", text),)))


@contextmanager
def engine_at(*urls: str, **fields: Any) -> Iterator[OpenAIEngine]:
    settings = OpenAISettings.model_validate(
        {"kind": "openai", "base_urls": list(urls), "model": "m", "max_retries": 0} | fields
    )
    engine = OpenAIEngine("cluster", settings, {})
    try:
        yield engine
    finally:
        engine.close()


def ask(engine: OpenAIEngine, text: str = "hello") -> str:
    return "".join(one.text for one in engine.generate(question(text), CancelToken()))


def state_of(engine: OpenAIEngine, url: str) -> dict[str, Any]:
    return next(dict(one) for one in engine.info().detail["endpoints"] if one["url"] == url)


@pytest.fixture
def pair() -> Iterator[tuple[ScriptedEndpoint, ScriptedEndpoint]]:
    with ScriptedEndpoint([Reply("one")]) as one, ScriptedEndpoint([Reply("two")]) as two:
        yield one, two


def test_one_conversation_is_served_by_one_server(
    pair: tuple[ScriptedEndpoint, ScriptedEndpoint],
) -> None:
    with engine_at(*(one.base_url for one in pair)) as engine:
        assert len({ask(engine) for _ in range(6)}) == 1
        assert {ask(engine, f"question {number}") for number in range(24)} == {"one", "two"}


def test_requests_at_once_are_spread() -> None:
    with (
        ScriptedEndpoint([Reply("one two three", stall_after=2)]) as one,
        ScriptedEndpoint([Reply("one two three", stall_after=2)]) as two,
        engine_at(one.base_url, two.base_url, max_concurrency=8) as engine,
    ):
        answers = []
        for _ in range(6):
            answers.append(engine.generate(question(), CancelToken()))
            next(answers[-1])
        assert len(one.requests) == len(two.requests) == 3
        assert state_of(engine, one.base_url) == {
            "url": one.base_url,
            "running": 3,
            "well": True,
        }
        for deltas in answers:
            deltas.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "reply",
    [
        Reply("busy", status=503),
        Reply("broken", status=500),
        Reply("too many", status=429, headers={"retry-after": "20"}),
        Reply(hang_up=True),
        Reply(hang_up=True, reset=True),
    ],
    ids=["503", "500", "429", "hang-up", "reset"],
)
def test_a_server_that_fails_before_the_first_word_is_passed_over(reply: Reply) -> None:
    with (
        ScriptedEndpoint([reply]) as bad,
        ScriptedEndpoint([Reply("well")]) as good,
        engine_at(bad.base_url, good.base_url) as engine,
    ):
        texts = [ask(engine, f"question {number}") for number in range(12)]
        assert texts == ["well"] * 12
        assert len(bad.requests) == 1, "it rests"
        assert not state_of(engine, bad.base_url)["well"]


def test_a_server_that_is_down_is_passed_over() -> None:
    with ScriptedEndpoint([Reply("well")]) as good, engine_at(DOWN, good.base_url) as engine:
        assert [ask(engine, f"question {number}") for number in range(12)] == ["well"] * 12


def test_a_break_after_the_first_word_is_told() -> None:
    reply = Reply("some words then nothing", cut_after=3)
    with ScriptedEndpoint([reply]) as one, ScriptedEndpoint([reply]) as two:
        with (
            engine_at(one.base_url, two.base_url) as engine,
            pytest.raises(EngineError, match="incomplete"),
        ):
            ask(engine)
        assert len(one.requests) + len(two.requests) == 1


def test_a_request_that_is_refused_is_not_asked_of_another() -> None:
    bad = Reply("no such parameter", status=400)
    with ScriptedEndpoint([bad]) as one, ScriptedEndpoint([bad]) as two:
        with (
            engine_at(one.base_url, two.base_url) as engine,
            pytest.raises(EngineError, match="no such parameter"),
        ):
            ask(engine)
        assert len(one.requests) + len(two.requests) == 1


def test_when_none_is_there_the_message_names_one() -> None:
    with (
        engine_at(DOWN, "http://127.0.0.1:19/v1") as engine,
        pytest.raises(EngineUnavailableError, match=r"http://127\.0\.0\.1:1?9/v1.*refused"),
    ):
        ask(engine)


def test_trying_again_asks_all_of_them() -> None:
    busy = [Reply("busy", status=503)]
    with ScriptedEndpoint(busy) as one, ScriptedEndpoint(busy) as two:
        with (
            engine_at(one.base_url, two.base_url, max_retries=1) as engine,
            pytest.raises(EngineUnavailableError, match="tried 2 times"),
        ):
            ask(engine)
        assert len(one.requests) >= 1
        assert len(two.requests) >= 1
        assert len(one.requests) + len(two.requests) >= 3


def test_a_server_that_is_well_again_is_asked_again() -> None:
    """Its health is asked for beside the requests; none of them has to wait for it."""
    ill = threading.Event()
    ill.set()

    def script(_: dict[str, Any]) -> Reply:
        return Reply("busy", status=503) if ill.is_set() else Reply("again")

    with (
        ScriptedEndpoint(script) as bad,
        ScriptedEndpoint([Reply("well")]) as good,
        engine_at(bad.base_url, good.base_url) as engine,
    ):
        for number in range(12):
            ask(engine, f"question {number}")
        assert not state_of(engine, bad.base_url)["well"]
        assert "/v1/models" not in bad.paths
        ill.clear()
        wait_until(lambda: ask(engine) != "" and state_of(engine, bad.base_url)["well"])
        assert "/v1/models" in bad.paths
        texts = {ask(engine, f"question {number}") for number in range(12)}
    assert texts == {"well", "again"}


def test_loading_needs_one_server_and_looks_at_all() -> None:
    ill = Reply("starting", status=503)
    with (
        ScriptedEndpoint([Reply("x")], models=ill) as starting,
        ScriptedEndpoint([Reply("well")]) as good,
        engine_at(DOWN, starting.base_url, good.base_url) as engine,
    ):
        engine.load(CancelToken())
        assert [one["well"] for one in engine.info().detail["endpoints"]] == [False, False, True]
        assert [ask(engine, str(number)) for number in range(6)] == ["well"] * 6
        assert starting.requests == []
    with (
        engine_at(DOWN, "http://127.0.0.1:19/v1") as engine,
        pytest.raises(EngineUnavailableError, match="127"),
    ):
        engine.load(CancelToken())


def test_one_server_named_twice_is_one() -> None:
    with (
        ScriptedEndpoint([Reply("x")]) as endpoint,
        engine_at(endpoint.base_url, endpoint.base_url + "/") as engine,
    ):
        assert ask(engine) == "x"
        assert "endpoints" not in engine.info().detail


def test_the_rate_is_kept() -> None:
    with (
        ScriptedEndpoint([Reply("x")]) as endpoint,
        engine_at(endpoint.base_url, requests_per_minute=2) as engine,
    ):
        cancel = CancelToken()
        assert ask(engine) == ask(engine) == "x"

        def wait() -> None:
            with pytest.raises(Cancelled):
                list(engine.generate(question(), cancel))

        third = threading.Thread(target=wait)
        third.start()
        wait_until(lambda: engine.info().detail["running"] == 1)
        assert len(endpoint.requests) == 2
        cancel.cancel()
        third.join(20)
        assert not third.is_alive(), "waiting for the rate can be cancelled"
        assert len(endpoint.requests) == 2
