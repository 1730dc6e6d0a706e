"""Answers that were kept: only those that would be the same again, and never a broken one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lsp_agent.agent.response_cache import CachingEngine, key_of
from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.engine.types import (
    Chat,
    Delta,
    EngineError,
    Fim,
    Job,
    Message,
    Request,
    Sampling,
    ToolCall,
    ToolSchema,
    Usage,
)
from lsp_agent.store import responses as responses_module
from lsp_agent.store.journal import Journal
from lsp_agent.store.responses import Responses
from tests.support.scripted_engine import Answer, ScriptedEngine

ASKED = Request(Chat((Message("user", "what?"),)))


@pytest.fixture
def responses(tmp_path: Path) -> Responses:
    return Responses(Journal(tmp_path / "j.sqlite"))


def ask(engine: CachingEngine, request: Request = ASKED) -> list[Delta]:
    return list(engine.generate(request, CancelToken()))


def text(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas)


def caching(
    responses: Responses, *answers: Answer, identity: str = "m", on: bool = True
) -> tuple[CachingEngine, ScriptedEngine]:
    inner = ScriptedEngine(answers)
    return CachingEngine(inner, identity, responses, lambda: on), inner


def test_the_same_is_asked_once_also_by_another_process(
    responses: Responses, tmp_path: Path
) -> None:
    engine, inner = caching(responses, "größe", "other")
    first = ask(engine)
    responses._journal.close()
    again, unasked = caching(Responses(Journal(tmp_path / "j.sqlite")), "other")
    second = ask(again, replace(ASKED, job=Job.REVIEW, reference=("x",)))
    assert text(first) == text(second) == "größe"
    assert (len(inner.requests), len(unasked.requests)) == (1, 0)
    assert second[-1].finish == "stop"
    assert second[-1].usage == Usage(prompt=100, cached=100, completion=0)


def test_tool_calls_are_kept_whole(responses: Responses) -> None:
    calls = (ToolCall("c1", "read_file", {"path": "a.py", "start_line": 2}),)
    engine, inner = caching(responses, calls)
    ask(engine)
    assert ask(engine)[-1].tool_calls == calls
    assert ask(engine)[-1].finish == "tool_calls"
    assert len(inner.requests) == 1


@pytest.mark.parametrize(
    "other",
    [
        replace(ASKED, prompt=Chat((Message("system", "what?"),))),
        replace(ASKED, prompt=Chat(ASKED.prompt.messages, (ToolSchema("t", "d", {}),))),  # type: ignore[union-attr]
        replace(ASKED, grammar='root ::= "a"'),
        replace(ASKED, max_tokens=5),
        replace(ASKED, stop=("x",)),
        replace(ASKED, sampling=Sampling(repeat_penalty=1.1)),
        replace(ASKED, sampling=Sampling(temperature=0.5, seed=1)),
    ],
)
def test_what_differs_is_asked_anew(responses: Responses, other: Request) -> None:
    engine, _ = caching(responses, "one", "two")
    assert text(ask(engine)) == "one"
    assert text(ask(engine, other)) == "two"
    assert key_of("m", other) != key_of("m", ASKED)


def test_another_model_is_another_question(responses: Responses) -> None:
    ask(caching(responses, "one")[0])
    assert text(ask(caching(responses, "two", identity="n")[0])) == "two"


@pytest.mark.parametrize(
    "request_",
    [replace(ASKED, sampling=Sampling(temperature=0.2)), Request(Fim("a", "b"))],
    ids=["sampled", "completion"],
)
def test_what_would_differ_is_not_kept(responses: Responses, request_: Request) -> None:
    engine, inner = caching(responses, "one", "two")
    assert [text(ask(engine, request_)) for _ in range(2)] == ["one", "two"]
    assert len(inner.requests) == 2


def test_it_is_off_unless_wanted(responses: Responses) -> None:
    engine, _ = caching(responses, "one", "two", on=False)
    assert [text(ask(engine)) for _ in range(2)] == ["one", "two"]


def test_a_failed_or_cut_off_answer_is_not_kept(responses: Responses) -> None:
    cut = Delta(text="half", finish="length", usage=Usage())
    engine, _ = caching(responses, cut, EngineError("no"), "whole")
    assert text(ask(engine)) == "half"
    with pytest.raises(EngineError):
        ask(engine)
    assert text(ask(engine)) == "whole"


def test_a_cancelled_answer_is_not_kept_and_a_kept_one_is_cancelled(responses: Responses) -> None:
    engine, _ = caching(responses, "first answer", "second")
    started = engine.generate(ASKED, CancelToken())
    next(started)
    next(started)
    started.close()  # type: ignore[attr-defined]
    assert text(ask(engine)) == "second"
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        list(engine.generate(ASKED, token))


def test_the_least_used_goes(responses: Responses, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(responses_module, "MAX_ROWS", 2)
    monkeypatch.setattr(responses_module, "MAX_CHARACTERS", 10)
    for key in ("a", "b", "c"):
        responses.keep(key, key)
    responses.keep("long", "x" * 11)
    kept = [key for key in ("a", "b", "c", "long") if responses.get(key)]
    assert len(kept) == 2
    assert "long" not in kept


def test_a_secret_in_an_answer_is_sealed(responses: Responses, tmp_path: Path) -> None:
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    engine, _ = caching(responses, f"use {token}")
    ask(engine)
    assert token in text(ask(engine))
    responses._journal.close()
    assert token.encode() not in (tmp_path / "j.sqlite").read_bytes()


def test_a_broken_journal_is_an_empty_cache(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    path.mkdir()
    warned: list[str] = []
    engine, _ = caching(Responses(Journal(path, warn=warned.append)), "one", "two")
    assert [text(ask(engine)) for _ in range(2)] == ["one", "two"]
