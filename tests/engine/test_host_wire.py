"""What goes over the wire comes out as it went in, and nothing else does."""

from __future__ import annotations

import json

import pytest

from lsp_agent.cancel import Cancelled
from lsp_agent.engine.host.wire import (
    FrameReader,
    WireError,
    decoded,
    error_fields,
    error_from,
    frame,
)
from lsp_agent.engine.types import (
    Chat,
    ContextOverflowError,
    Delta,
    EngineError,
    EngineInfo,
    EngineUnavailableError,
    Fim,
    GrammarError,
    Job,
    Message,
    Request,
    Sampling,
    ToolCall,
    ToolSchema,
    Usage,
)
from lsp_agent.errors import LspAgentError

CALL = ToolCall("1", "read_file", {"path": "ä\ud800\0", "deep": [{"none": None}, 1.5]})
VALUES = [
    Request(
        Chat(
            (Message("user", "\ud83d"), Message("assistant", "", (CALL,)), Message("tool", "x")),
            (ToolSchema("read_file", "reads", {"type": "object", "properties": {}}),),
        ),
        stop=("a", "\n"),
        grammar='root ::= "a"',
        sampling=Sampling(temperature=0.5, seed=3),
        job=Job.COMPLETION,
    ),
    Request(Fim("def f(", "):\n", "f.py", ("one", "two")), max_tokens=7),
    Delta("text", progress=0.5),
    Delta(tool_calls=(CALL,), finish="tool_calls", usage=Usage(3, 2, 1)),
    EngineInfo("a", "b", "c", 512, False, 10**12, jobs=("fix",), detail={"gpu": None, "n": [1]}),
]


class Stream:
    """Bytes that come in pieces of one size."""

    def __init__(self, data: bytes, piece: int) -> None:
        self._data = data
        self._piece = piece

    def read(self, size: int) -> bytes:
        size = min(size, self._piece)
        chunk, self._data = self._data[:size], self._data[size:]
        return chunk


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("piece", [1, 7, 10**6])
def test_values_come_out_as_they_went_in(value: object, piece: int) -> None:
    frames = FrameReader(Stream(frame(item=value) + frame(item=None), piece).read)
    first = frames.next()
    assert first is not None
    assert decoded(type(value), first["item"]) == value
    assert frames.next() == {"item": None}
    assert frames.next() is None


@pytest.mark.parametrize("cut", [1, 3, 4, 5, 20])
def test_a_stream_that_ends_in_a_frame_has_ended(cut: int) -> None:
    assert FrameReader(Stream(frame(text="a text of some length")[:cut], 100).read).next() is None


def sized(text: bytes) -> bytes:
    return len(text).to_bytes(4, "big") + text


@pytest.mark.parametrize(
    "data",
    [
        sized(b"[1, 2]"),
        sized(b"{"),
        sized(b"\xff\xfe"),
        sized(b"[" * 100_000),
        (2**32 - 1).to_bytes(4, "big") + b"x",
        b"GET / HTTP/1.1\r\n\r\n",
    ],
    ids=["list", "cut", "bytes", "deep", "long", "http"],
)
def test_what_is_no_frame_is_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        FrameReader(Stream(data, 10**6).read).next()


@pytest.mark.parametrize(
    "value",
    [None, 3, "text", {}, {"prompt": {}}, {"prompt": {"messages": [{"role": "king"}]}}],
    ids=str,
)
def test_what_is_no_request_is_refused(value: object) -> None:
    with pytest.raises(WireError):
        decoded(Request, value)


@pytest.mark.parametrize(
    "error",
    [
        EngineError("a"),
        EngineUnavailableError("b"),
        GrammarError("c"),
        Cancelled("d"),
        ContextOverflowError(7, 5),
    ],
    ids=lambda error: str(error.code),
)
def test_errors_come_out_as_they_went_in(error: LspAgentError) -> None:
    found = error_from(json.loads(json.dumps(error_fields(error))))
    assert type(found) is type(error)
    assert (str(found), found.code) == (str(error), error.code)
    if isinstance(error, ContextOverflowError):
        assert isinstance(found, ContextOverflowError)
        assert (found.prompt_tokens, found.context_tokens) == (7, 5)


@pytest.mark.parametrize("fields", [None, {}, [], {"code": "context-overflow", "prompt": "x"}])
def test_an_unknown_error_is_an_error_all_the_same(fields: object) -> None:
    assert type(error_from(fields)) is EngineError


def test_the_code_of_an_error_is_kept() -> None:
    found = error_from({"code": "bad-model-file", "message": "it is broken"})
    assert (type(found), found.code, str(found)) == (EngineError, "bad-model-file", "it is broken")
    assert EngineError.code == "engine-failed"
