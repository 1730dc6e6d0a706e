"""Who is served when: several answers from one memory, the most urgent first, nobody forgotten."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from lsp_agent.cancel import CancelToken
from lsp_agent.engine.candidates import candidates
from lsp_agent.engine.llama import turns as room
from lsp_agent.engine.llama.engine import LlamaEngine
from lsp_agent.engine.types import Fim, Job, Request, Sampling
from tests.support.llama import ENDLESS, LONG_PROMPT, SHORT, chat, complete, llama_engine


def side_by_side(engine: LlamaEngine, asked: list[Request]) -> list[str]:
    """Ask for everything at once; return the answers in the order of the requests."""
    texts = [""] * len(asked)

    def ask(index: int) -> None:
        texts[index] = complete(engine, asked[index])[0]

    threads = [threading.Thread(target=ask, args=(index,)) for index in range(len(asked))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return texts


MIXED = [
    Request(chat("one"), max_tokens=40),
    Request(chat("two " * 80), max_tokens=40, job=Job.ACTION),
    Request(Fim("def f(", "):\n    pass"), max_tokens=40, job=Job.COMPLETION),
    Request(chat("three"), max_tokens=40, job=Job.REVIEW, grammar='root ::= "yes" | "no"'),
    Request(chat("four " * 150), max_tokens=40, job=Job.BACKGROUND),
]


def test_answers_side_by_side_are_those_alone(any_model: Path) -> None:
    with llama_engine(any_model, n_ctx=8192) as engine:
        alone = [complete(engine, one)[0] for one in MIXED]
    with llama_engine(any_model, n_ctx=8192) as engine:
        engine.load(CancelToken())
        assert side_by_side(engine, MIXED) == alone


def test_a_completion_overtakes_a_prompt_under_evaluation(any_model: Path) -> None:
    with llama_engine(any_model, n_ctx=32768) as engine:
        longer = replace(LONG_PROMPT, prompt=chat("a long text " * 2400))
        run = engine.generate(longer, CancelToken())
        assert (next(run).progress or 1.0) < 0.5
        complete(engine, replace(SHORT, job=Job.COMPLETION))
        evaluated = engine.info().detail["prompt_tokens_evaluated"]
        last = list(run)[-1]
    assert last.usage is not None
    assert evaluated < last.usage.prompt


def test_who_waits_too_long_gets_a_turn(plain_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "PATIENCE_SECONDS", 0.0)
    with llama_engine(plain_model, n_ctx=16384) as engine:
        cancel = CancelToken()
        busy = engine.generate(replace(ENDLESS, job=Job.COMPLETION), cancel)
        next(busy)
        assert complete(engine, replace(SHORT, job=Job.BACKGROUND))[1].completion
        cancel.cancel()


def test_runs_that_do_not_fit_together_take_turns(any_model: Path) -> None:
    """Three times 700 tokens into 1,536: each ends as it would alone."""
    asked = [
        Request(chat(f"{word} " * 110), max_tokens=100) for word in ("alpha", "bravo", "delta")
    ]
    with llama_engine(any_model, n_ctx=1536) as engine:
        alone = [complete(engine, one)[0] for one in asked]
    with llama_engine(any_model, n_ctx=1536) as engine:
        engine.load(CancelToken())
        assert side_by_side(engine, asked) == alone
        assert engine.info().detail["queue"] == 0


def test_cancelling_one_of_several_leaves_the_others(any_model: Path) -> None:
    with llama_engine(any_model, n_ctx=8192) as engine:
        expected = complete(engine, MIXED[0])[0]
        cancel = CancelToken()
        endless = engine.generate(ENDLESS, cancel)
        next(endless)
        other = engine.generate(MIXED[0], CancelToken())
        first = next(other)
        cancel.cancel()
        assert "".join(one.text for one in [first, *other]) == expected


def test_candidates_share_the_evaluation_of_their_prompt(any_model: Path) -> None:
    request = Request(
        chat("a question " * 60), max_tokens=30, sampling=Sampling(temperature=1.0, seed=2)
    )
    with llama_engine(any_model, n_ctx=8192) as engine:
        texts = candidates(engine, request, 4, CancelToken())
        detail = engine.info().detail
        alone = [
            complete(engine, replace(request, sampling=Sampling(temperature=1.0, seed=seed)))[0]
            for seed in range(2, 6)
        ]
    assert texts == alone
    assert len(set(texts)) > 1
    # One of the four was evaluated; the others found it there but for their last batch.
    assert detail["prompt_tokens_reused"] > 2 * detail["prompt_tokens_evaluated"]
