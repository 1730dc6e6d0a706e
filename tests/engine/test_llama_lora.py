"""LoRA adapters: they change what a model says, and a bad file is told of by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lsp_agent.cancel import CancelToken
from lsp_agent.engine.types import EngineUnavailableError, Request
from tests.support.llama import chat, complete, llama_engine
from tests.support.lora_gguf import make_lora_gguf

ASKED = Request(chat("hello"), max_tokens=24)


def answer(model: Path, *adapters: dict[str, Any]) -> str:
    with llama_engine(model, n_ctx=512, lora=list(adapters)) as engine:
        return complete(engine, ASKED)[0]


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    path = tmp_path / "style.gguf"
    make_lora_gguf(path)
    return path


def test_an_adapter_changes_what_the_model_says(plain_model: Path, adapter: Path) -> None:
    plain = answer(plain_model)
    assert answer(plain_model, {"path": str(adapter)}) != plain
    assert answer(plain_model, {"path": str(adapter), "scale": 0.0}) == plain


def test_adapters_add_up(plain_model: Path, adapter: Path) -> None:
    one = {"path": str(adapter), "scale": 1.0}
    against = {"path": str(adapter), "scale": -1.0}
    assert answer(plain_model, one, against) == answer(plain_model)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"kind": "model"}, "is no LoRA adapter"),
        ({"arch": "qwen2"}, "is for qwen2 models, but plain.gguf is a llama model"),
        ({"n_in": 64}, "can't be used with this model"),
        ({"tensor": "blk.9.ffn_down.weight"}, "does not exist in base model"),
    ],
)
def test_an_adapter_that_does_not_fit_is_refused(
    plain_model: Path, tmp_path: Path, content: dict[str, Any], words: str
) -> None:
    path = tmp_path / "bad.gguf"
    make_lora_gguf(path, **content)
    assert words in refusal(plain_model, path)


def test_a_missing_or_damaged_adapter_is_named(
    plain_model: Path, tmp_path: Path, adapter: Path
) -> None:
    assert f"no model file {tmp_path / 'none.gguf'}" in refusal(plain_model, tmp_path / "none.gguf")
    adapter.write_bytes(adapter.read_bytes()[:-500])
    assert "truncated" in refusal(plain_model, adapter)


def refusal(model: Path, adapter: Path) -> str:
    with (
        llama_engine(model, n_ctx=512, lora=[{"path": str(adapter)}]) as engine,
        pytest.raises(EngineUnavailableError) as caught,
    ):
        engine.load(CancelToken())
    return str(caught.value)
