"""Forced stretches: what a grammar leaves no choice in is taken without a step of the model."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_agent.engine.llama.context import Context, Part
from lsp_agent.engine.llama.sampler import Sampler
from lsp_agent.engine.types import Request
from tests.support.llama import chat, complete, llama_engine


def steps(
    model: Path, monkeypatch: pytest.MonkeyPatch, grammar: str, n: int = 200
) -> tuple[str, int, int]:
    """Return an answer, its tokens, and in how many batches it was made."""
    decode, counted = Context.decode, []

    def count(self: Context, parts: list[Part]) -> list[int]:
        counted.append(sum(len(part.tokens) for part in parts))
        return decode(self, parts)

    with llama_engine(model, n_ctx=2048) as engine, monkeypatch.context() as patch:
        complete(engine, Request(chat("x"), max_tokens=1))
        patch.setattr(Context, "decode", count)
        text, usage = complete(engine, Request(chat("x"), max_tokens=n, grammar=grammar))
    return text, usage.completion, len(counted)


def test_a_text_without_a_choice_takes_one_step(
    any_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, _, batches = steps(any_model, monkeypatch, 'root ::= "{\\"name\\": \\"read_file\\"}"')
    assert text == '{"name": "read_file"}'
    assert batches <= 2


def test_a_choice_in_between_is_the_model_s(
    any_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grammar = 'root ::= "the answer is " ("yes" | "no") ", and that is all there is to say."'
    text, _, batches = steps(any_model, monkeypatch, grammar)
    assert text in (
        "the answer is yes, and that is all there is to say.",
        "the answer is no, and that is all there is to say.",
    )
    assert batches <= 7


def test_characters_of_several_bytes_are_forced_whole(
    any_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, _, batches = steps(any_model, monkeypatch, 'root ::= "é漢字😀é" [0-9]')
    assert text[:-1] == "é漢字😀é"
    assert batches <= 7


def test_the_limit_of_tokens_holds_within_a_forced_text(
    plain_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grammar = f'root ::= "{"abc" * 40}"'
    text, count, _ = steps(plain_model, monkeypatch, grammar, n=50)
    assert (text, count) == (("abc" * 40)[:50], 50)


def test_an_optional_end_is_a_choice(any_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, _, _ = steps(any_model, monkeypatch, 'root ::= "a" "b"?')
    assert text in ("a", "ab")


def test_a_word_that_may_go_on_is_left_to_the_model(
    any_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taken apart from its end, a word would be spelled in tokens that no text has."""
    fed: list[list[int]] = []
    forced = Sampler.forced

    def record(self: Sampler, most: int) -> list[int]:
        fed.append(forced(self, most))
        return fed[-1]

    monkeypatch.setattr(Sampler, "forced", record)
    with llama_engine(any_model) as engine:
        for grammar, taken in (
            ('root ::= "a, the self" [a-z]*', ", the"),
            ('root ::= "a the" [a-z]*', ""),
            ('root ::= "a(x, y) = " [a-z]+', "(x, y) ="),
            ('root ::= "a the self"', " the self"),
        ):
            fed.clear()
            complete(engine, Request(chat("x"), max_tokens=12, grammar=grammar))
            assert len(fed[0]) == engine.count_tokens(taken), grammar
