"""What servers say when they refuse, word for word, and what it means."""

from __future__ import annotations

import errno
import json
import socket
import ssl
from typing import Any

import pytest

from lsp_agent.engine.openai_errors import (
    KeySource,
    Refusal,
    answer_room,
    error_for,
    reason,
    refusal_of,
)
from lsp_agent.engine.openai_http import _retry_after
from lsp_agent.engine.types import ContextOverflowError

KEY = KeySource("K", present=True)
LLAMA_SERVER = {
    "error": {
        "code": 400,
        "message": "request (5012 tokens) exceeds the available context size (4096 tokens), "
        "try increasing it",
        "type": "exceed_context_size_error",
        "n_prompt_tokens": 5012,
        "n_ctx": 4096,
    }
}

SAID = (
    (
        "This model's maximum context length is 4096 tokens. However, your messages resulted "
        "in 5012 tokens. Please reduce the length of the messages."
    ),
    (
        "This model's maximum context length is 4096 tokens. However, you requested 6,036 "
        "tokens (5012 in the messages, 1024 in the completion)."
    ),
    ("The input (5012 tokens) is longer than the model's context length (4096 tokens)."),
    (
        "Requested token count exceeds the model's maximum context length of 4096 tokens. You "
        "requested a total of 6036 tokens: 5012 tokens from the input messages and 1024 "
        "tokens for the completion."
    ),
    (
        "Trying to keep the first 5012 tokens when context the overflows. However, the model "
        "is loaded with context length of only 4096 tokens"
    ),
    (
        "max_tokens is too large: 1. This model's maximum context length is 4096 tokens and "
        "your request has 5012 input tokens"
    ),
)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, LLAMA_SERVER),
        (400, {"error": {"message": LLAMA_SERVER["error"]["message"]}}),
        *((400, said) for said in SAID),
        (500, LLAMA_SERVER),
    ],
)
def test_a_context_that_is_too_small_names_both_sizes(status: int, said: Any) -> None:
    body = json.dumps(said if isinstance(said, dict) else {"error": {"message": said}})
    error = error_for(refusal_of(status, body), "u", KEY)
    assert isinstance(error, ContextOverflowError)
    assert (error.prompt_tokens, error.context_tokens) == (5012, 4096)


def test_a_context_error_without_numbers_still_tells_the_mend() -> None:
    refusal = refusal_of(400, '{"error": {"message": "context_length_exceeded"}}')
    assert "select less text" in str(error_for(refusal, "u", KEY))


@pytest.mark.parametrize(
    ("said", "room"),
    [
        ("maximum context length is 4096 tokens and your request has 3000 input tokens", 1096),
        ("maximum context length is 4096 tokens. However, you requested 4500 tokens", 620),
        ("maximum context length is 4096 tokens and your request has 5000 input tokens", None),
        ("maximum context length is small", None),
        ("temperature is 4096 of 3000 prompt tokens", None),
    ],
)
def test_the_room_for_an_answer(said: str, room: int | None) -> None:
    assert answer_room(Refusal(400, said), asked=1024) == room


def test_a_rate_limit_in_tokens_is_no_context_error() -> None:
    refusal = Refusal(429, "context length exceeds: limit 6000, requested 7000 tokens")
    assert "takes no more requests now" in str(error_for(refusal, "u", KEY))


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ('{"error": {"message": "a"}}', "a"),
        ('{"error": "a"}', "a"),
        ('{"object": "error", "message": "a"}', "a"),
        ('{"detail": [{"msg": "field required"}]}', '{"msg": "field required"}'),
        ('[{"error": {"message": "a"}}]', "a"),
        ('{"error": {"type": "x"}}', '{"type": "x"}'),
        ("plain\n text", "plain text"),
        ("<html>", "a web page, not an API's answer"),
        ("", ""),
        ("[" * 100_000, "[" * 200),
    ],
)
def test_where_servers_put_their_words(body: str, text: str) -> None:
    assert refusal_of(500, body).text == text


def test_a_refusal_without_words_says_so() -> None:
    assert "(502: it gives no reason)" in str(error_for(Refusal(502, ""), "u", KEY))


def chained(error: BaseException, cause: BaseException) -> BaseException:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "x"), "connection refused"),
        (
            chained(OSError("all"), ExceptionGroup("g", [OSError(errno.EHOSTUNREACH, "x")])),
            "no route to it",
        ),
        (chained(ValueError("v"), socket.gaierror(-2, "x")), "its host name is unknown"),
        (ValueError("as it is"), "as it is"),
        (ValueError(), "ValueError"),
    ],
)
def test_the_reason_is_found_in_the_chain(error: BaseException, expected: str) -> None:
    assert reason(error) == expected


def test_an_untrusted_certificate() -> None:
    error = ssl.SSLCertVerificationError(1, "x")
    error.verify_message = "self-signed certificate"
    assert "self-signed certificate" in reason(chained(OSError("x"), error))


def test_a_chain_that_bites_its_tail_ends() -> None:
    error = ValueError("x")
    error.__context__ = chained(KeyError("y"), error)
    assert reason(error) == "x"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after-ms": "x"}, None),
    ],
)
def test_how_long_a_server_asks_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert _retry_after(headers) == seconds
