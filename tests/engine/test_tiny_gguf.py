"""The maker of tiny models: the stand-in for real weights in every test of the path."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_agent.cancel import CancelToken
from lsp_agent.engine.gguf_file import read_gguf_header
from lsp_agent.engine.llama.tiny import make_tiny_gguf
from lsp_agent.engine.types import EngineError, Fim, Request
from tests.support.llama import chat, complete, llama_engine


def test_the_same_seed_makes_the_same_bytes(tmp_path: Path) -> None:
    paths = [tmp_path / f"{index}.gguf" for index in range(3)]
    for path, seed in zip(paths, (0, 0, 1), strict=True):
        make_tiny_gguf(path, seed=seed)
    first, same, other = (path.read_bytes() for path in paths)
    assert first == same
    assert first != other
    assert len(first) < 1 << 20


def test_the_header_says_what_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    make_tiny_gguf(path, n_ctx=4096)
    header = read_gguf_header(path)
    assert (header.arch, header.context_length) == ("llama", 4096)
    assert header.has_fim
    assert header.has_chat_template


def test_it_chats_and_fills_in_the_middle(plain_model: Path) -> None:
    with llama_engine(plain_model) as engine:
        assert complete(engine, Request(chat("hello"), max_tokens=20))[0]
        assert complete(engine, Request(Fim("def f(", "):"), max_tokens=20))[1].completion
        info = engine.info()
    assert info.fim
    assert not info.embeddings
    assert info.n_params == read_gguf_header(plain_model).n_params


def test_without_fim_tokens_a_gap_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    make_tiny_gguf(path, fim=False)
    with llama_engine(path) as engine:
        assert not engine.load(CancelToken()).fim
        with pytest.raises(EngineError, match=r"model\.gguf was not trained to fill in the middle"):
            complete(engine, Request(Fim("a", "b")))


def test_without_a_template_chatml_is_used(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    make_tiny_gguf(path, chat_template=None)
    with llama_engine(path) as engine:
        text, usage = complete(engine, Request(chat("hello"), max_tokens=20))
        assert engine.info().detail["chat_template"] is False
    assert text
    assert usage.prompt > len("hello")
