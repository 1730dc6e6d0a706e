"""Failing fails one request; closing ends everything, whatever is under way."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.engine.llama import runtime as room
from lsp_agent.engine.llama.context import Aborted, Context, DecodeError, Part
from lsp_agent.engine.llama.engine import LlamaEngine
from lsp_agent.engine.llama.runtime import Runtime
from lsp_agent.engine.llama.scheduler import Scheduler
from lsp_agent.engine.llama.tiny import make_tiny_gguf
from lsp_agent.engine.types import (
    EngineError,
    EngineUnavailableError,
)
from tests.support.llama import (
    LONG_PROMPT,
    SHORT,
    complete,
    llama_engine,
    wait_until,
)


def test_a_failure_in_the_thread_fails_one_request(
    plain: LlamaEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Scheduler, "step", lambda *_: 1 / 0)
        with pytest.raises(EngineError, match="division by zero"):
            complete(plain, SHORT)
    assert "the engine failed" in caplog.text
    assert complete(plain, SHORT)[1].completion


def test_closing_stops_a_prompt_and_refuses_what_waits(one_by_one: LlamaEngine) -> None:
    engine = one_by_one
    running = engine.generate(LONG_PROMPT, CancelToken())
    next(running)
    outcomes: list[BaseException] = []

    def wait() -> None:
        try:
            complete(engine, SHORT)
        except EngineUnavailableError as error:
            outcomes.append(error)

    threads = [threading.Thread(target=wait) for _ in range(3)]
    for thread in threads:
        thread.start()
    wait_until(lambda: engine.info().detail["queue"] == 3)
    engine.close()
    for thread in threads:
        thread.join(20)
    assert [str(error) for error in outcomes] == ["the engine 'local' is closed"] * 3
    with pytest.raises(EngineUnavailableError, match="is closed"):
        list(running)


def test_closing_stops_a_load(plain_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loading = threading.Event()

    class Slow(Runtime):
        def __init__(
            self, path: Path, settings: Any, cancel: CancelToken, progress: Any, prefixes: Any
        ) -> None:
            loading.set()
            assert cancel.wait(20)
            raise Cancelled

    monkeypatch.setattr(room, "Runtime", Slow)
    with llama_engine(plain_model) as engine:
        failures: list[BaseException] = []

        def load() -> None:
            try:
                engine.load(CancelToken())
            except EngineUnavailableError as error:
                failures.append(error)

        thread = threading.Thread(target=load)
        thread.start()
        assert loading.wait(20)
        assert engine.info().detail["loading"] == 0.0
        engine.close()
        thread.join(20)
    assert len(failures) == 1


def test_a_load_that_was_cancelled_can_be_repeated(plain: LlamaEngine) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        plain.load(cancel)
    assert plain.load(CancelToken()).loaded


def test_a_model_that_appears_later_is_found(tmp_path: Path) -> None:
    path = tmp_path / "late.gguf"
    with llama_engine(path) as engine:
        with pytest.raises(EngineUnavailableError, match="there is no model file"):
            engine.load(CancelToken())
        make_tiny_gguf(path)
        assert engine.load(CancelToken()).loaded


def test_after_closing_nothing_is_asked_of_freed_memory(engine: LlamaEngine) -> None:
    engine.load(CancelToken())
    runtime = engine._runtime
    engine.close()
    assert runtime is not None
    with pytest.raises(EngineUnavailableError):
        runtime.count_tokens("text")
    with pytest.raises(EngineUnavailableError):
        engine.count_tokens("text")
    runtime.free()


def test_closing_while_tokens_are_counted(plain_model: Path) -> None:
    for _ in range(10):
        with llama_engine(plain_model, n_ctx=512) as engine:
            engine.load(CancelToken())
            counted: list[int] = []

            def count(engine: LlamaEngine = engine, counted: list[int] = counted) -> None:
                try:
                    while True:
                        counted.append(engine.count_tokens("def f(): pass\n" * 50))
                except EngineUnavailableError:
                    pass

            thread = threading.Thread(target=count)
            thread.start()
            wait_until(lambda counted=counted: len(counted) > 3)  # type: ignore[misc]
            engine.close()
            thread.join(20)
            assert not thread.is_alive()


@pytest.mark.parametrize("end", ["", "raise SystemExit(0)", "engine.close()"])
def test_an_interpreter_that_ends_while_the_engine_works_ends_well(
    plain_model: Path, end: str
) -> None:
    code = f"""
from pathlib import Path
from lsp_agent.cancel import CancelToken
from lsp_agent.config.model import LlamaSettings
from lsp_agent.engine.llama.context import Aborted, Context, DecodeError
from lsp_agent.engine.llama.engine import LlamaEngine
from tests.support.llama import ENDLESS
engine = LlamaEngine("local", LlamaSettings(), Path({str(plain_model)!r}))
deltas = engine.generate(ENDLESS, CancelToken())
next(deltas)
{end}
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert (result.returncode, result.stderr) == (0, "")


def test_a_decode_that_fails_leaves_nothing_behind(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected, _ = complete(engine, SHORT)
    before = engine.info().detail["context_used"]
    decode, left = Context.decode, 3

    def failing(self: Context, parts: Sequence[Part]) -> list[int]:
        nonlocal left
        left -= 1
        if left == 0:
            raise DecodeError("the model could not evaluate the text")
        return decode(self, parts)

    with monkeypatch.context() as patch:
        patch.setattr(Context, "decode", failing)
        with pytest.raises(DecodeError):
            complete(engine, LONG_PROMPT)
    assert engine.info().detail["context_used"] <= before
    assert complete(engine, SHORT)[0] == expected


def test_a_decode_that_is_interrupted_by_nobody_is_an_error(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise Aborted

    with monkeypatch.context() as patch:
        patch.setattr(Context, "decode", interrupted)
        with pytest.raises(DecodeError, match="interrupted"):
            complete(engine, SHORT)
    assert complete(engine, SHORT)[1].completion
