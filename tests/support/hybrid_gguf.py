"""A maker of tiny hybrid models (Gated DeltaNet and attention layers, as in Qwen 3.5).

Their memory can't be rolled back to any position, so prefix reuse and cancelling go other ways.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np

from lsp_agent.engine.llama.tiny import CHAT_TEMPLATE, CONTROL, byte_symbols

_ARCH = "qwen35"
_MERGES = ("Ġ Ġ", "ĠĠ ĠĠ", "t h", "th e", "Ġ the", "i n", "e r", "r e", "o n")
_CONV = 4
_ATTENTION_EVERY = 4


@dataclass(frozen=True, slots=True)
class HybridShape:
    """Widths of the layers; ``state``, ``groups`` and ``rank`` are the recurrent ones'."""

    embd: int = 64
    head: int = 4
    head_kv: int = 2
    head_dim: int = 16
    ff: int = 128
    state: int = 16
    groups: int = 2
    rank: int = 4


_TINY = HybridShape()


def make_hybrid_gguf(
    path: Path,
    *,
    seed: int = 0,
    n_layer: int = 4,
    n_ctx: int = 32768,
    shape: HybridShape = _TINY,
) -> None:
    """Write a model with random weights, of about 0.8 MB where no other shape is asked for."""
    writer = gguf.GGUFWriter(path, _ARCH)
    writer.add_name("tiny-hybrid")
    writer.add_context_length(n_ctx)
    writer.add_embedding_length(shape.embd)
    writer.add_block_count(n_layer)
    writer.add_feed_forward_length(shape.ff)
    writer.add_head_count(shape.head)
    writer.add_head_count_kv(shape.head_kv)
    writer.add_key_length(shape.head_dim)
    writer.add_value_length(shape.head_dim)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1e6)
    writer.add_rope_dimension_count(shape.head_dim)
    sections = [shape.head_dim // 4, shape.head_dim // 8, shape.head_dim // 8, 0]
    writer.add_array(f"{_ARCH}.rope.dimension_sections", sections)
    for key, value in {
        "ssm.conv_kernel": _CONV,
        "ssm.inner_size": shape.state * shape.rank,
        "ssm.state_size": shape.state,
        "ssm.time_step_rank": shape.rank,
        "ssm.group_count": shape.groups,
        "full_attention_interval": _ATTENTION_EVERY,
    }.items():
        writer.add_uint32(f"{_ARCH}.{key}", value)
    n_vocab = _add_tokenizer(writer)
    _add_tensors(writer, np.random.default_rng(seed), n_vocab, n_layer, shape)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_tokenizer(writer: gguf.GGUFWriter) -> int:
    tokens = byte_symbols() + [merge.replace(" ", "") for merge in _MERGES]
    types = [gguf.TokenType.NORMAL] * len(tokens) + [gguf.TokenType.CONTROL] * len(CONTROL)
    tokens += CONTROL
    while len(tokens) % 32:
        tokens.append(f"<|unused{len(tokens)}|>")
        types.append(gguf.TokenType.UNUSED)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(_ARCH)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(list(_MERGES))
    writer.add_bos_token_id(tokens.index("<|endoftext|>"))
    writer.add_eos_token_id(tokens.index("<|im_end|>"))
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)
    return len(tokens)


def _add_tensors(
    writer: gguf.GGUFWriter,
    rng: np.random.Generator,
    n_vocab: int,
    n_layer: int,
    shape: HybridShape,
) -> None:
    def random(name: str, *size: int, scale: float | None = None) -> None:
        spread = scale if scale is not None else size[-1] ** -0.5
        writer.add_tensor(name, (rng.standard_normal(size) * spread).astype(np.float32))

    def constant(name: str, size: int, value: float = 1.0) -> None:
        writer.add_tensor(name, np.full(size, value, np.float32))

    random("token_embd.weight", n_vocab, shape.embd, scale=1.0)
    constant("output_norm.weight", shape.embd)
    random("output.weight", n_vocab, shape.embd, scale=0.25)
    keys, values = shape.state * shape.groups, shape.state * shape.rank
    for layer in range(n_layer):
        block = f"blk.{layer}."
        constant(block + "attn_norm.weight", shape.embd)
        constant(block + "post_attention_norm.weight", shape.embd)
        if (layer + 1) % _ATTENTION_EVERY == 0:
            random(block + "attn_q.weight", shape.head_dim * shape.head * 2, shape.embd)
            random(block + "attn_k.weight", shape.head_dim * shape.head_kv, shape.embd)
            random(block + "attn_v.weight", shape.head_dim * shape.head_kv, shape.embd)
            random(block + "attn_output.weight", shape.embd, shape.head_dim * shape.head)
            constant(block + "attn_q_norm.weight", shape.head_dim)
            constant(block + "attn_k_norm.weight", shape.head_dim)
        else:
            random(block + "attn_qkv.weight", 2 * keys + values, shape.embd)
            random(block + "attn_gate.weight", values, shape.embd)
            random(block + "ssm_conv1d.weight", 2 * keys + values, _CONV)
            constant(block + "ssm_dt.bias", shape.rank, 0.0)
            constant(block + "ssm_a", shape.rank, -1.0)
            random(block + "ssm_beta.weight", shape.rank, shape.embd)
            random(block + "ssm_alpha.weight", shape.rank, shape.embd)
            constant(block + "ssm_norm.weight", shape.state)
            random(block + "ssm_out.weight", shape.embd, values)
        random(block + "ffn_gate.weight", shape.ff, shape.embd)
        random(block + "ffn_up.weight", shape.ff, shape.embd)
        random(block + "ffn_down.weight", shape.embd, shape.ff)
