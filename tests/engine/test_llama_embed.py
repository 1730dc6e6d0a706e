"""Vectors from models that have them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.engine.llama.context import Aborted, Context
from lsp_agent.engine.llama.tiny import make_tiny_gguf
from lsp_agent.engine.types import (
    ContextOverflowError,
    EngineError,
)
from tests.support.llama import (
    SHORT,
    complete,
    llama_engine,
)


@pytest.fixture(scope="module")
def embedder_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "embedder.gguf"
    make_tiny_gguf(path, pooling=True)
    return path


def test_embeddings_are_unit_vectors_of_whole_texts(embedder_path: Path) -> None:
    texts = ["one", "one", "another", "", "word " * 300]
    with llama_engine(embedder_path) as engine:
        vectors = engine.embed(texts, CancelToken())
        assert engine.info().embeddings
        text, _ = complete(engine, SHORT)
        assert engine.embed(["one"], CancelToken()) == [vectors[0]]
        assert complete(engine, SHORT)[0] == text
    assert vectors[0] == vectors[1] != vectors[2]
    assert all(abs(sum(x * x for x in vector) - 1) < 1e-6 for vector in vectors)


def test_a_text_too_long_for_one_vector_names_both_sizes(embedder_path: Path) -> None:
    with llama_engine(embedder_path, n_batch=256) as engine:
        with pytest.raises(ContextOverflowError, match=r"300 tokens.*holds 256"):
            engine.embed(["x" * 300], CancelToken())
        assert len(engine.embed(["x"], CancelToken())) == 1


def test_embedding_is_cancelled(embedder_path: Path) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with llama_engine(embedder_path) as engine:
        with pytest.raises(Cancelled):
            engine.embed(["x"], cancel)
        assert len(engine.embed(["x", "y"], CancelToken())) == 2


def test_an_interrupted_embedding_is_asked_for_again(
    embedder_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise Aborted

    with llama_engine(embedder_path) as engine:
        with monkeypatch.context() as patch:
            patch.setattr(Context, "decode", interrupted)
            with pytest.raises(EngineError, match="interrupted"):
                engine.embed(["x"], CancelToken())
        assert len(engine.embed(["x"], CancelToken())) == 1
