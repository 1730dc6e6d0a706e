"""A maker of tiny hybrid models (Gated DeltaNet and attention layers, as in Qwen 3.5).

Their memory can't be rolled back to any position, so prefix reuse and cancelling go other ways.
"""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np

from lsp_agent.engine.llama.tiny import CHAT_TEMPLATE, CONTROL, byte_symbols

_ARCH = "qwen35"
_MERGES = ("Ġ Ġ", "ĠĠ ĠĠ", "t h", "th e", "Ġ the", "i n", "e r", "r e", "o n")
_EMBD, _HEAD, _HEAD_KV, _HEAD_DIM, _FF = 64, 4, 2, 16, 128
_STATE, _GROUPS, _RANK, _CONV = 16, 2, 4, 4
_ATTENTION_EVERY = 4


def make_hybrid_gguf(path: Path, *, seed: int = 0, n_layer: int = 4, n_ctx: int = 32768) -> None:
    """Write a model of about 0.8 MB with random weights."""
    writer = gguf.GGUFWriter(path, _ARCH)
    writer.add_name("tiny-hybrid")
    writer.add_context_length(n_ctx)
    writer.add_embedding_length(_EMBD)
    writer.add_block_count(n_layer)
    writer.add_feed_forward_length(_FF)
    writer.add_head_count(_HEAD)
    writer.add_head_count_kv(_HEAD_KV)
    writer.add_key_length(_HEAD_DIM)
    writer.add_value_length(_HEAD_DIM)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1e6)
    writer.add_rope_dimension_count(_HEAD_DIM)
    sections = [_HEAD_DIM // 4, _HEAD_DIM // 8, _HEAD_DIM // 8, 0]
    writer.add_array(f"{_ARCH}.rope.dimension_sections", sections)
    for key, value in {
        "ssm.conv_kernel": _CONV,
        "ssm.inner_size": _STATE * _RANK,
        "ssm.state_size": _STATE,
        "ssm.time_step_rank": _RANK,
        "ssm.group_count": _GROUPS,
        "full_attention_interval": _ATTENTION_EVERY,
    }.items():
        writer.add_uint32(f"{_ARCH}.{key}", value)
    n_vocab = _add_tokenizer(writer)
    _add_tensors(writer, np.random.default_rng(seed), n_vocab, n_layer)
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
    writer: gguf.GGUFWriter, rng: np.random.Generator, n_vocab: int, n_layer: int
) -> None:
    def random(name: str, *shape: int, scale: float | None = None) -> None:
        spread = scale if scale is not None else shape[-1] ** -0.5
        writer.add_tensor(name, (rng.standard_normal(shape) * spread).astype(np.float32))

    def constant(name: str, size: int, value: float = 1.0) -> None:
        writer.add_tensor(name, np.full(size, value, np.float32))

    random("token_embd.weight", n_vocab, _EMBD, scale=1.0)
    constant("output_norm.weight", _EMBD)
    random("output.weight", n_vocab, _EMBD, scale=0.25)
    keys, values = _STATE * _GROUPS, _STATE * _RANK
    for layer in range(n_layer):
        block = f"blk.{layer}."
        constant(block + "attn_norm.weight", _EMBD)
        constant(block + "post_attention_norm.weight", _EMBD)
        if (layer + 1) % _ATTENTION_EVERY == 0:
            random(block + "attn_q.weight", _HEAD_DIM * _HEAD * 2, _EMBD)
            random(block + "attn_k.weight", _HEAD_DIM * _HEAD_KV, _EMBD)
            random(block + "attn_v.weight", _HEAD_DIM * _HEAD_KV, _EMBD)
            random(block + "attn_output.weight", _EMBD, _HEAD_DIM * _HEAD)
            constant(block + "attn_q_norm.weight", _HEAD_DIM)
            constant(block + "attn_k_norm.weight", _HEAD_DIM)
        else:
            random(block + "attn_qkv.weight", 2 * keys + values, _EMBD)
            random(block + "attn_gate.weight", values, _EMBD)
            random(block + "ssm_conv1d.weight", 2 * keys + values, _CONV)
            constant(block + "ssm_dt.bias", _RANK, 0.0)
            constant(block + "ssm_a", _RANK, -1.0)
            random(block + "ssm_beta.weight", _RANK, _EMBD)
            random(block + "ssm_alpha.weight", _RANK, _EMBD)
            constant(block + "ssm_norm.weight", _STATE)
            random(block + "ssm_out.weight", _EMBD, values)
        random(block + "ffn_gate.weight", _FF, _EMBD)
        random(block + "ffn_up.weight", _FF, _EMBD)
        random(block + "ffn_down.weight", _EMBD, _FF)
