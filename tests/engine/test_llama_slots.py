"""Reuse of what is in memory: never another answer, only sooner; with both kinds of memory."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.config.model import LlamaSettings
from lsp_agent.engine.llama import slots as room
from lsp_agent.engine.llama.context import Context
from lsp_agent.engine.llama.engine import LlamaEngine
from lsp_agent.engine.llama.slots import Slot, SlotCache, common_prefix
from lsp_agent.engine.types import Chat, Fim, Job, Message, Request, Sampling, Usage
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
    sampled = replace(request("question"), sampling=Sampling(temperature=1.0, seed=3))
    with llama_engine(plain_model, n_ctx=4096) as engine:
        first = complete(engine, sampled)[0]
        assert complete(engine, sampled)[0] == first


def test_a_side_call_does_not_cost_the_run_its_prefix(any_model: Path) -> None:
    run, side = request("a long task " * 60), replace(request("a title"), job=Job.BACKGROUND)
    with llama_engine(any_model, n_ctx=4096) as engine:
        complete(engine, run)
        for _ in range(3):
            complete(engine, side)
        text, usage = complete(engine, run)
        assert usage.cached == usage.prompt - 1
    with llama_engine(any_model, n_ctx=4096) as engine:
        assert complete(engine, run)[0] == text


def test_a_run_that_must_go_comes_back_without_evaluation(any_model: Path) -> None:
    """The memory holds one of the two at a time; the other is kept outside."""
    one, two = request("first " * 200), Request(chat("second " * 250), max_tokens=24)
    with llama_engine(any_model, n_ctx=2304) as engine:
        first, second = complete(engine, one)[0], complete(engine, two)[0]
        for _ in range(2):
            for asked, text in ((one, first), (two, second)):
                again, usage = complete(engine, asked)
                assert again == text
                assert usage.cached == usage.prompt - 1


def test_many_conversations_outnumber_the_sequences(any_model: Path) -> None:
    asked = [request(f"question {number}") for number in range(12)]
    with llama_engine(any_model, n_ctx=4096, n_seq_max=3) as engine:
        texts = [complete(engine, one)[0] for one in asked]
        again = [complete(engine, one) for one in asked]
        ratio = engine.info().detail["cache_hit_ratio"]
    assert [text for text, _ in again] == texts
    # All of them begin alike.
    assert all(usage.cached > 400 for _, usage in again)
    assert ratio > 0.8


def test_the_prefix_of_conversations_side_by_side_is_evaluated_once(any_model: Path) -> None:
    asked = [request(f"question {number}") for number in range(3)]
    with llama_engine(any_model, n_ctx=8192) as engine:
        engine.load(CancelToken())
        usages: list[Usage] = []
        threads = [
            threading.Thread(target=lambda one=one: usages.append(complete(engine, one)[1]))
            for one in asked
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert sorted(usage.cached for usage in usages)[1] > 400


def test_a_typed_character_in_a_gap_is_spliced(plain_model: Path) -> None:
    prefix, suffix = "def f(items):\n    total = 0\n" * 20, "\n    return total\n" * 20

    def gap(typed: str) -> Request:
        return Request(Fim(prefix + typed, suffix), max_tokens=8, job=Job.COMPLETION)

    with llama_engine(plain_model, n_ctx=4096) as engine:
        complete(engine, gap(""))
        for typed in ("    f", "    fo", "    for", "    fo", ""):
            usage = complete(engine, gap(typed))[1]
            assert usage.prompt - usage.cached <= 3
        # Jobs that can't bear an approximation evaluate what stands behind the change.
        usage = complete(engine, replace(gap("    x"), job=Job.ACTION))[1]
        assert usage.prompt - usage.cached > 300


def test_a_long_prefix_survives_the_process(any_model: Path, tmp_path: Path) -> None:
    asked = request("question")

    def ask() -> tuple[str, Usage]:
        engine = LlamaEngine("local", LlamaSettings(n_threads=1), any_model, tmp_path)
        try:
            return complete(engine, asked)
        finally:
            engine.close()

    first, fresh = ask()
    again, usage = ask()
    assert (fresh.cached, again) == (0, first)
    assert usage.cached > 400
    (saved,) = tmp_path.iterdir()
    saved.write_bytes(b"damaged")
    assert ask()[0] == first


class Memory:
    """Stands in for a context, to see which sequence is chosen; nothing is evaluated."""

    def __init__(self, sequences: int = 4, *, truncates: bool = True) -> None:
        self.n_seq, self.n_ctx, self.shifts = sequences, 4096, False
        self.tokens: list[list[int]] = [[] for _ in range(sequences)]
        self.truncates = truncates
        self.broken = False

    def truncate(self, seq: int, length: int) -> bool:
        if self.truncates:
            del self.tokens[seq][length:]
        return self.truncates

    def clear(self, seq: int) -> None:
        self.tokens[seq].clear()

    def copy(self, source: int, target: int, length: int) -> None:
        self.tokens[target] = self.tokens[source][:length]

    def save(self, seq: int, *, whole: bool = False) -> bytes:
        return bytes(10 if whole else 5)

    def restore(self, seq: int, state: bytes, length: int) -> bool:
        if not self.broken:
            del self.tokens[seq][length:]
        return not self.broken

    def load(self, seq: int, state: bytes, tokens: list[int]) -> bool:
        self.tokens[seq] = list(tokens)
        return True


def serve(cache: SlotCache, tokens: list[int], job: Job = Job.RUN, answer: int = 0) -> Slot:
    """Let a request take a slot, evaluate its prompt and an answer, and end."""
    slot = cache.acquire(tokens, job)
    assert slot is not None
    cache.tokens(slot)[:] = [*tokens, *[99] * answer]
    cache.release(slot)
    return slot


def slots(memory: Memory) -> SlotCache:
    return SlotCache(cast("Context", memory), rolls_back=memory.truncates)


def test_a_conversation_goes_on_where_it_is() -> None:
    cache = slots(Memory())
    first = serve(cache, [1, 2, 3], answer=2)
    assert serve(cache, [1, 2, 3, 99, 99, 4]) is first
    assert serve(cache, [7, 8]) is not first


def test_a_rewritten_end_is_forked_where_much_would_be_lost() -> None:
    cache = slots(Memory())
    long = list(range(400))
    first = serve(cache, long)
    assert serve(cache, [*long[:390], 1]) is first
    assert serve(cache, [*long[:200], 1]) is not first
    assert cache.used < 500


def test_what_is_cheapest_to_have_again_goes_first() -> None:
    cache = slots(Memory())
    run = serve(cache, list(range(1000)), Job.RUN)
    serve(cache, list(range(2000, 2600)), Job.ACTION)
    for number in range(6):
        serve(cache, list(range(3000 + 100 * number, 3050 + 100 * number)), Job.REVIEW)
    assert cache.tokens(run) == list(range(1000))


def test_a_completion_goes_on_in_the_last_one_s_place() -> None:
    cache = slots(Memory())
    long = list(range(600))
    first = serve(cache, long, Job.COMPLETION, answer=20)
    assert serve(cache, [*long[:300], 7], Job.COMPLETION) is first


def test_there_is_no_slot_while_all_are_busy() -> None:
    cache = slots(Memory(2))
    taken = [cache.acquire([number, 1], Job.RUN) for number in range(2)]
    assert all(taken)
    assert cache.acquire([5, 6], Job.RUN) is None
    assert not cache.make_room()


def test_the_longest_checkpoint_that_fits_is_restored() -> None:
    memory = Memory(truncates=False)
    cache = slots(memory)
    slot = cache.acquire([0, 1, 2, 3, 4], Job.RUN)
    assert slot is not None
    for length in (2, 4):
        cache.tokens(slot)[:] = range(length)
        cache.checkpoint(slot)
        cache.checkpoint(slot)
    cache.tokens(slot)[:] = range(6)
    cache.release(slot)
    assert cache.best([0, 1, 2, 3, 9]) == 4
    assert cache.best([0, 1, 9]) == 2
    # A checkpoint of the whole prompt would leave no token to evaluate.
    assert cache.best([0, 1]) == 0
    again = cache.acquire([0, 1, 2, 3, 9], Job.RUN)
    assert again is not None
    assert cache.tokens(again) == [0, 1, 2, 3]


def test_a_checkpoint_that_fails_to_load_is_passed_over() -> None:
    memory = Memory(truncates=False)
    cache = slots(memory)
    slot = cache.acquire([0, 1, 2], Job.RUN)
    assert slot is not None
    cache.tokens(slot)[:] = [0, 1]
    cache.checkpoint(slot)
    cache.tokens(slot)[:] = [0, 1, 2]
    cache.release(slot)
    memory.broken = True
    again = cache.acquire([0, 1, 9], Job.RUN)
    assert again is not None
    assert cache.tokens(again) == []


def test_checkpoints_are_few_and_small(monkeypatch: pytest.MonkeyPatch) -> None:
    cache = slots(Memory(truncates=False))
    slot = cache.slots[0]
    for limit, kept in ((1000, [1, 5, 6, 7]), (10, [1, 7]), (1, [7])):
        monkeypatch.setattr(room, "_CHECKPOINT_BYTES", limit)
        slot.checkpoints.clear()
        for length in range(1, 8):
            cache.tokens(slot)[:] = range(length)
            cache.checkpoint(slot)
        assert [one.length for one in slot.checkpoints] == kept


def test_two_conversations_take_turns(any_model: Path) -> None:
    """Both stay right."""
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


def test_an_answer_comes_back_as_the_tokens_that_it_was_drawn_in(any_model: Path) -> None:
    """Random weights spell a text in other tokens than the tokenizer would."""
    asked = replace(
        request("question"),
        grammar='root ::= ("the" | "self" | "in" | " "){40}',
        sampling=Sampling(temperature=1.5, top_k=0, top_p=1.0, min_p=0.0, seed=1),
    )
    with llama_engine(any_model, n_ctx=4096) as engine:
        text, first = complete(engine, replace(asked, max_tokens=200))
        assert engine.count_tokens(text) != first.completion - 1
        usage = complete(engine, request("question", text, "next"))[1]
    # All of the first turn is found, but for the end token, which was never evaluated.
    assert usage.cached >= first.prompt + first.completion - 3
