"""How much of a model fits on the GPUs: pure arithmetic on what header and devices say.

llama.cpp puts the last layers on the GPUs, the output first of all; the input embedding stays on
the CPU. In a mixture of experts nearly all weights are experts, of which a token uses a few: left
on the CPU they cost the least speed, and attention and its memory get the GPU.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from lsp_agent.config.model import LlamaSettings
from lsp_agent.engine.gguf_file import GgufHeader
from lsp_agent.engine.llama.budget import cache_bytes_per_token

# What llama.cpp's own fitting leaves free on each GPU, for its compute buffers and the driver's.
_RESERVE = 2**30


@dataclass(frozen=True, slots=True)
class Device:
    """A GPU, with its memory in bytes; ``name`` is ggml's, as in ``CUDA0``."""

    name: str
    description: str
    free: int
    total: int


@dataclass(frozen=True, slots=True)
class Need:
    """What a model needs on GPUs, in bytes: each layer with its cache, experts apart, the output.

    ``layers`` does not contain ``experts``.
    """

    layers: tuple[int, ...]
    experts: tuple[int, ...]
    output: int

    @property
    def most(self) -> int:
        """How many layers llama.cpp counts: the output is one more."""
        return len(self.layers) + 1

    def size(self, n_gpu_layers: int, n_cpu_moe: int) -> int:
        """Return the bytes of the last layers, where the first ones leave experts on the CPU."""
        if n_gpu_layers <= 0:
            return 0
        first = max(self.most - n_gpu_layers, 0)
        kept = sum(self.experts[max(first, n_cpu_moe) :])
        return self.output + sum(self.layers[first:]) + kept


@dataclass(frozen=True, slots=True)
class Plan:
    """What should run where: layers on the GPUs, the output as one more, and experts off them."""

    n_layers: int
    n_gpu_layers: int
    n_cpu_moe: int


def plan(header: GgufHeader, settings: LlamaSettings, devices: Sequence[Device]) -> Plan | None:
    """Return what should fit; ``None`` where the file does not tell what it needs."""
    need = need_of(header, settings)
    if need is None:
        return None
    space = room(devices, settings)
    layers = fitting_layers(need, space, settings.n_gpu_layers, settings.n_cpu_moe)
    experts = settings.n_cpu_moe
    if experts == "auto":
        experts = fitting_experts(need, space, layers) if layers else 0
    return Plan(len(need.layers), layers, experts if layers else 0)


def need_of(header: GgufHeader, settings: LlamaSettings) -> Need | None:
    """Return what a model needs; ``None`` where its file does not tell."""
    weights = header.tensors
    if not weights.layers:
        return None
    n_ctx = min(settings.n_ctx, header.context_length or settings.n_ctx)
    per_token = cache_bytes_per_token(header, settings.type_k, settings.type_v)
    cache = round(n_ctx * per_token / len(weights.layers))
    return Need(
        tuple(
            layer - experts + cache
            for layer, experts in zip(weights.layers, weights.experts, strict=True)
        ),
        weights.experts,
        weights.output,
    )


def room(devices: Sequence[Device], settings: LlamaSettings) -> int:
    """Return the bytes that a model may take on these GPUs, as the settings split it."""
    rooms = [max(device.free - _RESERVE, 0) for device in devices]
    if not rooms:
        return 0
    if settings.split_mode == "none":
        return rooms[min(settings.main_gpu, len(rooms) - 1)]
    shares = (settings.tensor_split or [])[: len(rooms)]
    if total := sum(shares):
        # The GPU that is full first sets the limit.
        limits = [size * total / share for size, share in zip(rooms, shares, strict=False) if share]
        return int(min(limits))
    return sum(rooms)


def fitting_layers(need: Need, room: int, asked: int, n_cpu_moe: int | Literal["auto"]) -> int:
    """Return how many layers fit, of those asked for (below 0: all)."""
    experts = len(need.layers) if n_cpu_moe == "auto" else n_cpu_moe
    most = need.most if asked < 0 else min(asked, need.most)
    return next((n for n in range(most, 0, -1) if need.size(n, experts) <= room), 0)


def fitting_experts(need: Need, room: int, n_gpu_layers: int) -> int:
    """Return how few layers must leave their experts on the CPU, so that the rest fits."""
    if not any(need.experts):
        return 0
    return next(
        (n for n in range(len(need.layers)) if need.size(n_gpu_layers, n) <= room),
        len(need.layers),
    )
