"""Model files for the engine's tests: made once, real llama.cpp on random weights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lsp_agent.engine.llama.engine import LlamaEngine
from lsp_agent.engine.llama.tiny import make_tiny_gguf
from tests.support.hybrid_gguf import make_hybrid_gguf
from tests.support.llama import llama_engine


@pytest.fixture(scope="session")
def plain_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose memory rolls back to any position."""
    path = tmp_path_factory.mktemp("models") / "plain.gguf"
    make_tiny_gguf(path)
    return path


@pytest.fixture(scope="session")
def hybrid_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with recurrent layers, whose memory can't roll back."""
    path = tmp_path_factory.mktemp("models") / "hybrid.gguf"
    make_hybrid_gguf(path)
    return path


@pytest.fixture(scope="session")
def windowed_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose layers see 64 tokens back, but for every fourth one."""
    path = tmp_path_factory.mktemp("models") / "windowed.gguf"
    make_tiny_gguf(path, n_layer=4, window=64)
    return path


@pytest.fixture(scope="session", params=["plain", "windowed", "hybrid"])
def any_model(request: pytest.FixtureRequest) -> Path:
    """Each kind of memory in turn."""
    path: Path = request.getfixturevalue(f"{request.param}_model")
    return path


@pytest.fixture(scope="session")
def slow_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model large enough for one batch to take longer than a thread switch."""
    path = tmp_path_factory.mktemp("models") / "slow.gguf"
    make_tiny_gguf(path, n_embd=256, n_layer=8, n_ff=1024)
    return path


@pytest.fixture
def engine(any_model: Path) -> Iterator[LlamaEngine]:
    with llama_engine(any_model) as engine:
        yield engine


@pytest.fixture
def plain(plain_model: Path) -> Iterator[LlamaEngine]:
    with llama_engine(plain_model) as engine:
        yield engine


@pytest.fixture
def one_by_one(any_model: Path) -> Iterator[LlamaEngine]:
    """An engine whose memory holds one sequence, so that requests wait for each other."""
    with llama_engine(any_model, n_seq_max=1) as engine:
        yield engine
