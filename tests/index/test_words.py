"""What a file's packed words hold."""

from __future__ import annotations

from array import array
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.index.words import (
    COUNT_MASK,
    COUNT_SHIFT,
    COUNTS,
    HASH_SHIFT,
    NAME_MASK,
    pack_words,
    word_hash,
    words,
)


def unpacked(data: bytes) -> dict[int, tuple[int, int]]:
    rows = array("I", data)
    return {
        row >> HASH_SHIFT: (COUNTS[row >> COUNT_SHIFT & COUNT_MASK], row & NAME_MASK)
        for row in rows
    }


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("parseHTTPHeader", "parse_http_header"),
        ("parsing headers", "parse header"),
        ("stopped", "stop"),
        ("queries", "query"),
        ("MAX_SIZE", "max size"),
        ("caches caching cached", "cache cache cache"),
    ],
)
def test_spellings_of_the_same_words(one: str, other: str) -> None:
    assert words(one) == words(other)


def test_words_that_only_look_alike_stay_apart() -> None:
    assert len(words("class status thing string process bus")) == 6


def test_digits_and_single_letters_are_no_words() -> None:
    assert words("x1 = 2 + i; utf8") == Counter({"utf": 1})


def test_other_scripts_have_words() -> None:
    assert words("Größe datenträger ключ")
    assert not words("\ud800")


def test_counts_of_text_and_of_names() -> None:
    text = "def load_model(): load load\n" + "kernel " * 100
    packed = unpacked(pack_words(text, ["load_model", "load"]))
    load, model, kernel = (word_hash(next(iter(words(w)))) for w in ("load", "model", "kernel"))
    assert packed[load] == (3, 2)
    assert packed[model] == (1, 1)
    assert packed[kernel] == (86, 0)


@given(st.text(max_size=300), st.lists(st.text(max_size=10), max_size=5))
def test_a_row_is_sorted_and_has_each_word_once(text: str, names: list[str]) -> None:
    rows = list(array("I", pack_words(text, names)))
    assert rows == sorted(rows)
    assert len({row >> HASH_SHIFT for row in rows}) == len(rows)
    assert {row >> HASH_SHIFT for row in rows} == {word_hash(word) for word in words(text)}


@given(st.integers(1, 500))
def test_a_count_loses_at_most_a_fifth(count: int) -> None:
    ((held, _),) = unpacked(pack_words("word " * count, [])).values()
    assert 0.8 * count <= held <= count
