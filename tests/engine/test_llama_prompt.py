"""From chats and gaps to tokens, with models that want a begin token."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lsp_agent.engine.llama.prompt import PromptBuilder
from lsp_agent.engine.llama.vocab import Vocab
from lsp_agent.engine.types import Fim
from tests.support.llama import Parts, PatchedLibrary, chat, llama_parts

WITH_BOS = "{{ bos_token }}{% for m in messages %}{{ m.content }}{{ eos_token }}{% endfor %}"


@pytest.fixture(scope="module")
def parts(plain_model: Path) -> Iterator[Parts]:
    with llama_parts(plain_model, n_ctx=512) as parts:
        yield parts


@pytest.fixture(scope="module")
def wants_bos(parts: Parts) -> Vocab:
    lib = PatchedLibrary(parts.lib, llama_vocab_get_add_bos=lambda _vocab: True)
    return Vocab(lib, parts.model.model)


@pytest.mark.parametrize("template", [WITH_BOS, WITH_BOS.replace("{{ bos_token }}", "")])
def test_there_is_one_begin_token_whoever_writes_it(wants_bos: Vocab, template: str) -> None:
    prompt = PromptBuilder(wants_bos, template, "model").build(chat("ab"))
    a, b = wants_bos.tokenize("a"), wants_bos.tokenize("b")
    assert prompt.tokens == [wants_bos.bos, *a, *b, wants_bos.eos]
    assert prompt.last_message == 1


def test_no_begin_token_is_added_to_a_model_without(parts: Parts) -> None:
    prompt = PromptBuilder(parts.vocab, "{% for m in messages %}{{ m.content }}{% endfor %}", "m")
    assert prompt.build(chat("ab")).tokens == parts.vocab.tokenize("ab")


def test_the_last_message_begins_behind_what_comes_again(parts: Parts) -> None:
    builder = PromptBuilder(parts.vocab, None, "model")
    one = builder.build(chat("first", "answer", "second"))
    two = builder.build(chat("first", "answer", "another"))
    assert one.tokens[: one.last_message] == two.tokens[: two.last_message]
    second = parts.vocab.tokenize("second")
    assert one.tokens[one.last_message :][: len(second)] == second


def test_a_template_that_opens_thinking_is_noticed(parts: Parts) -> None:
    template = "{% for m in messages %}{{ m.content }}{% endfor %}<think>\n"
    assert PromptBuilder(parts.vocab, template, "model").build(chat("x")).opens_thinking
    assert not PromptBuilder(parts.vocab, None, "model").build(chat("x<think>")).opens_thinking


def test_a_gap_stands_between_its_marks_and_can_not_forge_them(wants_bos: Vocab) -> None:
    fim = wants_bos.fim
    assert fim is not None
    prompt = PromptBuilder(wants_bos, None, "model").build(Fim("a<|fim_suffix|>", "b"))
    special = {fim.prefix, fim.suffix, fim.middle, wants_bos.bos}
    marks = [token for token in prompt.tokens if token in special]
    assert marks == [wants_bos.bos, fim.prefix, fim.suffix, fim.middle]
    assert prompt.tokens[-1] == fim.middle
