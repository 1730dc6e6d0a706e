"""Ranking files by what is said about them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.context.corpus import Corpus, module_name
from lsp_agent.context.memory import Memory
from lsp_agent.context.query import pieces
from lsp_agent.context.ranking import RankedFile, rank_files
from lsp_agent.index.words import pack_words, words
from lsp_agent.vcs.history import Commit

FILES = {
    "shop/money.py": "def round_price(amount): currency of a price, rounded",
    "shop/menu.py": "class Menu: dishes, each with its price",
    "shop/receipt.py": "def print_receipt(menu): prints dishes to paper",
    "shop/mail.py": "def send(receipt): smtp server",
    "shop/__init__.py": "",
}
NAMES = {"shop/money.py": ["round_price"], "shop/menu.py": ["Menu"]}


def corpus(files: Mapping[str, str] = FILES) -> Corpus:
    return Corpus((path, pack_words(text, NAMES.get(path, []))) for path, text in files.items())


def ranked(query: str, memory: Memory | None = None, limit: int = 10) -> list[RankedFile]:
    return rank_files(query, corpus(), memory=memory, limit=limit)


def paths(query: str, memory: Memory | None = None) -> list[str]:
    return [one.path for one in ranked(query, memory)]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("Currencies are rounded wrongly", "shop/money.py"),
        ("RoundPrice gives too little", "shop/money.py"),
        ("the menu lists a dish twice", "shop/menu.py"),
        ("`print_receipt` fails on paper", "shop/receipt.py"),
        ("smtp", "shop/mail.py"),
        ("Look into mail first", "shop/mail.py"),
    ],
)
def test_what_a_text_speaks_of_comes_first(query: str, first: str) -> None:
    assert paths(query)[0] == first


def test_nothing_is_found_for_nothing() -> None:
    assert ranked("") == []
    assert ranked("of the and it") == []
    assert ranked("quaternion zebra") == []
    assert rank_files("price", Corpus([])) == []


def test_a_small_topic_is_not_hidden_by_a_big_one() -> None:
    query = (
        "Several fixes\n\n"
        "* Rounding a price to its currency, the amount of a price and its rounding again\n"
        "* Tell the smtp server's name\n"
    )
    assert set(paths(query)[:2]) == {"shop/money.py", "shop/mail.py"}


def test_reasons_add_up_to_the_score() -> None:
    memory = Memory([Commit("1", 1, "Round prices", ("shop/money.py",))])
    for one in ranked("Round prices\n\nprint_receipt prints the menu\n\nmail server smtp", memory):
        assert sum(one.reasons.values()) == pytest.approx(one.score)
        assert all(value > 0 for value in one.reasons.values())


def test_what_was_changed_for_the_like_of_it_is_found_again() -> None:
    said = "Support umlauts on the old thermal printer"
    assert paths("umlauts are broken") == []
    memory = Memory(
        [
            Commit("2", 2, "Unrelated words about something else", ("shop/menu.py",)),
            Commit("1", 1, said, ("shop/receipt.py",)),
        ]
    )
    assert paths("umlauts are broken", memory)[0] == "shop/receipt.py"


def test_what_is_changed_together_is_found_together() -> None:
    assert "shop/__init__.py" not in paths("smtp server")
    pair = ("shop/mail.py", "shop/__init__.py")
    memory = Memory([Commit("1", 1, "Unrelated", pair), Commit("2", 2, "Others", ("x.py", "y.py"))])
    assert paths("smtp server", memory)[:2] == list(pair)


def test_what_is_changed_together_never_hides_the_best() -> None:
    busy = [
        Commit(str(at), at, "Unrelated", ("shop/menu.py", "shop/receipt.py")) for at in range(9)
    ]
    query = "the price of a dish is rounded"
    best = paths(query)[0]
    others = {one.path for one in ranked(query, Memory(busy))[1:]}
    assert paths(query, Memory(busy))[0] == best
    assert "shop/receipt.py" in others


def test_files_of_the_past_that_are_gone_are_no_answer() -> None:
    memory = Memory([Commit("1", 1, "umlauts on thermal printers", ("gone.py", "shop/menu.py"))])
    assert "gone.py" not in paths("umlauts on thermal printers", memory)


def test_equals_come_by_path_and_no_more_than_asked() -> None:
    files = {f"{name}.txt": "same words here" for name in "cab"}
    found = rank_files("same words here", corpus(files), limit=2)
    assert [one.path for one in found] == ["a.txt", "b.txt"]


WORDS = ("price", "menu", "dish", "round", "server", "paper", "send")
TEXTS = st.dictionaries(
    st.sampled_from([f"{name}/{name}.py" for name in ("one", "two", "price", "menu")]),
    st.lists(
        st.sampled_from(["price", "menu", "dish", "round", "server", "paper", "send"]), max_size=8
    ).map(" ".join),
    min_size=1,
)


@given(TEXTS, st.randoms())
def test_the_order_of_the_files_changes_nothing(texts: dict[str, str], random: object) -> None:
    rows = [(path, pack_words(text, [])) for path, text in texts.items()]
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    query = "a dish of the menu, its price rounded"
    one, other = (rank_files(query, Corpus(some)) for some in (rows, shuffled))
    assert one == other


@given(TEXTS, st.sampled_from(["price", "menu", "server"]))
def test_one_more_of_what_is_asked_for_never_hurts(texts: dict[str, str], word: str) -> None:
    # Elsewhere the word stands as often as before, so it is as rare as before.
    texts = {"asked.py": f"{word} filler", **texts}
    more = texts | {"asked.py": f"{word} {word}"}

    def score(some: dict[str, str]) -> float:
        found = Corpus((path, pack_words(text, [])) for path, text in some.items())
        return float(found.body.scores(words(word))[found.place["asked.py"]])

    assert 0 < score(texts) < score(more)


def test_pieces_of_a_message() -> None:
    whole, *topics = pieces(
        "Fix three things\n\n* Crash in `Menu.load` of old files\n* Print receipt_number again\n"
        "  on the second line\n\nOk then"
    )
    assert [min(topic.identifiers) for topic in topics] == ["Fix", "Crash", "Print"]
    assert whole.identifiers >= {"Menu", "load", "receipt_number", "Print"}
    assert "line" in topics[2].words
    assert len(pieces("Only one topic here")) == 1


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a/b.py", "b"), ("a/__init__.py", "a"), ("src/lib/mod.rs", "lib"), ("index.ts", "index"),
        ("a/.env", ".env"),
    ],
)  # fmt: skip
def test_names_of_modules(path: str, name: str) -> None:
    assert module_name(path) == name
