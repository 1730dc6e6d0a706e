"""What goes to the GPUs: arithmetic on numbers, and the real library with GPUs made up."""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import pytest

from lsp_agent.cancel import CancelToken
from lsp_agent.config.model import LlamaSettings
from lsp_agent.engine import gguf_file
from lsp_agent.engine.gguf_file import read_gguf_header
from lsp_agent.engine.llama import library as door
from lsp_agent.engine.llama import model as loading
from lsp_agent.engine.llama.library import library
from lsp_agent.engine.llama.model import LoadedModel, check_model, layer_attempts
from lsp_agent.engine.llama.offload import (
    Device,
    Need,
    fitting_experts,
    fitting_layers,
    need_of,
    room,
)
from lsp_agent.engine.types import EngineUnavailableError
from tests.support.llama import PatchedLibrary
from tests.support.moe_gguf import make_moe_gguf

GIB = 2**30
GPU = {"llama_supports_gpu_offload": lambda: True}
DENSE = Need((10,) * 8, (0,) * 8, 5)
# A mixture: 8 layers of which nine tenths are experts.
MOE = Need((10,) * 8, (90,) * 8, 5)


def gpu(free: float, total: float = 80) -> Device:
    return Device("CUDA0", "a GPU", round(free * GIB), round(total * GIB))


@pytest.fixture
def moe_model(tmp_path: Path) -> Path:
    path = tmp_path / "moe.gguf"
    make_moe_gguf(path)
    return path


@pytest.mark.parametrize(
    ("bytes_free", "asked", "layers"),
    [(85, -1, 9), (84, -1, 8), (1000, 3, 3), (24, 5, 2), (5, -1, 1), (4, -1, 0), (1000, 99, 9)],
)
def test_as_many_layers_as_fit(bytes_free: int, asked: int, layers: int) -> None:
    # The output counts as one layer and goes first.
    assert fitting_layers(DENSE, bytes_free, asked, "auto") == layers


@pytest.mark.parametrize(
    ("bytes_free", "n_cpu_moe", "layers"),
    [(85, "auto", 9), (80, "auto", 8), (85, 8, 9), (85, 0, 1), (800, 0, 8), (805, 0, 9)],
)
def test_experts_leave_before_layers_do(bytes_free: int, n_cpu_moe: Any, layers: int) -> None:
    assert fitting_layers(MOE, bytes_free, -1, n_cpu_moe) == layers


@pytest.mark.parametrize(
    ("bytes_free", "layers", "on_cpu"),
    [(805, 9, 0), (804, 9, 1), (175, 9, 7), (174, 9, 8), (85, 9, 8), (0, 9, 8), (205, 3, 0)],
)
def test_as_few_experts_leave_as_needed(bytes_free: int, layers: int, on_cpu: int) -> None:
    assert fitting_experts(MOE, bytes_free, layers) == on_cpu
    assert fitting_experts(DENSE, bytes_free, layers) == 0


@pytest.mark.parametrize(
    ("settings", "free", "gib"),
    [
        ({}, [25], 24),
        ({}, [25, 9], 32),
        ({}, [0.5], 0),
        ({}, [], 0),
        ({"split_mode": "none"}, [25, 9], 24),
        ({"split_mode": "none", "main_gpu": 1}, [25, 9], 8),
        ({"split_mode": "none", "main_gpu": 7}, [25, 9], 8),
        # Three parts of four go to the larger one: it is full at 24, when the other has 8.
        ({"tensor_split": [3.0, 1.0]}, [25, 9], 32),
        ({"tensor_split": [1.0, 1.0]}, [25, 9], 16),
        ({"tensor_split": [1.0, 0.0]}, [25, 9], 24),
        ({"tensor_split": [0.0, 0.0]}, [25, 9], 32),
    ],
)
def test_the_room_on_several_gpus(settings: dict[str, Any], free: list[float], gib: float) -> None:
    assert room([gpu(one) for one in free], LlamaSettings(**settings)) == gib * GIB


def test_a_file_tells_what_its_layers_need(plain_model: Path, moe_model: Path) -> None:
    header = read_gguf_header(plain_model)
    # 4 square and 3 long matrices and two norms, 4 bytes each; keys and values are half as wide.
    layer = 4 * (2 * 64 * 64 + 2 * 32 * 64 + 3 * 64 * 128 + 2 * 64)
    assert header.tensors.layers == (layer, layer)
    assert header.tensors.experts == (0, 0)
    assert header.tensors.output == 4 * (288 * 64 + 64)
    need = need_of(header, LlamaSettings(n_ctx=1024))
    assert need is not None
    # 256 bytes of keys and values a token in all.
    assert need.layers == (layer + 1024 * 128,) * 2
    experts = read_gguf_header(moe_model).tensors.experts
    assert experts == (4 * 8 * 3 * 32 * 64,) * 4


def test_an_embedding_that_is_the_output_counts_as_one(tmp_path: Path) -> None:
    sizes = {"token_embd.weight": 100, "output_norm.weight": 4, "blk.0.attn_q.weight": 7}
    assert gguf_file._grouped(sizes) == gguf_file.TensorBytes((7,), (0,), 104)


def test_block_sizes_are_those_of_ggml() -> None:
    for kind, (size, count) in gguf_file._BLOCKS.items():
        if kind not in (9, 15):
            assert gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType(kind)] == (count, size)


def test_attempts_start_with_what_fits(plain_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    header, settings = read_gguf_header(plain_model), LlamaSettings(n_ctx=1024)
    need = need_of(header, settings)
    assert need is not None
    lib = PatchedLibrary(library(), **GPU)

    def attempts(free: int) -> list[int]:
        device = Device("CUDA0", "", GIB + free, GIB + free)
        monkeypatch.setattr(loading, "devices", lambda _lib: [device])
        return list(layer_attempts(lib, header, -1, settings))

    assert attempts(need.size(3, 0)) == [-1, 2, 1, 0]
    assert attempts(need.size(3, 0) - 1) == [2, 1, 0]
    assert attempts(need.size(1, 0)) == [1, 0]
    assert attempts(0) == [0]


def loaded(lib: Any, path: Path, **settings: Any) -> dict[str, Any]:
    """Load a model with layers on a made-up GPU, and say what was placed where."""
    chosen = LlamaSettings(n_ctx=512, n_threads=1, **settings)
    model = LoadedModel(
        lib, read_gguf_header(path), chosen, CancelToken(), lambda _: None, n_gpu_layers=-1
    )
    try:
        return model.placement("CUDA")
    finally:
        model.free()


def test_experts_stay_on_the_cpu(
    moe_model: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "lsp_agent.llama_cpp")
    lib = PatchedLibrary(library(), **GPU)
    device = Device("CUDA0", "a GPU", GIB, 2 * GIB)
    monkeypatch.setattr(loading, "devices", lambda _lib: [device])
    assert loaded(lib, moe_model, n_cpu_moe=2) == {
        "build": "CUDA",
        "devices": [
            {"name": "CUDA0", "description": "a GPU", "free": GIB, "total": 2 * GIB},
        ],
        "n_layers": 4,
        "n_gpu_layers": 5,
        "n_cpu_moe": 2,
    }
    moved = {line for line in caplog.text.splitlines() if "overridden to CPU" in line}
    assert any("blk.1.ffn_up_exps.weight" in line for line in moved)
    assert not any("blk.2." in line or "attn" in line for line in moved)
    # Nothing is free beyond the reserve: all experts go.
    assert loaded(lib, moe_model)["n_cpu_moe"] == 4
    device = Device("CUDA0", "a GPU", 2 * GIB, 2 * GIB)
    assert loaded(lib, moe_model)["n_cpu_moe"] == 0


def test_how_gpus_share_is_passed_on(plain_model: Path) -> None:
    seen: list[int] = []
    real = library()

    def load(path: bytes, params: Any) -> Any:
        seen.append(params.split_mode)
        return real.llama_model_load_from_file(path, params)

    for mode in ("none", "layer", "row"):
        loaded(PatchedLibrary(real, llama_model_load_from_file=load), plain_model, split_mode=mode)
    assert seen == [0, 1, 2]


def test_quantised_values_without_flash_attention_are_refused(plain_model: Path) -> None:
    settings = LlamaSettings(type_v="q8_0", flash_attn="off")
    with pytest.raises(EngineUnavailableError, match="set flash_attn = 'auto', or type_v = 'f16'"):
        check_model(library(), plain_model, settings)


class FakeGgml:
    """Answers as ggml does on a machine with these devices."""

    def __init__(self, *devices: tuple[bytes, int, int]) -> None:
        def memory(index: int, free: Any, total: Any) -> None:
            free._obj.value, total._obj.value = devices[index][2] // 2, devices[index][2]

        answers: dict[str, Callable[..., Any]] = {
            "dev_count": lambda: len(devices),
            "dev_get": lambda index: index,
            "dev_name": lambda index: devices[index][0],
            "dev_description": lambda index: b"device " + devices[index][0],
            "dev_type": lambda index: devices[index][1],
            "dev_memory": memory,
        }
        for name, answer in answers.items():
            setattr(self, f"ggml_backend_{name}", answer)


@pytest.mark.parametrize(
    ("found", "names", "build"),
    [
        ([(b"CUDA0", 1, 8), (b"CUDA1", 1, 16), (b"CPU", 0, 99)], ["CUDA0", "CUDA1"], "CUDA"),
        ([(b"Vulkan0", 2, 8), (b"CUDA0", 1, 16), (b"CPU", 0, 9)], ["CUDA0"], "CUDA"),
        ([(b"Metal", 2, 8), (b"BLAS", 3, 0), (b"CPU", 0, 9)], ["Metal"], "Metal"),
        ([(b"CPU", 0, 9)], [], "GPU build, no GPU found"),
    ],
)
def test_devices_are_those_that_llama_cpp_uses(
    monkeypatch: pytest.MonkeyPatch,
    found: list[tuple[bytes, int, int]],
    names: list[str],
    build: str,
) -> None:
    from llama_cpp import _ggml

    monkeypatch.setattr(_ggml, "libggml", FakeGgml(*found))
    lib = PatchedLibrary(None, **GPU)
    devices = door.devices(lib)
    assert [device.name for device in devices] == names
    assert all(device.free * 2 == device.total for device in devices)
    assert door.build_name(lib) == build
    assert door.accelerator_memory(lib) == sum(device.total for device in devices)
    cpu = PatchedLibrary(None, llama_supports_gpu_offload=lambda: False)
    assert door.devices(cpu) == []


def test_the_real_cpu_is_no_gpu() -> None:
    assert [device.name for _, device in door._devices()][-1] == "CPU"
    assert ctypes.c_void_p(door.cpu_buffer_type()).value


def test_a_part_of_a_split_model_tells_nothing_of_layers(tmp_path: Path, plain_model: Path) -> None:
    path = tmp_path / "m-00001-of-00002.gguf"
    reader, writer = gguf.GGUFReader(plain_model), gguf.GGUFWriter(path, "llama")
    writer.add_uint16("split.count", 2)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, tensor.data)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    assert need_of(read_gguf_header(path), LlamaSettings()) is None
