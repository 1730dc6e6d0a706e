"""The door to llama-cpp-python: what is wrong with an installation is said in one line."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace

import pytest

from lsp_agent.engine.llama import library as room
from lsp_agent.engine.llama.library import accelerator_memory, build_name, library
from lsp_agent.engine.types import EngineUnavailableError
from tests.support.llama import PatchedLibrary


@pytest.fixture
def forgotten() -> Iterator[None]:
    """Import anew within the test, and once more after it."""
    room._library.cache_clear()
    yield
    room._library.cache_clear()


def test_it_is_loaded_once() -> None:
    assert library() is library()


@pytest.mark.usefixtures("forgotten")
def test_a_missing_package_names_the_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "llama_cpp", None)
    with pytest.raises(EngineUnavailableError, match=r"pip install llama-cpp-python==0\.3\.36"):
        library()


@pytest.mark.usefixtures("forgotten")
def test_another_release_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    other = ModuleType("llama_cpp")
    other.__version__ = "0.3.20"  # type: ignore[attr-defined]
    other.llama_cpp = ModuleType("llama_cpp.llama_cpp")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "llama_cpp", other)
    monkeypatch.setitem(sys.modules, "llama_cpp.llama_cpp", other.llama_cpp)
    with pytest.raises(EngineUnavailableError, match=r"0\.3\.20 is installed.*pip install"):
        library()


@pytest.mark.usefixtures("forgotten")
def test_a_foreign_shared_library_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from llama_cpp import llama_cpp as lib

    shifted = SimpleNamespace(n_ctx=0, n_batch=512)
    monkeypatch.setattr(lib, "llama_context_default_params", lambda: shifted)
    with pytest.raises(EngineUnavailableError, match="another build than"):
        library()


def test_log_lines_go_to_python_by_level(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "lsp_agent.llama_cpp")
    for level, text in ((4, b"bad\n"), (3, b"hm"), (2, b"so"), (1, b"\n"), (99, b"\xff")):
        room._on_log(level, text, None)
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("ERROR", "bad"),
        ("WARNING", "hm"),
        ("INFO", "so"),
        ("DEBUG", "\ufffd"),
    ]


def test_the_build_is_named_by_its_devices() -> None:
    lib = library()
    assert build_name(lib) == "CPU"
    assert accelerator_memory(lib) == 0
    gpu = PatchedLibrary(lib, llama_supports_gpu_offload=lambda: True)
    # This machine's list of devices is asked all the same.
    assert build_name(gpu)
    assert accelerator_memory(gpu) >= 0


@pytest.mark.parametrize("room_name", ["types", "factory", "router", "llama.engine"])
def test_importing_the_rooms_does_not_import_the_library(room_name: str) -> None:
    code = f"import sys, lsp_agent.engine.{room_name}; print(bool(heavy & {{*sys.modules}}))"
    code = "heavy = {'llama_cpp', 'numpy', 'jinja2', 'gguf'}; " + code
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout.strip() == "False"


def test_nothing_is_written_to_standard_output(plain_model: object) -> None:
    code = f"""
from pathlib import Path
from tests.support.llama import chat, complete, llama_engine
from lsp_agent.engine.types import Request
with llama_engine(Path({str(plain_model)!r}), n_ctx=512) as engine:
    complete(engine, Request(chat("x"), max_tokens=5))
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout == ""
