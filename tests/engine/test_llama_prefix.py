"""Reuse of what is in memory: never another answer, only sooner; with both kinds of memory."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.engine.llama import prefix as room
from lsp_agent.engine.llama.prefix import PrefixCache, common_prefix
from lsp_agent.engine.types import Chat, Fim, Message, Request
from tests.support.llama import chat, complete, llama_engine

tokens = st.lists(st.integers(0, 2), max_size=12)
SYSTEM = Message("system", "You are a careful programmer. " * 20)


def request(*contents: str, max_tokens: int = 24) -> Request:
    return Request(Chat((SYSTEM, *chat(*contents).messages)), max_tokens=max_tokens)


@given(tokens, tokens)
def test_common_prefix(a: list[int], b: list[int]) -> None:
    length = common_prefix(a, b)
    assert a[:length] == b[:length]
    assert length == min(len(a), len(b)) or a[length] != b[length]


SEQUENCE = [
    request("first question"),
    request("first question"),
    request("first question", "an answer", "second question"),
    request("first question, changed"),
    request("first question", "an answer", "third"),
    request("first question", "an answer", "third", "yes", "and on " * 60),
    Request(Fim("def f(", "):\n    pass"), max_tokens=24),
    request("first question"),
    request("x"),
    Request(chat("no system text at all"), max_tokens=24),
]


def test_answers_are_the_same_with_and_without_reuse(any_model: Path) -> None:
    with llama_engine(any_model, n_ctx=4096) as engine:
        reused = [complete(engine, one) for one in SEQUENCE]
    for one, (text, usage) in zip(SEQUENCE, reused, strict=True):
        with llama_engine(any_model, n_ctx=4096) as engine:
            fresh, alone = complete(engine, one)
        assert text == fresh
        assert (usage.prompt, usage.completion) == (alone.prompt, alone.completion)
        assert alone.cached == 0


def test_a_conversation_that_grows_is_not_read_again(any_model: Path) -> None:
    with llama_engine(any_model, n_ctx=4096) as engine:
        first, _ = complete(engine, request("question"))
        _, second = complete(engine, request("question", first, "next"))
        _, again = complete(engine, request("question", first, "next"))
        _, other = complete(engine, request("question", first, "another end"))
    size = second.prompt
    assert second.cached > 400
    assert again.cached == size - 1
    assert 400 < other.cached < size


def test_evaluated_and_reused_tokens_are_counted(plain_model: Path) -> None:
    with llama_engine(plain_model, n_ctx=4096) as engine:
        usages = [complete(engine, request("a"))[1], complete(engine, request("b"))[1]]
        detail = engine.info().detail
    assert detail["prompt_tokens_reused"] == sum(usage.cached for usage in usages)
    assert detail["prompt_tokens_evaluated"] == sum(one.prompt - one.cached for one in usages)
    assert detail["context_used"] >= usages[1].prompt


def test_after_a_cancelled_prompt_the_answers_are_right(any_model: Path) -> None:
    long = "a long text " * 400
    with llama_engine(any_model, n_ctx=16384) as engine:
        fresh, _ = complete(engine, request("short"))
        whole, usage = complete(engine, request("short", "so", long))
    with llama_engine(any_model, n_ctx=16384) as engine:
        complete(engine, request("short"))
        for _ in range(3):
            cancel = CancelToken()
            deltas = engine.generate(request("short", "so", long), cancel)
            next(deltas)
            cancel.cancel()
            with pytest.raises(Cancelled):
                list(deltas)
        text, after = complete(engine, request("short", "so", long))
        assert text == whole
        assert after.prompt == usage.prompt
        # What stood before the cancelled text was kept.
        assert after.cached > 400
        assert complete(engine, request("short"))[0] == fresh


def test_a_sampled_answer_does_not_depend_on_reuse(plain_model: Path) -> None:
    from dataclasses import replace

    from lsp_agent.engine.types import Sampling

    sampled = replace(request("question"), sampling=Sampling(temperature=1.0, seed=3))
    with llama_engine(plain_model, n_ctx=4096) as engine:
        first = complete(engine, sampled)[0]
        assert complete(engine, sampled)[0] == first


class FakeContext:
    """Records what the cache asks of a memory; ``state`` bytes name their length."""

    def __init__(self, *, size: int = 1, truncates: bool = True) -> None:
        self.tokens: list[int] = []
        self.size = size
        self.truncates = truncates
        self.cleared = 0
        self.restored: list[int] = []
        self.broken = False

    def truncate(self, length: int) -> bool:
        if self.truncates:
            del self.tokens[length:]
        return self.truncates

    def clear(self) -> None:
        self.cleared += 1
        self.tokens.clear()

    def save(self) -> bytes:
        return bytes(self.size)

    def restore(self, state: bytes, length: int) -> bool:
        if self.broken:
            return False
        self.restored.append(length)
        del self.tokens[length:]
        return True


def recurrent(context: Any) -> PrefixCache:
    return PrefixCache(context, rolls_back=False)


def test_the_longest_checkpoint_that_fits_is_restored() -> None:
    context = FakeContext(truncates=False)
    cache = recurrent(context)
    for length in (2, 4):
        context.tokens = list(range(length))
        cache.checkpoint()
        cache.checkpoint()
    context.tokens = list(range(6))
    assert cache.reuse([0, 1, 2, 3, 9]) == 4
    assert cache.reuse([0, 1, 9]) == 2
    assert context.restored == [4, 2]


def test_a_checkpoint_of_the_whole_prompt_leaves_no_token_to_evaluate_and_is_not_used() -> None:
    context = FakeContext(truncates=False)
    cache = recurrent(context)
    context.tokens = [0, 1, 2]
    cache.checkpoint()
    context.tokens = [0, 1, 2, 3]
    assert cache.reuse([0, 1, 2]) == 0
    assert context.cleared == 1


def test_checkpoints_behind_what_is_resident_are_not_trusted() -> None:
    context = FakeContext(truncates=False)
    cache = recurrent(context)
    context.tokens = [0, 1, 2]
    cache.checkpoint()
    context.tokens = [0, 7, 7]
    assert cache.reuse([0, 1, 2, 3]) == 0


def test_a_checkpoint_that_fails_to_load_is_passed_over() -> None:
    context = FakeContext(truncates=False)
    cache = recurrent(context)
    context.tokens = [0, 1]
    cache.checkpoint()
    context.tokens, context.broken = [0, 1, 2], True
    assert cache.reuse([0, 1, 9]) == 0
    assert context.tokens == []


def test_a_window_whose_cells_are_gone_is_evaluated_anew() -> None:
    context: Any = FakeContext(truncates=False)
    cache = PrefixCache(context, rolls_back=True)
    context.tokens = [0, 1, 2]
    assert cache.reuse([0, 1, 9]) == 0
    assert context.cleared == 1


def test_checkpoints_are_few_and_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_CHECKPOINT_BYTES", 25)
    for size, kept in ((1, 4), (10, 2), (1000, 1)):
        context = FakeContext(size=size, truncates=False)
        cache = recurrent(context)
        for length in range(1, 8):
            context.tokens = list(range(length))
            cache.checkpoint()
        assert [len(one.tokens) for one in cache._checkpoints] == list(range(8 - kept, 8))


def test_two_conversations_take_turns(any_model: Path) -> None:
    """Each evicts the other; both stay right."""
    one, two = request("one"), Request(chat("two"), max_tokens=24)
    with llama_engine(any_model, n_ctx=4096) as engine:
        expected = [complete(engine, one)[0], complete(engine, two)[0]]
        texts: dict[int, list[str]] = {0: [], 1: []}

        def ask(index: int) -> None:
            for _ in range(5):
                texts[index].append(complete(engine, (one, two)[index])[0])

        threads = [threading.Thread(target=ask, args=(index,)) for index in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert texts == {0: [expected[0]] * 5, 1: [expected[1]] * 5}
