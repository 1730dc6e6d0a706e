"""The catalogue as data: every row is whole, and the recommendation follows the memory."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from lsp_agent.engine.known import (
    JOBS,
    Capability,
    KnownModel,
    Machine,
    Memory,
    known_models,
    parse,
    recommend,
)

MODELS = known_models()
GB = 10**9


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_every_row_is_whole(model: KnownModel) -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9.-]*", model.name)
    assert re.fullmatch(r"[\w.-]+/[\w.-]+", model.repository)
    assert re.fullmatch(r"[\w.-]+\.gguf", model.file)
    assert model.quantization.lower() in model.file.lower()
    assert model.licence
    assert model.about
    assert 2048 <= model.context <= 2**20
    assert 10**8 < model.size_bytes < model.ram_bytes < model.vram_bytes
    assert model.vram_bytes < model.size_bytes + 5 * GB
    assert model.capabilities
    assert set(model.capabilities) <= set(get_args(Capability))
    assert model.memory in get_args(Memory)
    assert set(model.suits or {}) <= set(JOBS)
    assert set(model.on_cpu) <= set(model.suits or {})
    assert "completion" not in (model.suits or {}) or "fim" in model.capabilities
    assert "agent" not in (model.suits or {}) or "tools" in model.capabilities


def test_a_wrong_key_in_a_row_is_an_error() -> None:
    with pytest.raises(TypeError):
        parse("x", {"repository": "a/b", "file": "c.gguf", "sise": 3})


def test_no_two_models_have_the_same_rank() -> None:
    for job in JOBS:
        ranks = [model.suits[job] for model in MODELS.values() if job in (model.suits or {})]
        assert len(ranks) == len(set(ranks)), job


@pytest.mark.parametrize(
    ("ram", "vram", "completion", "action", "agent"),
    [
        (1, 0, None, None, None),
        (8, 0, "qwen2.5-coder-1.5b-base", "qwen3.5-4b", "qwen3.5-4b"),
        (32, 0, "qwen2.5-coder-1.5b-base", "qwen3-coder-30b", "qwen3.6-35b"),
        (16, 8, "qwen2.5-coder-7b", "qwen2.5-coder-7b", "qwen3.5-4b"),
        (24, 0, "qwen2.5-coder-1.5b-base", "qwen3.5-4b", "gpt-oss-20b"),
        (16, 24, "qwen3-coder-30b", "qwen3-coder-30b", "qwen3.6-35b"),
        (None, 0, "qwen2.5-coder-1.5b-base", "qwen3-coder-30b", "qwen3.6-35b"),
    ],
)
def test_the_best_that_fits_is_recommended(
    ram: int | None, vram: int, completion: str | None, action: str | None, agent: str | None
) -> None:
    machine = Machine(None if ram is None else ram * GB, vram * GB)
    found = {job: model.name for job, model in recommend(MODELS.values(), machine).items()}
    assert (found.get("completion"), found.get("action"), found.get("agent")) == (
        completion,
        action,
        agent,
    )


def test_where_a_model_fits() -> None:
    model = MODELS["qwen2.5-coder-7b"]
    assert Machine(2 * GB, 8 * GB).holds(model) == "gpu"
    assert Machine(8 * GB, 2 * GB).holds(model) == "cpu"
    assert Machine(None, 0).holds(model) == "cpu"
    assert Machine(2 * GB, 2 * GB).holds(model) is None
