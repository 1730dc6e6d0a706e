"""Text from token bytes, wherever the token borders fall."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.engine.llama.stream import TextStream, ThinkingSplitter

short_text = st.text(alphabet="ab<>/é😀\n", max_size=30)


def pieces_of(data: bytes, cuts: list[int]) -> list[bytes]:
    borders = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[a:b] for a, b in pairwise(borders)]


def streamed(pieces: list[bytes], *stop: str) -> tuple[str, bool]:
    stream = TextStream(stop)
    text = "".join(stream.feed(piece) for piece in pieces)
    return text + stream.finish(), stream.stopped


@given(short_text, st.lists(st.integers(0, 200)))
def test_characters_may_be_split_over_tokens(text: str, cuts: list[int]) -> None:
    assert streamed(pieces_of(text.encode(), cuts)) == (text, False)


@given(short_text, st.lists(st.integers(0, 200)), st.text(alphabet="ab<é", min_size=1, max_size=4))
def test_nothing_of_a_stop_string_comes_out(text: str, cuts: list[int], stop: str) -> None:
    before, found, _ = text.partition(stop)
    assert streamed(pieces_of(text.encode(), cuts), stop) == (before, bool(found))


@given(short_text, st.sampled_from(["ab", "a<", "<b>", "/"]), st.sampled_from(["b<", "a", "é"]))
def test_the_first_of_several_stop_strings_ends_the_text(text: str, one: str, two: str) -> None:
    ends = [at for at in (text.find(one), text.find(two)) if at >= 0]
    shown, stopped = streamed([text.encode()], one, two)
    assert stopped == bool(ends)
    assert shown == (text[: min(ends)] if ends else text)


def test_text_is_held_back_only_while_it_may_become_a_stop_string() -> None:
    stream = TextStream(["</end>"])
    assert stream.feed(b"answer</en") == "answer"
    assert stream.feed(b"ough") == "</enough"
    assert stream.feed(b" </end> rest") == " "
    assert stream.stopped
    assert stream.feed(b"more") == ""


def test_broken_bytes_become_replacement_characters() -> None:
    assert streamed([b"a\xff", b"\xe2\x82", b"b", b"\xf0\x9f"]) == ("a\ufffd\ufffdb\ufffd", False)


def test_an_empty_stop_string_stops_nothing() -> None:
    assert streamed([b"text"], "") == ("text", False)


def split(*texts: str, inside: bool = False) -> tuple[str, str]:
    splitter = ThinkingSplitter(inside=inside)
    parts = [splitter.feed(text) for text in texts] + [splitter.feed("", last=True)]
    return "".join(part[0] for part in parts), "".join(part[1] for part in parts)


@pytest.mark.parametrize(
    ("text", "thinking", "answer"),
    [
        ("<think>why</think>\n\nbecause", "why", "because"),
        ("\n<think>\nwhy\n</think>because", "\nwhy\n", "because"),
        ("plain <think>text</think>", "", "plain <think>text</think>"),
        ("<think>never ends </thi", "never ends </thi", ""),
        ("<thin", "", "<thin"),
        ("", "", ""),
        ("<think></think>", "", ""),
    ],
)
def test_thinking_at_the_start_is_told_from_the_answer(
    text: str, thinking: str, answer: str
) -> None:
    assert split(text) == (thinking, answer)
    assert split(*text) == (thinking, answer), "one character a token"


def test_a_template_may_have_opened_the_tag() -> None:
    assert split("why</thi", "nk>\n", "\nbecause\n", inside=True) == ("why", "because\n")
