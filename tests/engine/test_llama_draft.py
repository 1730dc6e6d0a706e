"""Drafts: never another answer, only fewer steps; and none where they do not pay."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.cancel import CancelToken
from lsp_agent.engine.llama import draft as room
from lsp_agent.engine.llama.context import Context, Part
from lsp_agent.engine.llama.draft import LENGTHS, BatchCosts, Lookup, Pace
from lsp_agent.engine.llama.engine import LlamaEngine
from lsp_agent.engine.llama.sampler import Sampler
from lsp_agent.engine.llama.tiny import make_tiny_gguf
from lsp_agent.engine.types import EngineUnavailableError, Fim, Job, Request, Sampling
from tests.support.llama import ENDLESS, chat, complete, llama_engine

tokens = st.lists(st.integers(0, 5), max_size=40)


def fed(text: list[int], answer: list[int]) -> Lookup:
    lookup = Lookup(lambda: text)
    for token in answer:
        lookup.feed(token)
    return lookup


def test_a_draft_is_what_followed_the_same_tokens() -> None:
    assert fed([1, 2, 3, 4, 5], [1, 2, 3]).draft(2) == [4, 5]
    assert fed([1, 2, 3, 4, 5], [1, 2, 3]).draft(9) == [4, 5, 1, 2, 3]
    assert fed([1, 2, 3, 4, 5], [1, 2]).draft(2) == []
    assert fed([1, 2, 3, 4, 5], [7, 8, 9]).draft(2) == []
    assert fed([1, 2], [1, 2]).draft(2) == []


def test_an_edit_is_followed_behind_its_end() -> None:
    text = [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert fed(text, [1, 2, 3, 0]).draft(2) == []
    assert fed(text, [1, 2, 3, 0, 5, 6, 7]).draft(2) == [8, 9]


def test_of_several_places_the_next_one_is_taken() -> None:
    text = [1, 2, 3, 4, 1, 2, 3, 5, 1, 2, 3, 6]
    assert fed(text, [2, 3, 4, 0, 1, 2, 3]).draft(1) == [5]


def test_an_answer_that_repeats_itself_is_drafted() -> None:
    assert fed([], [1, 2, 3, 4, 1, 2, 3]).draft(3) == [4, 1, 2]


@given(tokens, tokens, st.integers(0, 8))
def test_a_draft_occurs_in_the_text(text: list[int], answer: list[int], length: int) -> None:
    found = fed(text, answer).draft(length)
    whole, joined = [*text, *answer], [*answer[-1:], *found]
    assert len(found) <= length
    assert not found or any(
        whole[at : at + len(joined)] == joined for at in range(len(whole) - len(found))
    )


def test_drafts_grow_with_success_and_end_with_failure() -> None:
    pace = Pace(BatchCosts())
    for _ in range(8):
        pace.learn(7, 7)
    assert pace.length(40) == max(LENGTHS)
    assert pace.length(10) == 7
    for _ in range(8):
        pace.learn(7, 0)
    assert pace.length(40) == 0
    # Until the answer follows a text again.
    assert pace.length(40, streak=20) > 0


def test_a_batch_that_costs_as_much_as_its_tokens_is_not_worth_it() -> None:
    costs = BatchCosts()
    for _ in range(60):
        for rows in (1, 4, 8, 16, 32):
            costs.learn(rows, rows * 0.01)
    pace = Pace(costs)
    assert pace.length(40) == 0
    for _ in range(60):
        costs.learn(16, 0.012)
    assert pace.length(40) == 15


CODE = "def total(items):\n    result = 0\n    for item in items:\n        result += item\n" * 3


@pytest.mark.parametrize("sampling", [Sampling(), Sampling(temperature=0.8, seed=5)])
@pytest.mark.parametrize("grammar", [None, f"root ::= {CODE!r}".replace("'", '"')])
def test_an_answer_with_drafts_is_the_one_without(
    plain_model: Path, monkeypatch: pytest.MonkeyPatch, sampling: Sampling, grammar: str | None
) -> None:
    """Token for token: the tiny model's text differs as soon as one token does."""
    monkeypatch.setattr(BatchCosts, "learn", lambda *_: None)
    asked = [
        Request(prompt, max_tokens=120, grammar=grammar, sampling=sampling, reference=(CODE,))
        for prompt in (chat(CODE), Fim("def f(", CODE), chat("abc " * 40))
    ]
    with llama_engine(plain_model, n_ctx=4096) as engine:
        drafted = [complete(engine, one)[0] for one in asked]
        steps = engine.info().detail["drafted_tokens"]
    monkeypatch.setattr(room, "LENGTHS", (0,))
    with llama_engine(plain_model, n_ctx=4096) as engine:
        assert [complete(engine, one)[0] for one in asked] == drafted
        assert engine.info().detail["drafted_tokens"] == 0
    if sampling.temperature == 0 and grammar is None:
        # A greedy answer of random weights goes in circles, which lookup follows.
        assert steps > 0


def test_a_repeated_text_takes_few_steps(
    plain_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tiny model knows no words, so that a grammar alone decides on the tokens."""
    code = "total=sum(item.price*item.count);" * 6
    grammar = f'root ::= "{code}"'
    counted: list[int] = []
    decode = Context.decode

    def count(self: Context, parts: list[Part]) -> list[int]:
        counted.append(1)
        return decode(self, parts)

    monkeypatch.setattr(Context, "decode", count)
    monkeypatch.setattr(Sampler, "forced", lambda *_: [])
    # What was measured would depend on how busy the machine is.
    monkeypatch.setattr(BatchCosts, "learn", lambda *_: None)
    with llama_engine(plain_model, n_ctx=4096) as engine:
        engine.count_tokens("")
        counted.clear()
        text, usage = complete(engine, Request(chat(code), max_tokens=600, grammar=grammar))
    assert text == code
    assert len(counted) < usage.completion / 3


def test_drafts_are_for_one_answer_at_a_time(plain: LlamaEngine) -> None:
    asked = Request(chat(CODE), max_tokens=60, job=Job.ACTION)
    alone = complete(plain, asked)[0]
    assert complete(plain, replace(asked, job=Job.RUN))[0] == alone

    def drafted() -> int:
        return int(plain.info().detail["drafted_tokens"])

    cancel = CancelToken()
    one, other = plain.generate(ENDLESS, cancel), plain.generate(ENDLESS, cancel)
    next(one)
    # Its first text comes when both are under way.
    assert any(delta.text for delta in other)
    before = drafted()
    for _, _ in zip(range(60), other, strict=False):
        pass
    assert drafted() == before
    cancel.cancel()


@pytest.fixture(scope="module")
def other_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "other.gguf"
    make_tiny_gguf(path, seed=9, n_layer=1)
    return path


def test_a_draft_model_changes_no_answer(
    plain_model: Path, other_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BatchCosts, "learn", lambda *_: None)
    asked = [Request(chat(text), max_tokens=60) for text in ("one", "two", "one and two")]
    with llama_engine(plain_model, n_ctx=2048) as engine:
        alone = [complete(engine, one)[0] for one in asked]
    shares = []
    for drafter in (plain_model, other_model):
        with llama_engine(plain_model, n_ctx=2048, draft_model=str(drafter)) as engine:
            assert [complete(engine, one)[0] for one in asked] == alone
            detail = engine.info().detail
        assert detail["drafted_tokens"]
        shares.append(detail["accepted_tokens"] / detail["drafted_tokens"])
    # A model that drafts for itself is right, but for lookup's share and for rounding.
    assert shares[0] > 0.6
    assert shares[0] > shares[1]


def test_a_draft_model_of_another_family_is_refused(plain_model: Path, tmp_path: Path) -> None:
    path = tmp_path / "nofim.gguf"
    make_tiny_gguf(path, fim=False)
    with (
        llama_engine(plain_model, draft_model=str(path)) as engine,
        pytest.raises(EngineUnavailableError, match=r"nofim.gguf has another vocabulary"),
    ):
        engine.load(CancelToken())
    with (
        llama_engine(plain_model, draft_model=str(tmp_path / "none.gguf")) as engine,
        pytest.raises(EngineUnavailableError, match="no model file"),
    ):
        engine.load(CancelToken())
