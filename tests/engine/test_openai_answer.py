"""Chunks as servers really send them become deltas, however odd."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.engine.openai_answer import AnswerReader
from lsp_agent.engine.types import Chat, Delta, EngineError, Message, Request, Usage


def reader(**fields: Any) -> AnswerReader:
    return AnswerReader("http://h/v1", Request(Chat((Message("user", "q"),)), **fields), 10)


def part(finish: str | None = None, **delta: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def read(*chunks: Any, **fields: Any) -> tuple[str, str, Delta]:
    """Return text, thinking and the last delta."""
    one = reader(**fields)
    deltas = [delta for chunk in chunks if (delta := one.read(chunk)) is not None]
    deltas.append(one.end())
    text = "".join(delta.text for delta in deltas)
    return text, "".join(delta.thinking for delta in deltas), deltas[-1]


def fragment(**fields: Any) -> dict[str, Any]:
    function = {key: fields.pop(key) for key in ("name", "arguments") if key in fields}
    return {**fields, "function": function}


def calls_of(*fragments: list[dict[str, Any]], finish: str = "tool_calls") -> list[Any]:
    chunks = [part(tool_calls=group) for group in fragments]
    *_, last = read(*chunks, part(finish))
    return [(call.name, dict(call.arguments)) for call in last.tool_calls]


@pytest.mark.parametrize("key", ["reasoning_content", "reasoning"])
def test_thinking_has_two_names(key: str) -> None:
    text, thinking, _ = read(part(**{key: "why"}), part(content="so"), part("stop"))
    assert (text, thinking) == ("so", "why")


def test_thinking_tags_in_the_text_are_thinking() -> None:
    chunks = [part(content=piece) for piece in "<think>\nwhy</think>\n\nso"]
    text, thinking, _ = read(*chunks, part("stop"))
    assert (text, thinking) == ("so", "\nwhy")


def test_content_may_be_a_list_of_pieces() -> None:
    pieces = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "why"}]},
        {"type": "text", "text": "so"},
        {"type": "image"},
        "odd",
    ]
    text, thinking, _ = read(part(content=pieces), part("stop"))
    assert (text, thinking) == ("so", "why")


def test_a_character_cut_into_two_escapes_is_joined() -> None:
    text, _, _ = read(part(content="a\ud83c"), part(content="\udf89b"), part("stop"))
    assert text == "a🎉b"


@pytest.mark.parametrize("code", [0xD83C, 0xDF89])
def test_half_a_character_is_replaced(code: int) -> None:
    half = chr(code)
    text, _, _ = read(part(content=f"a{half}"), part(content="b"), part("stop"))
    assert text == "a\ufffdb"
    text, _, _ = read(part(content=f"a{half}"), part("stop"))
    assert text == "a\ufffd"


def test_fragments_are_joined_by_index() -> None:
    assert calls_of(
        [fragment(index=0, id="a", name="one", arguments="")],
        [fragment(index=1, id="b", name="two", arguments='{"y"')],
        [fragment(index=0, arguments='{"x": 1'), fragment(index=1, arguments=": 2}")],
        [fragment(index=0, arguments="}")],
    ) == [("one", {"x": 1}), ("two", {"y": 2})]


def test_calls_that_share_the_index_are_told_apart_by_id() -> None:
    assert calls_of(
        [fragment(index=0, id="a", name="one", arguments="{}")],
        [fragment(index=0, id="b", name="two", arguments="{}")],
    ) == [("one", {}), ("two", {})]


def test_calls_without_an_index_are_told_apart_by_name() -> None:
    assert calls_of(
        [fragment(name="one", arguments='{"x":'), fragment(arguments=" 1}")],
        [fragment(name="two", arguments="{}")],
    ) == [("one", {"x": 1}), ("two", {})]


def test_calls_without_an_index_are_told_apart_by_id() -> None:
    assert calls_of(
        [fragment(id="a", name="one", arguments='{"x":')],
        [fragment(id="a", name="one", arguments=" 1}")],
        [fragment(id="b", name="one", arguments="{}")],
    ) == [("one", {"x": 1}), ("one", {})]


def test_a_name_that_is_repeated_is_taken_once() -> None:
    assert calls_of(
        [fragment(index=0, id="a", name="one", arguments="{")],
        [fragment(index=0, id="a", name="one", arguments="}")],
    ) == [("one", {})]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"x": [1]}, {"x": [1]}),
        ("", {}),
        (None, {}),
        ('"{\\"x\\": 1}"', {"x": 1}),
        ('{"x": "a\nb"}', {"x": "a\nb"}),
        ('{"x": ', {"": '{"x": '}),
        ("[1]", {"": "[1]"}),
        ('{"x": NaN}', {"": '{"x": NaN}'}),
        (r'{"x": "\ud800"}', {"": r'{"x": "\ud800"}'}),
    ],
)
def test_arguments(arguments: Any, expected: dict[str, Any]) -> None:
    assert calls_of([fragment(index=0, id="a", name="f", arguments=arguments)]) == [("f", expected)]


def test_a_call_that_the_limit_cut_off_before_its_arguments_is_not_carried_out_empty() -> None:
    first = fragment(index=0, id="a", name="f", arguments="{}")
    second = fragment(index=1, id="b", name="g")
    assert calls_of([first, second], finish="length") == [("f", {}), ("g", {"": ""})]


def test_calls_without_an_id_get_one_of_their_own() -> None:
    chunk = part(tool_calls=[fragment(index=0, name="f"), fragment(index=1, name="g")])
    first, second = read(chunk, part("stop"))[2].tool_calls
    assert first.id != second.id
    assert first.id.isalnum()
    assert len(first.id) == 9


@pytest.mark.parametrize(
    ("reason", "finish"),
    [("stop", "stop"), ("length", "length"), ("eos", "stop"), ("tool_calls", "stop")],
)
def test_finish_reasons(reason: str, finish: str) -> None:
    assert read(part(content="x"), part(reason))[2].finish == finish


def test_calls_finish_with_calls_whatever_the_server_says() -> None:
    chunk = part("stop", tool_calls=[fragment(index=0, name="f")])
    assert read(chunk)[2].finish == "tool_calls"


def test_usage_with_cached_tokens() -> None:
    usage = {
        "prompt_tokens": 10,
        "completion_tokens": 3,
        "prompt_tokens_details": {"cached_tokens": 8},
    }
    last = read(part("stop", content="x"), {"choices": [], "usage": usage})[2]
    assert last.usage == Usage(10, 8, 3)


@pytest.mark.parametrize("usage", ["x", {"prompt_tokens": "x", "completion_tokens": None}, []])
def test_a_usage_that_is_none_does_no_harm(usage: Any) -> None:
    last = read({**part("stop", content="abcd"), "usage": usage})[2]
    assert last.usage is not None


def test_text_may_stand_in_the_choice_itself() -> None:
    text, _, last = read({"choices": [{"text": "ab", "finish_reason": "stop"}]})
    assert (text, last.finish) == ("ab", "stop")


def test_nothing_started_before_the_first_word() -> None:
    one = reader()
    one.read(part(role="assistant", content=""))
    assert not one.started
    one.read(part(tool_calls=[fragment(index=0, name="f")]))
    assert one.started


def test_a_stop_string_over_a_border() -> None:
    one = reader(stop=("END",))
    texts = [one.read(part(content=piece)) for piece in ("a E", "ND b", "c")]
    assert [delta.text for delta in texts if delta] == ["a "]
    assert one.stopped
    assert one.finish == "stop"
    assert one.end().text == ""


def test_what_was_held_back_for_a_stop_string_comes_at_the_end() -> None:
    assert read(part(content="a E"), part("stop"), stop=("END",))[0] == "a E"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "choices",
                    "delta",
                    "message",
                    "content",
                    "tool_calls",
                    "function",
                    "index",
                    "id",
                    "name",
                    "arguments",
                    "finish_reason",
                    "usage",
                    "prompt_tokens_details",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.lists(st.dictionaries(st.sampled_from(["choices", "usage"]), JSON), max_size=4))
def test_any_json_is_borne(chunks: list[dict[str, Any]]) -> None:
    one = reader()
    try:
        for chunk in chunks:
            one.read(json.loads(json.dumps(chunk)))
        one.complete()
    except EngineError:
        return
    last = one.end()
    assert last.finish is not None
    assert last.usage is not None
