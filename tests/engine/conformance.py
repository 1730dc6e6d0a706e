"""What every engine must do, whatever is behind it.

A test module makes a ``Test…`` class from :class:`EngineConformance` and gives it a ``case``
fixture. What an engine can't do (its ``EngineInfo`` says so) must be refused with an
:class:`EngineError`, never ignored and never answered with something else.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import pytest

from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.engine.types import (
    Chat,
    Delta,
    Engine,
    EngineError,
    EngineUnavailableError,
    Fim,
    GrammarError,
    Message,
    Request,
)

WAIT_SECONDS = 20.0


def question(text: str = "hello") -> Chat:
    """Return a chat of one user message."""
    return Chat((Message("user", text),))


@dataclass(frozen=True)
class EngineCase:
    """An engine under test.

    ``make`` gives a fresh engine that is not loaded. ``short`` is a request whose answer ends in
    well under a second; ``long`` one whose answer takes far longer than a test may, unless it is
    cancelled. ``repeats`` says that ``short`` gives the same text every time.
    """

    make: Callable[[], Engine]
    short: Request = field(default_factory=lambda: Request(question(), max_tokens=8))
    long: Request = field(default_factory=lambda: Request(question(), max_tokens=100_000))
    repeats: bool = True


def text_of(deltas: list[Delta]) -> str:
    """Return an answer's whole text, thinking first."""
    return "".join(d.thinking for d in deltas) + "".join(d.text for d in deltas)


def answer(engine: Engine, request: Request, cancel: CancelToken | None = None) -> list[Delta]:
    """Return all deltas of one generation."""
    return list(engine.generate(request, cancel or CancelToken()))


class EngineConformance:
    """The tests; ``case`` is the fixture that a subclass must give."""

    @pytest.fixture
    def engine(self, case: EngineCase) -> Iterator[Engine]:
        engine = case.make()
        try:
            yield engine
        finally:
            engine.close()

    def test_info_is_given_at_once_and_is_json_ready(self, engine: Engine) -> None:
        info = engine.info()
        assert info.name == engine.name
        assert info.kind
        assert info.model
        assert info.n_ctx > 0
        json.dumps(dict(info.detail))

    def test_load_answers_with_a_loaded_engine_and_may_be_repeated(self, engine: Engine) -> None:
        first = engine.load(CancelToken())
        second = engine.load(CancelToken())
        assert first.loaded
        assert second.loaded
        assert first.name == second.name == engine.name

    def test_only_the_last_delta_finishes(self, engine: Engine, case: EngineCase) -> None:
        deltas = answer(engine, case.short)
        *before, last = deltas
        assert last.finish in {"stop", "length", "tool_calls"}
        assert last.usage is not None
        assert all(one.finish is None and one.usage is None for one in before)

    def test_usage_counts_the_prompt_and_the_answer(self, engine: Engine, case: EngineCase) -> None:
        usage = answer(engine, case.short)[-1].usage
        assert usage is not None
        assert usage.prompt > 0
        assert 0 <= usage.cached <= usage.prompt
        assert 0 < usage.completion <= case.short.max_tokens

    def test_progress_never_falls_and_comes_before_the_text(
        self, engine: Engine, case: EngineCase
    ) -> None:
        deltas = answer(engine, case.short)
        shares = [one.progress for one in deltas if one.progress is not None]
        assert shares == sorted(shares)
        assert all(0.0 <= share <= 1.0 for share in shares)
        texts = [at for at, one in enumerate(deltas) if one.text or one.thinking]
        reports = [at for at, one in enumerate(deltas) if one.progress is not None]
        assert not texts or not reports or max(reports) < min(texts)

    def test_the_same_request_gives_the_same_answer(self, engine: Engine, case: EngineCase) -> None:
        if not case.repeats:
            pytest.skip("this case's answers differ from one time to the next")
        assert text_of(answer(engine, case.short)) == text_of(answer(engine, case.short))

    def test_a_cancelled_token_stops_a_request_before_it_begins(
        self, engine: Engine, case: EngineCase
    ) -> None:
        cancel = CancelToken()
        cancel.cancel()
        with pytest.raises(Cancelled):
            answer(engine, case.long, cancel)
        assert answer(engine, case.short)[-1].finish

    def test_cancelling_stops_a_long_answer_and_the_engine_lives_on(
        self, engine: Engine, case: EngineCase
    ) -> None:
        cancel = CancelToken()
        deltas = engine.generate(case.long, cancel)
        next(deltas)
        cancel.cancel()
        with pytest.raises(Cancelled):
            for _ in deltas:
                pass
        assert answer(engine, case.short)[-1].finish

    def test_another_thread_may_cancel(self, engine: Engine, case: EngineCase) -> None:
        cancel = CancelToken()
        begun = threading.Event()
        outcome: list[BaseException] = []

        def consume() -> None:
            try:
                for _ in engine.generate(case.long, cancel):
                    begun.set()
            except Cancelled as error:
                outcome.append(error)

        thread = threading.Thread(target=consume)
        thread.start()
        assert begun.wait(WAIT_SECONDS)
        cancel.cancel()
        thread.join(WAIT_SECONDS)
        assert not thread.is_alive()
        assert len(outcome) == 1

    def test_dropping_the_iterator_stops_the_work(self, engine: Engine, case: EngineCase) -> None:
        deltas = engine.generate(case.long, CancelToken())
        next(deltas)
        deltas.close()  # type: ignore[attr-defined]
        assert answer(engine, case.short)[-1].finish

    def test_two_threads_may_generate_at_once(self, engine: Engine, case: EngineCase) -> None:
        texts: list[str] = []

        def consume() -> None:
            texts.append(text_of(answer(engine, case.short)))

        threads = [threading.Thread(target=consume) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(WAIT_SECONDS)
        assert len(texts) == 2
        assert not case.repeats or texts[0] == texts[1]

    def test_tokens_are_counted(self, engine: Engine) -> None:
        assert engine.count_tokens("") == 0
        few, many = engine.count_tokens("def f():"), engine.count_tokens("def f():\n" * 50)
        assert 0 < few < many

    def test_a_grammar_that_does_not_compile_is_refused(
        self, engine: Engine, case: EngineCase
    ) -> None:
        if not engine.info().grammar:
            pytest.skip("this engine takes no grammar")
        with pytest.raises(GrammarError):
            answer(engine, replace(case.short, grammar='root ::= "a" ('))
        assert answer(engine, case.short)[-1].finish

    def test_filling_in_the_middle_works_or_is_refused(
        self, engine: Engine, case: EngineCase
    ) -> None:
        fim = replace(case.short, prompt=Fim("def f(", "):\n    pass\n", "f.py"))
        if engine.load(CancelToken()).fim:
            assert answer(engine, fim)[-1].finish
        else:
            with pytest.raises(EngineError):
                answer(engine, fim)

    def test_embeddings_have_one_size_or_are_refused(self, engine: Engine) -> None:
        texts = ["one text", "a second, longer text"]
        if engine.load(CancelToken()).embeddings:
            vectors = engine.embed(texts, CancelToken())
            assert len(vectors) == 2
            assert len({len(vector) for vector in vectors}) == 1
            assert vectors[0] != vectors[1]
        else:
            with pytest.raises(EngineError):
                engine.embed(texts, CancelToken())

    def test_closing_ends_everything_and_may_be_repeated(
        self, engine: Engine, case: EngineCase
    ) -> None:
        answer(engine, case.short)
        engine.close()
        engine.close()
        with pytest.raises(EngineUnavailableError):
            answer(engine, case.short)
        with pytest.raises(EngineUnavailableError):
            engine.load(CancelToken())
        with pytest.raises(EngineUnavailableError):
            engine.embed(["text"], CancelToken())

    def test_closing_before_any_use_is_fine(self, case: EngineCase) -> None:
        case.make().close()

    def test_closing_during_an_answer_ends_it(self, engine: Engine, case: EngineCase) -> None:
        deltas = engine.generate(case.long, CancelToken())
        next(deltas)
        engine.close()
        with pytest.raises((EngineUnavailableError, Cancelled)):
            for _ in deltas:
                pass
