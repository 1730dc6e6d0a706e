"""Against a real HTTP server: answers in every form, one clear message for every failure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from lsp_agent.cancel import CancelToken
from lsp_agent.config.model import OpenAISettings
from lsp_agent.engine.openai import OpenAIEngine
from lsp_agent.engine.types import (
    Chat,
    ContextOverflowError,
    Delta,
    EngineError,
    EngineUnavailableError,
    Fim,
    GrammarError,
    Message,
    Request,
    Sampling,
    ToolSchema,
    Usage,
)
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint, call

KEY = "sk-very-secret"
NOW = {"retry-after": "0"}


def question(text: str = "hello", **fields: Any) -> Request:
    return Request(Chat((Message("user", text),)), **fields)


@contextmanager
def engine_at(url: str, env: dict[str, str] | None = None, **fields: Any) -> Iterator[OpenAIEngine]:
    settings = OpenAISettings(**{"kind": "openai", "base_url": url, "model": "m", **fields})
    engine = OpenAIEngine("remote", settings, env or {})
    try:
        yield engine
    finally:
        engine.close()


def deltas_of(endpoint: ScriptedEndpoint, request: Request | None = None, **f: Any) -> list[Delta]:
    with engine_at(endpoint.base_url, **f) as engine:
        return list(engine.generate(request or question(), CancelToken()))


def text_of(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas)


def failure(reply: Reply, expected: type[EngineError] = EngineError, **fields: Any) -> EngineError:
    """Return the error that a reply ends in, and check what holds for all of them."""
    with (
        ScriptedEndpoint([reply]) as endpoint,
        engine_at(endpoint.base_url, **{"max_retries": 0, **fields}) as engine,
    ):
        with pytest.raises(expected) as caught:
            list(engine.generate(question(), CancelToken()))
        message = str(caught.value)
        assert KEY not in message
        assert "\n" not in message
        if not isinstance(caught.value, ContextOverflowError):
            assert endpoint.base_url in message
        return caught.value


def raw(*events: Any) -> bytes:
    return b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)


def words(text: str, finish: str | None = None) -> dict[str, Any]:
    return {"choices": [{"delta": {"content": text}, "finish_reason": finish}]}


# Answers


def test_text_thinking_and_usage_are_streamed() -> None:
    reply = Reply("Grüße, 世界 🎉", thinking="hmm", chunk=1)
    with ScriptedEndpoint([reply]) as endpoint:
        deltas = deltas_of(endpoint)
    assert text_of(deltas) == reply.text
    assert len(deltas) == len(reply.text) + 2
    assert deltas[0] == Delta(thinking="hmm")
    assert deltas[-1] == Delta(finish="stop", usage=Usage(11, 0, 5))
    assert endpoint.requests[0]["stream"] is True
    assert endpoint.paths == ["/v1/chat/completions"]


def test_tool_calls_come_whole_with_the_last_delta() -> None:
    calls = [call("read_file", path="ä.py"), call("grep_search", pattern='"x"', ignore_case=True)]
    with ScriptedEndpoint([Reply("I look.", tool_calls=calls)]) as endpoint:
        *_, last = deltas_of(endpoint)
    assert [(one.name, dict(one.arguments)) for one in last.tool_calls] == [
        ("read_file", {"path": "ä.py"}),
        ("grep_search", {"pattern": '"x"', "ignore_case": True}),
    ]
    assert last.finish == "tool_calls"


def test_a_whole_json_answer_to_a_stream_request_is_taken() -> None:
    message = {"content": "whole", "tool_calls": [call("git_status")]}
    body = {"choices": [{"message": message, "finish_reason": "tool_calls"}]}
    reply = Reply(raw=json.dumps(body, indent=1).encode(), content_type="application/json")
    with ScriptedEndpoint([reply]) as endpoint:
        deltas = deltas_of(endpoint)
    assert text_of(deltas) == "whole"
    assert deltas[-1].tool_calls[0].name == "git_status"


@pytest.mark.parametrize("content_type", ["text/plain", "application/json", "text/event-stream"])
def test_events_are_known_by_their_look(content_type: str) -> None:
    data = (
        b": ping\r\n\r\nevent: x\r\ndata:" + json.dumps(words("hi", "stop")).encode() + b"\r\n\r\n"
    )
    with ScriptedEndpoint([Reply(raw=data, content_type=content_type)]) as endpoint:
        assert text_of(deltas_of(endpoint)) == "hi"


def test_a_stream_without_done_is_whole_when_it_named_a_finish() -> None:
    with ScriptedEndpoint([Reply("hi", done=False)]) as endpoint:
        assert deltas_of(endpoint)[-1].finish == "stop"


def test_a_stream_without_finish_is_whole_when_it_is_done() -> None:
    with ScriptedEndpoint([Reply("hi", finish=None)]) as endpoint:
        assert deltas_of(endpoint)[-1].finish == "stop"


def test_a_server_that_stays_silent_after_the_finish_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lsp_agent.engine.openai_http._GRACE_SECONDS", 0.05)
    with ScriptedEndpoint([Reply("hi", chunk=2, stall_after=3)]) as endpoint:
        deltas = deltas_of(endpoint)
    assert text_of(deltas) == "hi"
    assert deltas[-1].finish == "stop"


def test_a_connection_that_breaks_after_the_finish_costs_nothing() -> None:
    with ScriptedEndpoint([Reply("hi", chunk=2, cut_after=3)]) as endpoint:
        assert text_of(deltas_of(endpoint)) == "hi"


def test_usage_is_estimated_where_the_server_reports_none() -> None:
    with ScriptedEndpoint([Reply("four" * 10, usage=None)]) as endpoint:
        usage = deltas_of(endpoint, question("x" * 400))[-1].usage
    assert usage is not None
    assert 100 <= usage.prompt <= 130
    assert usage.completion == 10


def test_the_token_limit_is_told() -> None:
    with ScriptedEndpoint([Reply("cut o", finish="length")]) as endpoint:
        assert deltas_of(endpoint)[-1].finish == "length"


def test_a_stop_string_ends_the_answer_also_where_the_server_ignores_it() -> None:
    reply = Reply("one two STOP three", chunk=3, stall_after=6)
    with ScriptedEndpoint([reply]) as endpoint:
        deltas = deltas_of(endpoint, question(stop=("a", "b", "c", "d", "STOP")[1:]))
        assert text_of(deltas) == "one two "
        assert deltas[-1].finish == "stop"
    assert endpoint.requests[0]["stop"] == ["b", "c", "d", "STOP"]


def test_filling_in_the_middle_asks_for_a_completion() -> None:
    with ScriptedEndpoint([Reply("a, b")]) as endpoint:
        deltas = deltas_of(endpoint, Request(Fim("def f(", "):\n")))
    assert text_of(deltas) == "a, b"
    assert endpoint.paths == ["/v1/completions"]
    assert endpoint.requests[0]["prompt"] == "def f("
    assert endpoint.requests[0]["suffix"] == "):\n"


def test_tools_and_history_are_sent() -> None:
    from lsp_agent.engine.types import ToolCall

    messages = (
        Message("system", "s"),
        Message("user", "u"),
        Message("assistant", "", (ToolCall("id1", "read_file", {"path": "ä"}),)),
        Message("tool", "content", tool_call_id="id1"),
    )
    tool = ToolSchema("read_file", "Reads.", {"type": "object"})
    with ScriptedEndpoint([Reply("ok")]) as endpoint:
        deltas_of(endpoint, Request(Chat(messages, (tool,))))
    body = endpoint.requests[0]
    assert body["tools"][0]["function"]["name"] == "read_file"
    sent = body["messages"][2]["tool_calls"][0]
    assert sent["id"] == "id1"
    assert json.loads(sent["function"]["arguments"]) == {"path": "ä"}
    assert body["messages"][3] == {"role": "tool", "content": "content", "tool_call_id": "id1"}


def test_half_a_surrogate_pair_in_the_prompt_does_no_harm() -> None:
    with ScriptedEndpoint([Reply("ok")]) as endpoint:
        assert text_of(deltas_of(endpoint, question("a\ud800b"))) == "ok"


def test_the_key_is_sent_and_shown_nowhere() -> None:
    with ScriptedEndpoint([Reply("ok")]) as endpoint:
        with engine_at(endpoint.base_url, {"K": f" {KEY}\n"}, api_key_env="K") as engine:
            list(engine.generate(question(), CancelToken()))
            assert KEY not in repr(engine.info())
        assert endpoint.auth == [f"Bearer {KEY}"]


def test_no_proxy_of_the_environment_sees_a_local_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with ScriptedEndpoint([Reply("ok")]) as endpoint:
        assert text_of(deltas_of(endpoint)) == "ok"


def test_a_grammar_is_sent_only_where_the_settings_say_so() -> None:
    request = question(grammar='root ::= "a"')
    with ScriptedEndpoint([Reply("a")]) as endpoint:
        deltas_of(endpoint, request, grammar=True)
        assert endpoint.requests[0]["grammar"] == 'root ::= "a"'
        with pytest.raises(GrammarError, match="grammar = true"):
            deltas_of(endpoint, request)
        assert len(endpoint.requests) == 1


# Trying again


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_passing_refusal_is_tried_again(status: int) -> None:
    with ScriptedEndpoint([Reply("busy", status=status, headers=NOW), Reply("done")]) as endpoint:
        assert text_of(deltas_of(endpoint)) == "done"
    assert len(endpoint.requests) == 2


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize("place", [{"hang_up": True}, {"cut_after": 0}, {"cut_after": 1}])
def test_a_connection_broken_before_the_first_word_is_tried_again(
    place: dict[str, Any], reset: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    replies = [Reply("never", reset=reset, **place), Reply("done")]
    with ScriptedEndpoint(replies) as endpoint:
        assert text_of(deltas_of(endpoint)) == "done"
    assert len(endpoint.requests) == 2


@pytest.mark.parametrize("reset", [False, True])
def test_nothing_is_tried_again_after_the_first_word(reset: bool) -> None:
    with ScriptedEndpoint([Reply("one two three", cut_after=2, reset=reset)]) as endpoint:
        with engine_at(endpoint.base_url) as engine:
            got = []
            with pytest.raises(EngineError, match="incomplete"):
                got.extend(engine.generate(question(), CancelToken()))
        assert len(endpoint.requests) == 1


def test_the_word_before_a_break_arrives() -> None:
    with (
        ScriptedEndpoint([Reply("one two three", cut_after=2)]) as endpoint,
        engine_at(endpoint.base_url) as engine,
    ):
        deltas = engine.generate(question(), CancelToken())
        assert next(deltas).text == "one two"
        with pytest.raises(EngineError, match="stopped in mid-answer"):
            next(deltas)


def test_trying_ends_and_says_how_often() -> None:
    reply = Reply("slow down", status=429, headers=NOW)
    message = str(failure(reply, EngineUnavailableError, max_retries=2))
    assert "429: slow down" in message
    assert "tried 3 times" in message


def test_a_wait_that_is_too_long_is_told_instead_of_made() -> None:
    reply = Reply("quota", status=429, headers={"retry-after": "3600"})
    assert "asks to wait 3600 s" in str(failure(reply, EngineUnavailableError, max_retries=3))


def test_a_used_up_quota_is_not_tried_again() -> None:
    body = {"error": {"message": "pay", "code": "insufficient_quota"}}
    replies = [Reply(raw=json.dumps(body).encode(), status=429, headers=NOW), Reply("never")]
    with ScriptedEndpoint(replies) as endpoint:
        with pytest.raises(EngineUnavailableError, match="pay"):
            deltas_of(endpoint)
        assert len(endpoint.requests) == 1


def test_an_error_as_the_first_event_is_tried_again() -> None:
    event = raw({"error": {"message": "overloaded", "code": 503}})
    reply = Reply(raw=event, content_type="text/event-stream", headers=NOW)
    with ScriptedEndpoint([reply, Reply("done")]) as endpoint:
        assert text_of(deltas_of(endpoint)) == "done"


# Adjusting to what a server takes


@pytest.mark.parametrize(
    ("refusal", "gone"),
    [
        ("Extra inputs are not permitted: stream_options", "stream_options"),
        ("Unsupported parameter: use 'max_completion_tokens' instead", "max_tokens"),
    ],
)
def test_what_a_server_does_not_know_is_left_out(refusal: str, gone: str) -> None:
    with ScriptedEndpoint([Reply(refusal, status=400), Reply("ok")]) as endpoint:
        assert text_of(deltas_of(endpoint)) == "ok"
    assert gone in endpoint.requests[0]
    assert gone not in endpoint.requests[1]


def test_an_answer_that_is_too_long_for_the_context_is_asked_for_shorter() -> None:
    refusal = (
        "'max_tokens' is too large: 1024. This model's maximum context length is 4096 tokens and "
        "your request has 3500 input tokens (1024 > 4096 - 3500)."
    )
    with ScriptedEndpoint([Reply(refusal, status=400), Reply("ok")]) as endpoint:
        assert text_of(deltas_of(endpoint)) == "ok"
    assert [body["max_tokens"] for body in endpoint.requests] == [1024, 596]


def test_adjusting_ends() -> None:
    sizes = iter(range(1000, 0, -1))

    def script(body: dict[str, Any]) -> Reply:
        text = f"maximum context length is {next(sizes)} tokens, {500} in the messages"
        return Reply(text, status=400)

    with ScriptedEndpoint(script) as endpoint:
        with pytest.raises(EngineError, match="in every form"):
            deltas_of(endpoint)
        assert len(endpoint.requests) == 3


def test_the_answer_is_bounded_by_what_the_context_leaves() -> None:
    with ScriptedEndpoint([Reply("ok")]) as endpoint:
        deltas_of(endpoint, question("x" * 3000, max_tokens=2000), n_ctx=1000)
        assert 200 <= endpoint.requests[0]["max_tokens"] <= 250


# Failures, one clear message each


def test_down() -> None:
    with ScriptedEndpoint([Reply("x")]) as endpoint:
        url = endpoint.base_url
    with engine_at(url, max_retries=1) as engine:
        for work in (
            lambda: list(engine.generate(question(), CancelToken())),
            lambda: engine.load(CancelToken()),
            lambda: engine.embed(["x"], CancelToken()),
        ):
            with pytest.raises(EngineUnavailableError) as caught:
                work()
            message = str(caught.value)
            assert "connection refused" in message
            assert "start the server or correct base_url" in message
            assert url in message


def test_an_unknown_host() -> None:
    with (
        engine_at("http://no-such-host.invalid/v1", max_retries=0) as engine,
        pytest.raises(EngineUnavailableError, match="host name is unknown"),
    ):
        list(engine.generate(question(), CancelToken()))


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:99999/v1", "http://[::1/v1", "http:///v1", "http://a b/"]
)
def test_a_url_that_is_none(url: str) -> None:
    with pytest.raises(EngineUnavailableError) as caught, engine_at(url, max_retries=0) as engine:
        list(engine.generate(question(), CancelToken()))
    assert "base_url" in str(caught.value)


def test_slow_before_the_first_byte() -> None:
    message = str(failure(Reply(stall_after=0), EngineUnavailableError, timeout=0.2))
    assert "sent nothing for 0.2 s" in message
    assert "timeout" in message


def test_slow_in_mid_answer() -> None:
    message = str(failure(Reply("one two three", stall_after=2), timeout=0.2))
    assert "stopped in mid-answer (it sent nothing for 0.2 s); what came is incomplete" in message


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_names_its_variable(status: int) -> None:
    fields = {"api_key_env": "CLUSTER_KEY"}
    missing = str(failure(Reply("no key", status=status), EngineUnavailableError, **fields))
    assert "the variable CLUSTER_KEY, named by api_key_env, is not set" in missing
    reply = Reply(f"Incorrect API key provided: {KEY}", status=status)
    wrong = str(failure(reply, EngineUnavailableError, **fields, env={"CLUSTER_KEY": KEY}))
    assert "check the key in the variable CLUSTER_KEY" in wrong
    assert "Incorrect API key provided: [key]" in wrong
    assert "set api_key_env" in str(failure(Reply("no key", status=status), EngineUnavailableError))


def test_a_key_that_no_header_can_carry() -> None:
    with (
        engine_at("http://127.0.0.1:9/v1", {"K": f"{KEY}\nx"}, api_key_env="K") as engine,
        pytest.raises(EngineUnavailableError, match="variable K") as caught,
    ):
        list(engine.generate(question(), CancelToken()))
    assert KEY not in str(caught.value)


def test_404_points_to_the_path_and_the_model() -> None:
    message = str(failure(Reply("model 'm' not found", status=404), EngineUnavailableError))
    assert "model 'm' not found" in message
    assert "/v1" in message


def test_500_with_a_web_page() -> None:
    page = b"<!doctype html><title>Oops</title>"
    message = str(failure(Reply(raw=page, status=500), EngineUnavailableError))
    assert "500: a web page" in message


@pytest.mark.parametrize("kind", ["text/html", "text/event-stream", "application/json"])
def test_a_web_page_instead_of_an_answer(kind: str) -> None:
    reply = Reply(raw=b"\n<!doctype html><html>", content_type=kind)
    message = str(failure(reply))
    assert "a web page" in message
    assert "/v1" in message


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"choices": [', "no JSON"),
        (b"Ollama is running", "no JSON: 'Ollama is running'"),
        (b"[1, 2]", "no object"),
        (b'{"hello": 1}', "without choices"),
        (b"data: {broken\n\n", "no JSON"),
        (b"data: [DONE]\n\n", "without choices"),
        (b"", "ended without an answer"),
        (b": only a comment\n\n", "ended without an answer"),
        (b"[" * 100_000, "no JSON"),
    ],
)
def test_an_answer_that_is_none(body: bytes, expected: str) -> None:
    assert expected in str(failure(Reply(raw=body)))


def test_malformed_json_in_mid_stream() -> None:
    data = raw(words("one")) + b"data: {brok\n\n"
    assert "no JSON" in str(failure(Reply(raw=data)))


def test_an_error_in_mid_stream_says_that_the_answer_is_incomplete() -> None:
    data = raw(words("one"), {"error": {"message": f"CUDA out of memory {KEY}"}})
    fields = {"api_key_env": "K", "env": {"K": KEY}}
    message = str(failure(Reply(raw=data), **fields, max_retries=3))
    assert "CUDA out of memory [key]" in message
    assert "incomplete" in message


@pytest.mark.parametrize("reason", ["content_filter", "abort"])
def test_an_answer_that_the_server_broke_off_is_no_answer(reason: str) -> None:
    assert "incomplete" in str(failure(Reply("half", finish=reason)))


def test_a_body_shorter_than_promised() -> None:
    data = raw(words("one"), words("two", "stop"))
    message = str(failure(Reply(raw=data, cut_bytes=len(raw(words("one"))) + 5)))
    assert "stopped in mid-answer" in message


def test_a_redirect_is_not_followed() -> None:
    with ScriptedEndpoint([Reply("elsewhere")]) as other:
        reply = Reply("moved", status=307, headers={"location": other.base_url})
        assert "points elsewhere" in str(failure(reply, EngineUnavailableError))
        assert not other.paths


def test_a_server_without_tools_names_the_setting() -> None:
    reply = Reply('"auto" tool choice requires --enable-auto-tool-choice', status=400)
    error = failure(reply)
    assert "native_tools = false" in str(error)
    assert not isinstance(error, EngineUnavailableError)


def test_a_bad_request_is_not_an_unavailable_engine() -> None:
    error = failure(Reply("temperature must be 1", status=400))
    assert "refuses the request (400: temperature must be 1)" in str(error)
    assert not isinstance(error, EngineUnavailableError)


def test_a_prompt_longer_than_the_context_names_both_sizes() -> None:
    text = "This model's maximum context length is 4096 tokens. However, your messages resulted in "
    error = failure(Reply(text + "5,012 tokens.", status=400), ContextOverflowError)
    assert isinstance(error, ContextOverflowError)
    assert (error.prompt_tokens, error.context_tokens) == (5012, 4096)


def test_a_server_that_ignores_the_limit_is_stopped() -> None:
    data = raw(*[words("x" * 100_000)] * 2)
    with (
        ScriptedEndpoint([Reply(raw=data)]) as endpoint,
        pytest.raises(EngineError, match="far more"),
    ):
        deltas_of(endpoint, question(max_tokens=16))


def test_a_body_that_ends_with_the_connection_inside_an_event_is_incomplete() -> None:
    data = raw(words("one"), words("two"))
    reply = Reply(raw=data, length=False, cut_bytes=len(data) - 9)
    assert "stopped in mid-answer" in str(failure(reply))


def test_a_body_that_ends_with_the_connection_may_lack_its_last_line_end() -> None:
    data = raw(words("one", "stop")).rstrip()
    with ScriptedEndpoint([Reply(raw=data, length=False)]) as endpoint:
        assert text_of(deltas_of(endpoint)) == "one"


def test_a_refusal_whose_words_do_not_come() -> None:
    reply = Reply(raw=b"x" * 100, status=403, cut_bytes=3)
    assert "(403: xxx)" in str(failure(reply, EngineUnavailableError))


def test_a_refusal_of_any_length_is_shortened() -> None:
    reply = Reply(raw=b"x" * 10_000_000, status=403)
    assert len(str(failure(reply, EngineUnavailableError))) < 500


def test_an_endless_body_and_an_endless_event_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lsp_agent.engine.openai_http._MAX_BODY", 1000)
    assert "without an end" in str(failure(Reply(raw=b'{"x": "' + b"y" * 1_000_000)))
    assert "without an end" in str(failure(Reply(raw=b"data: " + b"y" * 20_000_000)))


def test_a_context_that_is_too_small_is_not_asked_again_whatever_the_status() -> None:
    text = "request (5012 tokens) exceeds the available context size (4096 tokens)"
    with (
        ScriptedEndpoint([Reply(text, status=500, headers=NOW)]) as endpoint,
        pytest.raises(ContextOverflowError),
    ):
        deltas_of(endpoint)
    assert len(endpoint.requests) == 1


def test_sampling_is_sent() -> None:
    sampling = Sampling(temperature=0.7, top_p=0.9, seed=5)
    with ScriptedEndpoint([Reply("ok")]) as endpoint:
        deltas_of(endpoint, question(sampling=sampling))
    body = endpoint.requests[0]
    assert (body["temperature"], body["top_p"], body["seed"]) == (0.7, 0.9, 5)


# Loading, embedding


def test_load_asks_once() -> None:
    with ScriptedEndpoint([Reply("x")]) as endpoint:
        with engine_at(endpoint.base_url) as engine:
            engine.load(CancelToken())
            engine.load(CancelToken())
        assert endpoint.paths == ["/v1/models"]


@pytest.mark.parametrize("status", [404, 500, 503])
def test_a_server_that_lists_no_models_may_still_answer(status: int) -> None:
    with (
        ScriptedEndpoint([Reply("x")], models=Reply(status=status)) as endpoint,
        engine_at(endpoint.base_url, max_retries=0) as engine,
    ):
        assert engine.load(CancelToken()).loaded


def test_a_server_that_lists_its_models_slowly_may_still_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lsp_agent.engine.openai._PROBE_SECONDS", 0.1)
    with (
        ScriptedEndpoint([Reply("x")], models=Reply(stall_after=0)) as endpoint,
        engine_at(endpoint.base_url, max_retries=0) as engine,
    ):
        assert engine.load(CancelToken()).loaded


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply("no", status=401), "refuses the key"),
        (Reply(status=308), "points elsewhere"),
        (Reply(raw=b"<html>", content_type="text/html; charset=utf-8"), "a web page"),
        (Reply(hang_up=True), "can't be reached"),
    ],
)
def test_load_fails_where_no_answer_can_come(reply: Reply, expected: str) -> None:
    with (
        ScriptedEndpoint([Reply("x")], models=reply) as endpoint,
        engine_at(endpoint.base_url, max_retries=0) as engine,
        pytest.raises(EngineError, match=expected),
    ):
        engine.load(CancelToken())


def test_embeddings_come_in_order_and_in_portions() -> None:
    texts = ["x" * size for size in range(1, 131)]
    with ScriptedEndpoint([Reply()]) as endpoint, engine_at(endpoint.base_url) as engine:
        vectors = engine.embed(texts, CancelToken())
        assert engine.embed([], CancelToken()) == []
    assert [vector[0] for vector in vectors] == [float(len(text)) for text in texts]
    assert [len(body["input"]) for body in endpoint.requests] == [64, 64, 2]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(vectors=[[1.0]]), "1 vectors for 2 texts"),
        (Reply(raw=b'{"data": [{}]}'), "no vectors"),
        (Reply(raw=b'{"nothing": 1}'), "no vectors"),
        (Reply("no such model", status=404), "404"),
        (Reply("busy", status=503), "503"),
        (Reply(cut_bytes=5), "can't be reached"),
    ],
)
def test_embeddings_that_do_not_come(reply: Reply, expected: str) -> None:
    with (
        ScriptedEndpoint([reply]) as endpoint,
        engine_at(endpoint.base_url, max_retries=0) as engine,
        pytest.raises(EngineError, match=re.escape(expected)),
    ):
        engine.embed(["a", "b"], CancelToken())
