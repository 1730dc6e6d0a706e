"""Loading: what can't work is refused with one message, what nearly fits gets less."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.config.model import LlamaSettings
from lsp_agent.engine.gguf_file import GgufHeader, read_gguf_header
from lsp_agent.engine.llama import model as room
from lsp_agent.engine.llama import runtime
from lsp_agent.engine.llama.budget import cache_bytes_per_token, fitting_context
from lsp_agent.engine.llama.library import library, load_log
from lsp_agent.engine.llama.model import default_threads, layer_attempts, physical_cores
from lsp_agent.engine.llama.tiny import make_tiny_gguf
from lsp_agent.engine.types import EngineError, EngineUnavailableError, Request
from tests.support.llama import PatchedLibrary, chat, complete, llama_engine

GPU = {"llama_supports_gpu_offload": lambda: True}


def refusal(path: Path, **settings: Any) -> str:
    """Return the message that loading ends with, twice the same."""
    with llama_engine(path, **settings) as engine:
        messages = set()
        for _ in range(2):
            with pytest.raises(EngineUnavailableError) as caught:
                engine.load(CancelToken())
            messages.add(str(caught.value))
    (message,) = messages
    return message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert str(tmp_path / "none.gguf") in refusal(tmp_path / "none.gguf")


def test_a_folder_is_no_model(tmp_path: Path) -> None:
    assert str(tmp_path) in refusal(tmp_path)


@pytest.mark.parametrize("content", [b"", b"GG", b"PK\x03\x04" * 100, b"GGUF" + b"\xff" * 200])
def test_a_foreign_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    assert str(path) in refusal(path)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.99])
def test_a_truncated_file_is_refused(tmp_path: Path, plain_model: Path, share: float) -> None:
    path = tmp_path / "model.gguf"
    data = plain_model.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert "truncated" in refusal(path)


def test_an_unknown_architecture_is_refused_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    make_tiny_gguf(path, arch="no-such-arch")
    assert "unknown model architecture: 'no-such-arch'" in refusal(path)


def test_a_model_larger_than_the_memory_is_refused(
    plain_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "total_memory", lambda: 1000)
    message = refusal(plain_model)
    assert "plain.gguf needs" in message
    assert "choose a smaller model" in message


def test_the_memory_of_gpus_counts(plain_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "total_memory", lambda: 1000)
    monkeypatch.setattr(room, "accelerator_memory", lambda _lib: 1 << 30)
    with llama_engine(plain_model, n_ctx=512) as engine:
        assert engine.load(CancelToken()).loaded
    assert "plain.gguf needs" in refusal(plain_model, n_gpu_layers=0)


def test_unknown_memory_refuses_nothing(plain_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "total_memory", lambda: None)
    with llama_engine(plain_model, n_ctx=512) as engine:
        assert engine.load(CancelToken()).n_ctx == 512


def test_a_context_is_lowered_to_the_model_s_own(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    make_tiny_gguf(path, n_ctx=1024)
    with llama_engine(path, n_ctx=100_000) as engine:
        assert engine.load(CancelToken()).n_ctx == 1024


def test_a_context_that_memory_can_not_hold_is_halved(
    plain_model: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    size = plain_model.stat().st_size
    # 2 layers, 2 heads of 16, keys and values of 2 bytes: 256 bytes a token.
    monkeypatch.setattr(room, "total_memory", lambda: size + 256 * 5000)
    with llama_engine(plain_model, n_ctx=16384) as engine:
        assert engine.load(CancelToken()).n_ctx == 4096
    assert "no memory for a context of 16384 tokens; it gets 4096" in caplog.text


def test_a_cache_type_that_the_model_can_not_have_is_no_lack_of_memory(plain_model: Path) -> None:
    message = refusal(plain_model, type_k="q4_0")
    assert "plain.gguf can't work with a context of 16384 tokens" in message
    assert "K cache type q4_0" in message


def test_a_chat_template_that_is_broken_is_refused(plain_model: Path) -> None:
    assert "chat template is broken" in refusal(plain_model, chat_template="{% if %}")


def test_a_load_is_cancelled_by_its_progress(plain_model: Path) -> None:
    cancel = CancelToken()
    model: Callable[[], object] = lambda: room.LoadedModel(  # noqa: E731
        library(), read_gguf_header(plain_model), LlamaSettings(), cancel, shares.append
    )
    shares: list[float] = []
    loaded = model()
    assert isinstance(loaded, room.LoadedModel)
    loaded.free()
    loaded.free()
    assert shares
    cancel.cancel()
    with pytest.raises(Cancelled):
        model()


def test_a_model_that_can_not_write_says_so(tmp_path: Path) -> None:
    path = tmp_path / "diffusion.gguf"
    make_tiny_gguf(path, arch="llada")
    with (
        llama_engine(path, n_ctx=512) as engine,
        pytest.raises(EngineError, match=r"diffusion\.gguf can't write text"),
    ):
        complete(engine, Request(chat("hello")))


def failing(lib: Any, *, loads: int = 0, contexts: int = 0) -> PatchedLibrary:
    """Return a GPU build's library whose first loads and contexts fail."""
    left = {"load": loads, "context": contexts}

    def load(path: bytes, params: Any) -> Any:
        left["load"] -= 1
        return None if left["load"] >= 0 else lib.llama_model_load_from_file(path, params)

    def context(model: Any, params: Any) -> Any:
        left["context"] -= 1
        if left["context"] < 0:
            return lib.llama_init_from_model(model, params)
        load_log.lines = ["failed to allocate buffer"]
        return None

    return PatchedLibrary(
        lib, **GPU, llama_model_load_from_file=load, llama_init_from_model=context
    )


@pytest.mark.parametrize(
    ("loads", "contexts", "layers", "n_ctx"),
    [(0, 0, 3, 4096), (1, 0, 2, 4096), (0, 2, 1, 4096), (2, 1, 0, 4096), (0, 4, 0, 2048)],
)
def test_fewer_layers_go_to_the_gpu_before_the_context_shrinks(
    plain_model: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    loads: int,
    contexts: int,
    layers: int,
    n_ctx: int,
) -> None:
    # Of 2 layers and the output: all, then 2, then 1, then none.
    lib = failing(library(), loads=loads, contexts=contexts)
    monkeypatch.setattr(runtime, "library", lambda: lib)
    monkeypatch.setattr(runtime, "build_name", lambda _lib: "CUDA")
    with llama_engine(plain_model, n_ctx=4096) as engine:
        info = engine.load(CancelToken())
    assert (info.detail["n_gpu_layers"], info.n_ctx) == (layers, n_ctx)
    assert caplog.text.count("trying fewer") == min(loads + contexts, 3)


def test_when_nothing_helps_the_reason_is_given(
    plain_model: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    lib = failing(library(), contexts=100)
    monkeypatch.setattr(runtime, "library", lambda: lib)
    caplog.set_level(logging.CRITICAL)
    assert refusal(plain_model, n_ctx=4096).endswith(
        "can't work with a context of 2048 tokens: failed to allocate buffer"
    )


@pytest.mark.parametrize(
    ("asked", "attempts"), [(-1, [-1, 2, 1, 0]), (2, [2, 1, 0]), (1, [1, 0]), (99, [99, 2, 1, 0])]
)
def test_layer_attempts_end_on_the_cpu(plain_model: Path, asked: int, attempts: list[int]) -> None:
    header = read_gguf_header(plain_model)
    assert list(layer_attempts(PatchedLibrary(None, **GPU), header, asked)) == attempts
    assert list(layer_attempts(library(), header, asked)) == [0]
    assert list(layer_attempts(PatchedLibrary(None, **GPU), header, 0)) == [0]


def test_gpu_settings_are_passed_through(
    plain_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, Any] = {}
    real = library()

    def load(path: bytes, params: Any) -> Any:
        shares = [params.tensor_split[index] for index in range(2)]
        seen.update(layers=params.n_gpu_layers, gpu=params.main_gpu, shares=shares)
        return real.llama_model_load_from_file(path, params)

    def context(model: Any, params: Any) -> Any:
        seen.update(flash=params.flash_attn_type, ubatch=params.n_ubatch, k=params.type_k)
        return real.llama_init_from_model(model, params)

    lib = PatchedLibrary(
        real, **GPU, llama_model_load_from_file=load, llama_init_from_model=context
    )
    monkeypatch.setattr(runtime, "library", lambda: lib)
    settings = {"n_gpu_layers": 2, "main_gpu": 1, "tensor_split": [1.0, 3.0]}
    with llama_engine(plain_model, flash_attn="on", type_k="bf16", **settings) as engine:
        engine.load(CancelToken())
    assert seen == {
        "layers": 2,
        "gpu": 1,
        "shares": [1.0, 3.0],
        "flash": 1,
        "ubatch": 512,
        "k": 30,
    }


@pytest.mark.parametrize(("asked", "given"), [(None, 1), (2, 2)])
def test_a_tiny_model_gets_one_thread_unless_told_otherwise(
    plain_model: Path, asked: int | None, given: int
) -> None:
    with llama_engine(plain_model, n_ctx=512, n_threads=asked) as engine:
        assert engine.load(CancelToken()).detail["n_threads"] == given


@pytest.mark.parametrize(
    ("n_params", "threads"),
    [
        (400_000, (1, 1)),
        (7_000_000, (1, physical_cores())),
        (500_000_000, (physical_cores(), physical_cores())),
    ],
)
def test_a_larger_model_gets_the_physical_cores(n_params: int, threads: tuple[int, int]) -> None:
    assert default_threads(n_params) == threads


def header_with(**metadata: float) -> GgufHeader:
    keys = {f"test.{key.replace('__', '.')}": value for key, value in metadata.items()}
    return GgufHeader(Path("m"), "test", "m", 0, 0, 0, "", False, False, keys)


@pytest.mark.parametrize(
    ("metadata", "size"),
    [
        # 24 layers, 2 of 14 heads kept, 64 wide, keys and values: the 12 KiB of a 0.5 B model.
        (
            {
                "block_count": 24,
                "embedding_length": 896,
                "attention__head_count": 14,
                "attention__head_count_kv": 2,
            },
            12288,
        ),
        # Every fourth layer of a hybrid model attends.
        (
            {
                "block_count": 8,
                "full_attention_interval": 4,
                "attention__head_count": 4,
                "attention__key_length": 16,
                "attention__value_length": 16,
            },
            2 * 4 * 32 * 2,
        ),
        # Latent attention.
        (
            {"block_count": 2, "attention__kv_lora_rank": 512, "rope__dimension_count": 64},
            2 * 576 * 2,
        ),
        ({}, 0),
    ],
)
def test_the_memory_of_a_token_is_estimated(metadata: dict[str, float], size: float) -> None:
    assert cache_bytes_per_token(header_with(**metadata), "f16", "f16") == size


@pytest.mark.parametrize(
    ("n_ctx", "per_token", "room_bytes", "fits"),
    [
        (16384, 1.0, 16384, 16384),
        (16384, 1.0, 5000, 4096),
        (16384, 1.0, -5, 2048),
        (512, 9, 0, 512),
    ],
)
def test_a_context_is_halved_until_it_fits(
    n_ctx: int, per_token: float, room_bytes: float, fits: int
) -> None:
    assert fitting_context(n_ctx, 2048, per_token, room_bytes) == fits
