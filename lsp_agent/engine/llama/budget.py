"""What a model needs in memory, estimated from its header before anything is allocated.

The kernel hands out more memory than there is and kills the process when it is touched, so a
failed allocation is not a signal that can be waited for.
"""

from __future__ import annotations

from typing import Any

from lsp_agent.engine.gguf_file import GgufHeader

# Bytes of one element, by cache type; block formats carry a scale for each 32.
_ELEMENT_BYTES = {
    "f32": 4.0, "f16": 2.0, "bf16": 2.0, "q8_0": 34 / 32, "q5_1": 24 / 32, "q5_0": 22 / 32,
    "q4_1": 20 / 32, "q4_0": 18 / 32,
}  # fmt: skip


def cache_bytes_per_token(header: GgufHeader, type_k: str, type_v: str) -> float:
    """Estimate the key-value memory of one token; 0 where the header does not tell.

    Per-layer differences (arrays in the header) are not looked at: the estimate is for refusing
    what can't fit by far.
    """

    def number(key: str) -> int:
        value: Any = header.metadata.get(f"{header.arch}.{key}")
        return int(value) if isinstance(value, int | float) else 0

    layers = number("block_count") // max(number("full_attention_interval"), 1)
    if rank := number("attention.kv_lora_rank"):
        # Latent attention keeps one compressed vector for keys and values.
        return layers * (rank + number("rope.dimension_count")) * _ELEMENT_BYTES[type_k]
    heads = number("attention.head_count")
    size = number("embedding_length") // heads if heads else 0
    kept = number("attention.head_count_kv") or heads
    key = (number("attention.key_length") or size) * _ELEMENT_BYTES[type_k]
    value = (number("attention.value_length") or size) * _ELEMENT_BYTES[type_v]
    return layers * kept * (key + value)


def fitting_context(n_ctx: int, smallest: int, per_token: float, room: float) -> int:
    """Halve a context's size until it fits into ``room`` bytes, but not below ``smallest``."""
    while n_ctx > smallest and n_ctx * per_token > room:
        n_ctx = max(n_ctx // 2, smallest)
    return n_ctx
