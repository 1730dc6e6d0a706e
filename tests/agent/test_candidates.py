"""Best of N: several answers from one prompt, the first in order that passes the checks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lsp_agent.agent.types import DiagnosticNote, Focus, RunRequest
from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.engine.llama.tiny import make_tiny_gguf
from lsp_agent.engine.types import Delta, EngineError, EngineInfo, Request
from lsp_agent.workspace.positions import Position, Range
from tests.agent.conftest import Stage, contents
from tests.support.llama import llama_engine
from tests.support.scripted_engine import Answer, ScriptedEngine

SEVERAL = {"n_seq_max": 16}
SMALL = {"kind": "llama-cpp", "native_tools": False, "grammar": True, "n_params": 1_500_000_000}
SOURCE = "def f():\n    return undefined\n"
AT = Range(Position(1, 4), Position(1, 4))
TASK = RunRequest("Fix it.", Focus("a.py", AT), answer="edit")
BROKEN = "<<<code\ndef f(:\n>>>code"


def code(value: object) -> str:
    return f"<<<code\ndef f():\n    return {value}\n>>>code"


def by_seed(*answers: Answer) -> object:
    """Answer by the place of a candidate, whichever thread asks first."""

    def script(request: Request) -> Answer:
        drawn = request.sampling
        return answers[(drawn.seed or 0) if drawn.temperature else 0]

    return script


def test_a_small_model_here_is_asked_three_times_at_once(stage: Stage) -> None:
    stage.file("a.py", SOURCE)
    engine = ScriptedEngine(by_seed(BROKEN, code(1), code(2)), detail=SEVERAL, **SMALL)
    result = stage.run(engine, TASK)
    assert result.changes[0].after == SOURCE.replace("undefined", "1")
    assert len(engine.requests) == 3
    assert len({request.prompt for request in engine.requests}) == 1
    drawn = {(one.sampling.temperature, one.sampling.seed) for one in engine.requests}
    assert drawn == {(0.0, None), (0.7, 1), (0.7, 2)}
    assert [event.data["ok"] for event in stage.of("verification")] == [False, True]


@pytest.mark.parametrize(
    "info",
    [
        {**SMALL, "detail": {"n_seq_max": 1}},
        {**SMALL, "detail": SEVERAL, "n_params": 7_000_000_000},
        {**SMALL, "detail": SEVERAL, "kind": "openai"},
    ],
)
def test_others_are_asked_once_unless_told(stage: Stage, info: dict[str, object]) -> None:
    stage.file("a.py", SOURCE)
    engine = ScriptedEngine([code(1)], **info)
    assert stage.run(engine, TASK, profile="direct").status == "edited"
    assert len(engine.requests) == 1
    engine = ScriptedEngine([code(1)], **info)
    stage.run(engine, TASK, profile="direct", candidates=4)
    assert len(engine.requests) == 4


def test_when_none_passes_the_first_is_told_what_was_wrong(stage: Stage) -> None:
    stage.file("a.py", SOURCE)
    words = ["words", BROKEN, BROKEN, "", code(4), BROKEN]
    engine = ScriptedEngine(by_seed(*words), detail=SEVERAL, **SMALL)
    assert stage.run(engine, TASK).changes[0].after == SOURCE.replace("undefined", "4")
    told = "Your answer holds no block between <<<code and >>>code."
    assert contents(engine)[-2:] == ["words", f"{told}\nAnswer again, with the whole piece."]
    # The same answer twice is checked once; the greedy one is asked for in each round.
    assert [event.data["ok"] for event in stage.of("verification")] == [False, True]
    assert len(engine.requests) == 6


def test_a_narrow_model_tries_the_same_answers_side_by_side(stage: Stage) -> None:
    source = "def total(items):\n    return sum(itms)\n"
    stage.file("a.py", source)
    focus = Focus("a.py", AT, (DiagnosticNote(AT, "Undefined name `itms`"),))
    request = RunRequest("fix it", focus, form="changes", answer="edit", action="fix")
    answers = ["2|    return (itms", "2|    return x", "2|    return sum(items)", "", ""]
    info = {**SMALL, "n_params": 10_000, "jobs": ("fix",), "languages": ("python",)}
    ends = [
        stage.run(engine, request, candidates=count).changes[0].after
        for count in (1, 2, 4)
        if (engine := ScriptedEngine(by_seed(*answers), **info))
    ]
    assert ends == [source.replace("itms", "items")] * 3


def test_one_that_fails_costs_itself_only(stage: Stage) -> None:
    stage.file("a.py", SOURCE)
    script = by_seed(BROKEN, EngineError("out of memory"), code(2))
    assert stage.run(ScriptedEngine(script, detail=SEVERAL, **SMALL), TASK).status == "edited"
    script = by_seed(EngineError("out of memory"), code(1), code(2))
    result = stage.run(ScriptedEngine(script, detail=SEVERAL, **SMALL), TASK)
    assert (result.status, result.summary) == ("failed", "out of memory")


class _Endless(ScriptedEngine):
    """Answers the greedy request at once, once all three are there, and the others never."""

    def __init__(self, greedy: str | None) -> None:
        super().__init__([], **SMALL, detail=SEVERAL)
        self._greedy = greedy
        self._all = threading.Barrier(3)
        self.ended: list[int | None] = []

    def generate(self, request: Request, cancel: CancelToken) -> Iterator[Delta]:
        self._all.wait(20)
        if request.sampling.temperature == 0 and self._greedy is not None:
            yield Delta(text=self._greedy, finish="stop")
            return
        try:
            assert cancel.wait(20)
            raise Cancelled
        finally:
            self.ended.append(request.sampling.seed)


def test_the_others_are_cancelled_when_one_passes(stage: Stage) -> None:
    stage.file("a.py", SOURCE)
    engine = _Endless(code(1))
    assert stage.run(engine, TASK).status == "edited"
    assert sorted(engine.ended, key=str) == [1, 2]
    assert not stage.cancel.cancelled


def test_cancelling_a_run_cancels_all(stage: Stage) -> None:
    stage.file("a.py", SOURCE)
    engine = _Endless(None)
    timer = threading.Timer(0.2, stage.cancel.cancel)
    timer.start()
    assert stage.run(engine, TASK).status == "cancelled"
    assert sorted(engine.ended, key=str) == [1, 2, None]


def test_a_real_engine_reads_the_prompt_once(stage: Stage, tmp_path: Path) -> None:
    """Three answers of random weights: none passes, all come of one evaluated prompt."""
    make_tiny_gguf(tmp_path / "tiny.gguf")
    stage.file("a.py", SOURCE)
    with llama_engine(tmp_path / "tiny.gguf", n_ctx=2048) as engine:
        info: EngineInfo = engine.load(CancelToken())
        assert info.detail["n_seq_max"] > 1
        result = stage.run(engine, TASK, refine_passes=0, max_tokens=32)
        after = engine.info().detail
    assert result.status in ("rejected", "edited", "no_change")
    evaluated, reused = after["prompt_tokens_evaluated"], after["prompt_tokens_reused"]
    assert evaluated > 100
    # Two more prompts of the same length, all but a few tokens of them known.
    assert reused >= 2 * 0.9 * (evaluated + reused) / 3
