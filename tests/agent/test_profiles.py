"""The profile of a run: by size, template and self-test; the self-test itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lsp_agent.agent.profiles import choose_profile
from lsp_agent.agent.self_test import SelfTests, calls_tools
from lsp_agent.agent.types import Focus, RunRequest
from lsp_agent.cancel import CancelToken
from lsp_agent.config.model import Settings
from lsp_agent.engine.llama.tiny import make_tiny_gguf
from lsp_agent.engine.types import Engine, EngineError, EngineInfo, Job
from lsp_agent.workspace.positions import Position, Range
from tests.agent.conftest import calls
from tests.support.llama import llama_engine
from tests.support.scripted_engine import ScriptedEngine

RIGHT = '<tool_call>\n{"name": "read_file", "arguments": {"path": "notes/todo.md"}}\n</tool_call>'
MODEL = {"kind": "llama-cpp", "n_params": 1_500_000_000, "native_tools": False}
KNOWN = {**MODEL, "detail": {"fingerprint": "f1"}}
BILLION = 1_000_000_000
AT = Range(Position(0, 0), Position(0, 1))


@pytest.mark.parametrize(
    ("able", "params", "template", "profile"),
    [
        (None, 1.5, True, "direct"),
        (True, 1.5, True, "tools"),
        (False, 1.5, True, "direct"),
        (True, 0.5, True, "direct"),
        (None, 7, True, "tools"),
        (False, 7, True, "direct"),
        (None, 7, False, "direct"),
    ],
)
def test_size_template_and_self_test_decide(
    able: bool | None, params: float, template: bool, profile: str
) -> None:
    detail = {"chat_template": template}
    size = int(params * BILLION)
    info = EngineInfo("e", "llama-cpp", "m", 8000, n_params=size, detail=detail)
    place = RunRequest("t", Focus("a.py", AT))
    assert choose_profile(place, Settings(), info, calls_tools=able) == profile
    target = RunRequest("t", Focus("a.py", AT), AT)
    assert choose_profile(target, Settings(), info, calls_tools=able) == "direct"
    nowhere = RunRequest("t")
    assert choose_profile(nowhere, Settings(), info, calls_tools=able) == "tools"


@pytest.mark.parametrize(
    ("answer", "able"),
    [
        (RIGHT, True),
        ("Here it is:\n" + RIGHT, True),
        (RIGHT + RIGHT, False),
        (RIGHT.replace("notes/", ""), False),
        (RIGHT.replace('"path"', '"file"'), False),
        ("I can't show files.", False),
        (calls(("read_file", {"path": "notes/todo.md"})), False),
    ],
)
def test_one_right_call_passes(answer: Any, able: bool) -> None:
    engine = ScriptedEngine([answer], **MODEL)
    assert calls_tools(engine, CancelToken()) is able
    assert engine.requests[0].job is Job.BACKGROUND
    assert engine.requests[0].grammar is None


class Bench:
    """Self-tests in a folder, without a wait before each."""

    def __init__(self, folder: Path, idle: float = 0.0) -> None:
        self.tests = SelfTests(folder / "cache" / "self_tests.json", idle)

    def consider(self, engine: Engine) -> bool | None:
        @contextmanager
        def lease() -> Iterator[Engine]:
            yield engine

        self.tests.consider(engine.info(), lease)
        self.tests.wait(20)
        return self.tests.known(engine.info())


def test_a_model_is_tried_once_and_it_is_kept(tmp_path: Path) -> None:
    first, second = (ScriptedEngine([RIGHT], **KNOWN) for _ in range(2))
    bench = Bench(tmp_path)
    assert bench.tests.known(first.info()) is None
    assert bench.consider(first) is True
    assert bench.consider(first) is True
    assert len(first.requests) == 1
    assert Bench(tmp_path).consider(second) is True
    assert second.requests == []


@pytest.mark.parametrize(
    "info", [{"kind": "openai"}, {"jobs": ("fix",)}, {"loaded": False}, {"detail": {}}]
)
def test_others_are_never_asked(tmp_path: Path, info: dict[str, Any]) -> None:
    engine = ScriptedEngine([RIGHT], **{**KNOWN, **info})
    assert Bench(tmp_path).consider(engine) is None
    assert engine.requests == []


def test_what_goes_wrong_is_no_verdict(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "self_tests.json").write_text("[broken")
    engine = ScriptedEngine([EngineError("busy"), RIGHT], **KNOWN)
    bench = Bench(tmp_path)
    assert bench.consider(engine) is None
    assert bench.consider(engine) is None
    assert len(engine.requests) == 1
    assert Bench(tmp_path).consider(engine) is True


def test_closing_waits_for_no_trial(tmp_path: Path) -> None:
    engine = ScriptedEngine([RIGHT], **KNOWN)
    bench = Bench(tmp_path, idle=60.0)
    closer = threading.Timer(0.1, bench.tests.close)
    closer.start()
    assert bench.consider(engine) is None
    assert engine.requests == []


def test_a_real_model_of_random_weights_fails(tmp_path: Path) -> None:
    make_tiny_gguf(tmp_path / "tiny.gguf")
    with llama_engine(tmp_path / "tiny.gguf", n_ctx=2048) as engine:
        engine.load(CancelToken())
        assert Bench(tmp_path).consider(engine) is False
