"""Events come out the same however the bytes are cut."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.engine.sse import EventDecoder, EventTooLongError


def decode(*chunks: bytes) -> list[str]:
    decoder = EventDecoder()
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    return events + decoder.finish()


@pytest.mark.parametrize(
    ("data", "events"),
    [
        (b"data: a\n\ndata: b\n\n", ["a", "b"]),
        (b"data:a\n\n", ["a"]),
        (b"data:  a\n\n", [" a"]),
        (b"data: a\r\n\r\ndata: b\r\n\r\n", ["a", "b"]),
        (b"data: a\r\rdata: b\r\r", ["a", "b"]),
        (b": comment\n\n: ping\n\ndata: a\n\n", ["a"]),
        (b"event: x\nid: 7\nretry: 9\ndata: a\n\n", ["a"]),
        (b"data: one\ndata: two\n\n", ["one\ntwo"]),
        (b"data\n\n", [""]),
        (b"\n\n\ndata: a\n\n\n\n", ["a"]),
        (b"data: the last has no end", ["the last has no end"]),
        (b"\xef\xbb\xbfdata: a\n\n", ["a"]),
        ("data: ü€🎉\n\n".encode(), ["ü€🎉"]),
        (b"data: \xff\n\n", ["\ufffd"]),
        (b"data: a:b\n\n", ["a:b"]),
        (b"", []),
    ],
)
def test_the_events_of_a_stream(data: bytes, events: list[str]) -> None:
    assert decode(data) == events
    assert decode(*[data[at : at + 1] for at in range(len(data))]) == events


LINES = st.lists(
    st.one_of(
        st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])).map(
            lambda text: f"data: {text}"
        ),
        st.sampled_from(["", ": ping", "event: x", "data", "data:"]),
    )
)


@given(LINES, st.sampled_from(["\n", "\r\n", "\r"]), st.data())
def test_cuts_and_line_ends_do_not_matter(lines: list[str], end: str, data: st.DataObject) -> None:
    body = "".join(line + end for line in lines).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)))))
    pieces = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    assert decode(*pieces) == decode("".join(line + "\n" for line in lines).encode())


@given(st.binary())
def test_any_bytes_are_taken(data: bytes) -> None:
    assert all(isinstance(event, str) for event in decode(data))


def test_a_line_without_an_end_is_refused() -> None:
    decoder = EventDecoder(limit=100)
    decoder.feed(b"data: " + b"x" * 90)
    with pytest.raises(EventTooLongError):
        decoder.feed(b"x" * 10)


def test_an_event_without_an_end_is_refused() -> None:
    decoder = EventDecoder(limit=100)
    with pytest.raises(EventTooLongError):
        decoder.feed(b"data: x\n" * 20)


def test_many_short_events_and_comments_are_no_long_one() -> None:
    decoder = EventDecoder(limit=100)
    assert len(decoder.feed(b": ping\n" * 100 + b"data: x\n\n" * 100)) == 100


def test_a_long_line_in_small_pieces_takes_linear_time() -> None:
    decoder = EventDecoder()
    started = time.perf_counter()
    for _ in range(150_000):
        decoder.feed(b"x" * 100)
    assert time.perf_counter() - started < 5
