"""A maker of small LoRA adapters for the models of ``make_tiny_gguf``."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np


def make_lora_gguf(
    path: Path,
    *,
    arch: str = "llama",
    kind: str = "adapter",
    tensor: str = "blk.1.ffn_down.weight",
    n_in: int = 128,
    n_out: int = 64,
    rank: int = 4,
) -> None:
    """Write an adapter for one matrix, strong enough to change what the model says."""
    rng = np.random.default_rng(7)
    writer = gguf.GGUFWriter(path, arch)
    writer.add_string("general.type", kind)
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(rank))
    writer.add_tensor(f"{tensor}.lora_a", rng.standard_normal((rank, n_in)).astype(np.float32))
    writer.add_tensor(f"{tensor}.lora_b", rng.standard_normal((n_out, rank)).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
